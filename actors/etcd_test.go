package actors_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

const html = "<html><body>welcome to nginx</body></html>"

// TestEtcdThatDoesNotAnswer: for ten minutes all that comes is something else, or
// nothing. What was known stays in service, it is told, asking goes on at a bounded
// pace, and the first right answer ends it.
func TestEtcdThatDoesNotAnswer(t *testing.T) {
	for _, row := range []struct {
		name    string
		instead instead
		cut     bool // also the watch that is under way
		reason  string
	}{
		{"a page", page(http.StatusOK, html), true, "is this an etcd"},
		{"a page that says 404", page(http.StatusNotFound, html), true, "is this an etcd"},
		{"an empty object", page(http.StatusOK, `{}`), true, "is this an etcd"},
		{"an answer without a node", page(http.StatusOK, `{"action":"get"}`), true, "is this an etcd"},
		{"an empty page", page(http.StatusOK, ""), true, "empty page"},
		{"a gateway's error", page(http.StatusBadGateway, html), true, "502"},
		{"connections refused", broken(errors.New("connection refused")), true, "connection refused"},
		{"silence", silence, true, "no answer in time"},
		{"an answer that does not end", drip, true, "no answer in time"},
		{"an answer after six seconds", late(6*time.Second, page(http.StatusOK, `{}`)), true, "no answer in time"},
		{
			"no quorum, with a watch that is silent",
			only(false, late(4*time.Second, page(http.StatusInternalServerError, `{"errorCode":300,"message":"Raft Internal Error"}`))),
			false, "no leader or no quorum",
		},
		{"no quorum, later than the call's limit", only(false, late(7*time.Second, silence)), false, "has it a quorum"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				g.ask(t, http.MethodPut, key("d"), url.Values{"value": {""}})
				c := g.follow(t, etcdv2.Config{})
				g.answerBy(row.instead)
				if row.cut {
					g.cut()
				} else { // nothing is written without a quorum
					time.Sleep(2 * time.Minute)
				}
				before := g.count().requests
				time.Sleep(10 * time.Minute)
				c.expect(t, "after ten minutes", "a:50051 b:50051")
				status := c.status()
				if status.Source != "stale" || status.Staleness != "warning" || !strings.Contains(status.Reason, row.reason) {
					t.Errorf("status: got %s, %s, %q, want stale, warning, %q", status.Source, status.Staleness, status.Reason, row.reason)
				}
				if status.Instances != 2 || len(status.Quarantined) != 1 {
					t.Errorf("status: got %d instances and %d bad keys, want 2, and the 1 that was bad before", status.Instances, len(status.Quarantined))
				}
				if n := g.count().requests - before; n < 40 || n > 300 {
					t.Errorf("requests in ten minutes: got %d, want some, and no more than one in two seconds", n)
				}
				g.put(t, "b", 50052)
				g.put(t, "c", 50051)
				g.answerBy(nil)
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				if err := c.runtime.WaitReady(ctx, service, 3); err != nil {
					t.Errorf("WaitReady: got %v, want the next listing to be published", err)
				}
				c.expect(t, "when etcd answers again", "a:50051 b:50052 c:50051")
				c.wellAgain(t, g)
				kinds := c.kinds()
				if kinds[actors.EventSourceFailed] != 1 || kinds[actors.EventSourceRecovered] != 1 || kinds[actors.EventInstanceRemoved] != 0 {
					t.Errorf("events: got %v, want one failure, one recovery and nothing removed", kinds)
				}
				c.stop(t)
			})
		})
	}
}

// wellAgain: the registry answers, the view says so, and no two listings were ever
// under way.
func (c *cell) wellAgain(t *testing.T, g *gate) {
	t.Helper()
	status := c.status()
	if status.Source != "live" || status.Staleness != "fresh" {
		t.Errorf("status: got %s, %s, want live, fresh", status.Source, status.Staleness)
	}
	if r := status.Resume; r == nil || r.Left == 0 {
		t.Errorf("resume window: got %+v, want something left", r)
	}
	if n := g.count().most; n != 1 {
		t.Errorf("listings at one moment: got %d, want 1", n)
	}
}

// TestWatchThatFails: listings are answered all the while, and watches are not. The
// directory is followed by listings, at a bounded pace.
func TestWatchThatFails(t *testing.T) {
	cleared := `{"errorCode":401,"message":"The event in requested index is outdated and cleared","index":41}`
	for _, row := range []struct {
		name     string
		instead  instead
		event    actors.EventKind // what is told again and again
		listings [2]int           // in ten minutes
	}{
		{"an empty object", page(http.StatusOK, `{}`), actors.EventSourceFailed, [2]int{100, 300}},
		{"an empty page", page(http.StatusOK, ""), actors.EventSourceFailed, [2]int{100, 300}},
		{"a page", page(http.StatusOK, html), actors.EventSourceFailed, [2]int{100, 300}},
		{"history that is always lost", page(http.StatusBadRequest, cleared), actors.EventHistoryLost, [2]int{100, 300}},
		{"silence", silence, "", [2]int{8, 13}},
		{"an answer that does not end", drip, "", [2]int{8, 13}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				g.answerBy(only(true, row.instead))
				c := g.follow(t, etcdv2.Config{})
				before := g.count().listings
				time.Sleep(10 * time.Minute)
				if n := g.count().listings - before; n < row.listings[0] || n > row.listings[1] {
					t.Errorf("listings in ten minutes: got %d, want %v", n, row.listings)
				}
				kinds := c.kinds()
				for _, kind := range []actors.EventKind{actors.EventSourceFailed, actors.EventHistoryLost} {
					if (kinds[kind] > 0) != (kind == row.event) {
						t.Errorf("events: got %d %s, want some only where it is %q", kinds[kind], kind, row.event)
					}
				}
				if row.event == actors.EventSourceFailed {
					if status := c.status(); status.Source != "polling" || status.Reason == "" || status.Staleness != "fresh" {
						t.Errorf("status: got %s, %q, %s, want polling, for a reason, fresh", status.Source, status.Reason, status.Staleness)
					}
					if n := [3]int{kinds[actors.EventSourceFailed], kinds[actors.EventSourceRecovered], kinds[actors.EventSourcePolling]}; n != [3]int{1, 1, 1} {
						t.Errorf("events of failing, recovering, polling: got %v, want one each", n)
					}
				}
				g.put(t, "b", 50052)
				time.Sleep(75 * time.Second)
				c.expect(t, "after the next listing", "a:50051 b:50052")
				if kinds := c.kinds(); kinds[actors.EventDiverged] != 0 {
					t.Errorf("events: got %v, want no divergence: the watch had not claimed to be there", kinds)
				}
				g.answerBy(nil)
				time.Sleep(75 * time.Second)
				g.put(t, "b", 50053)
				c.expect(t, "at once, when watches are answered again", "a:50051 b:50053")
				if n := c.kinds()[actors.EventSourceWatched]; (n == 1) != (row.event == actors.EventSourceFailed) {
					t.Errorf("events of watching again: got %d, want one after polling", n)
				}
				c.wellAgain(t, g)
				c.stop(t)
			})
		})
	}
}

// TestHistoryLostByRenewalsAlone: a quiet directory in a busy keyspace loses its
// place although nobody wrote a value.
func TestHistoryLostByRenewalsAlone(t *testing.T) {
	for _, row := range []struct {
		name     string
		renewals int
		lost     int
	}{
		{"what etcd remembers", 990, 0},
		{"more than that", 1010, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				c := g.follow(t, etcdv2.Config{Wait: 10 * time.Second})
				before := g.count().listings
				g.renew(t, row.renewals)
				time.Sleep(13 * time.Second) // the wait, and the pause before the listing
				c.expect(t, "after the renewals", "a:50051 b:50051")
				if n := g.count().listings - before; n != row.lost {
					t.Errorf("listings: got %d, want %d", n, row.lost)
				}
				g.put(t, "c", 50051)
				c.expect(t, "after a change, at once", "a:50051 b:50051 c:50051")
				if kinds := c.kinds(); kinds[actors.EventHistoryLost] != row.lost || kinds[actors.EventSourceFailed] != 0 || kinds[actors.EventDiverged] != 0 {
					t.Errorf("events: got %v, want %d of a lost history, no failure, no divergence", kinds, row.lost)
				}
				c.wellAgain(t, g)
				c.stop(t)
			})
		})
	}
}

// TestEtcdThatLostItsData: it has half of what it had, its index begins anew, and
// a watch would wait for the old one in silence.
func TestEtcdThatLostItsData(t *testing.T) {
	for _, row := range []struct {
		name string
		cut  bool
		seen time.Duration
	}{
		{"and its connections", true, 3 * time.Second},
		{"behind a connection that stays", false, 73 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				g.renew(t, 100)
				c := g.follow(t, etcdv2.Config{})
				g.loseData()
				g.put(t, "a", 50051)
				if row.cut {
					g.cut()
				}
				time.Sleep(row.seen)
				c.expect(t, "with an etcd that knows half of it", "a:50051 b:50051")
				if got := c.guards(); got != "amnesia" {
					t.Errorf("guards: got %q, want amnesia", got)
				}
				if kinds := c.kinds(); kinds[actors.EventSourceWentBack] != 1 || kinds[actors.EventInstanceRemoved] != 0 {
					t.Errorf("events: got %v, want one of an index that went back, and nothing removed", kinds)
				}
				g.put(t, "b", 50052)
				c.expect(t, "after b announced itself again, held", "a:50051 b:50051")
				time.Sleep(5 * time.Minute)
				c.expect(t, "when the guard has ended", "a:50051 b:50052")
				g.put(t, "c", 50051)
				c.expect(t, "after a change, at once", "a:50051 b:50052 c:50051")
				c.wellAgain(t, g)
				c.stop(t)
			})
		})
	}
}

// TestDirectoryThatGoes: one event stands for all keys, and none of them is gone
// because of it.
func TestDirectoryThatGoes(t *testing.T) {
	const directory = "/services/" + service
	for _, row := range []struct {
		name string
		ttl  string // of the directory; empty: it is deleted
	}{
		{"deleted", ""},
		{"expired", "20"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				if row.ttl != "" {
					g.ask(t, http.MethodPut, directory, url.Values{"dir": {"true"}, "ttl": {row.ttl}})
				}
				c := g.follow(t, etcdv2.Config{})
				before := g.count().listings
				if row.ttl == "" {
					g.ask(t, http.MethodDelete, directory, url.Values{"recursive": {"true"}})
				}
				time.Sleep(23 * time.Second)
				c.expect(t, "without its directory", "a:50051 b:50051")
				if got := c.guards(); got != "amnesia" {
					t.Errorf("guards: got %q, want amnesia", got)
				}
				if n := g.count().listings - before; n < 1 || n > 10 {
					t.Errorf("listings because of it: got %d, want one, and those of the guard", n)
				}
				g.put(t, "a", 50051)
				g.put(t, "b", 50051)
				time.Sleep(5 * time.Minute)
				c.expect(t, "after they announced again", "a:50051 b:50051")
				if kinds := c.kinds(); kinds[actors.EventInstanceRemoved] != 0 || kinds[actors.EventSourceFailed] != 0 {
					t.Errorf("events: got %v, want nothing removed and no failure", kinds)
				}
				c.wellAgain(t, g)
				c.stop(t)
			})
		})
	}
}

// TestLeaderLoss: for seven seconds there is no quorum, and then a watch goes on as
// if nothing had been.
func TestLeaderLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		c := g.follow(t, etcdv2.Config{})
		refused := page(http.StatusInternalServerError, `{"errorCode":300,"message":"Raft Internal Error"}`)
		g.answerBy(only(false, late(7*time.Second, refused)))
		time.Sleep(7 * time.Second)
		g.answerBy(nil)
		g.put(t, "c", 50051)
		c.expect(t, "with the next leader, at once", "a:50051 b:50051 c:50051")
		if kinds := c.kinds(); kinds[actors.EventSourceFailed] != 0 {
			t.Errorf("events: got %v, want nobody to notice", kinds)
		}
		c.wellAgain(t, g)
		c.stop(t)
	})
}
