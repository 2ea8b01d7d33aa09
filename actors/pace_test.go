package actors_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// TestSlowEtcd: every answer takes four seconds, which is within the limit. All is
// later, nothing fails, and no listing is left for another one although the view
// wants one every few seconds while the registry learns again.
func TestSlowEtcd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left atomic.Int64 // listings that were not waited for
		slow := func(req *http.Request) (*http.Response, error) {
			select {
			case <-time.After(4 * time.Second):
				return nil, nil // and etcd answers
			case <-req.Context().Done():
				if !waits(req) {
					left.Add(1)
				}
				return nil, req.Context().Err()
			}
		}
		g := newGate()
		g.renew(t, 100)
		c := g.follow(t, etcdv2.Config{})
		g.answerBy(slow)
		g.put(t, "b", 50052)
		g.put(t, "c", 50051)
		time.Sleep(10 * time.Second)
		c.expect(t, "two changes later", "a:50051 b:50052 c:50051")

		g.loseData()
		g.put(t, "a", 50051)
		before := g.count().listings
		g.cut()
		time.Sleep(4 * time.Minute)
		if got := c.guards(); got != "amnesia" {
			t.Errorf("guards: got %q, want amnesia", got)
		}
		if n := g.count().listings - before; n < 20 || n > 60 {
			t.Errorf("listings while the registry learns: got %d in four minutes, want one after the other", n)
		}
		if n := left.Load(); n != 0 {
			t.Errorf("listings that were left for another one: got %d, want none", n)
		}
		if kinds := c.kinds(); kinds[actors.EventSourceFailed] > 1 || kinds[actors.EventInstanceRemoved] != 0 {
			t.Errorf("events: got %v, want no failure but the connection's, and nothing removed", kinds)
		}
		g.answerBy(nil)
		g.put(t, "b", 50052)
		g.put(t, "c", 50051)
		time.Sleep(time.Minute)
		c.expect(t, "when it is quick again", "a:50051 b:50052 c:50051")
		c.wellAgain(t, g)
		c.stop(t)
	})
}

// TestBurstBeyondTheHistory: more changes at once than etcd remembers.
func TestBurstBeyondTheHistory(t *testing.T) {
	for _, row := range []struct{ changes, lost int }{{500, 0}, {2500, 1}} {
		t.Run(fmt.Sprint(row.changes), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				c := g.follow(t, etcdv2.Config{})
				// The first of them is read, and nothing after it until all are written.
				g.answerBy(only(true, late(time.Second, func(*http.Request) (*http.Response, error) { return nil, nil })))
				for i := range row.changes {
					g.put(t, "b", 50052+i%1000)
				}
				synctest.Wait()
				g.answerBy(nil)
				g.put(t, "b", 50099)
				time.Sleep(4 * time.Second)
				c.expect(t, "after the burst", "a:50051 b:50099")
				if kinds := c.kinds(); kinds[actors.EventHistoryLost] != row.lost || kinds[actors.EventSourceFailed] != 0 {
					t.Errorf("events: got %v, want %d of a lost history and no failure", kinds, row.lost)
				}
				c.wellAgain(t, g)
				c.stop(t)
			})
		})
	}
}

// TestMemberThatIsCutOff: the member that is asked says nothing any more, on open
// connections. The first listing that it does not answer is the last thing it is
// asked.
func TestMemberThatIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		var asked atomic.Pointer[string] // the member that was asked last
		g.answerBy(func(req *http.Request) (*http.Response, error) {
			asked.Store(&req.URL.Host)
			return nil, nil
		})
		c := g.follow(t, etcdv2.Config{Endpoints: []string{"http://one.test:2379", "http://two.test:2379"}})
		mute := *asked.Load()
		g.answerBy(func(req *http.Request) (*http.Response, error) {
			if req.URL.Host == mute {
				return silence(req)
			}
			return nil, nil
		})
		time.Sleep(80 * time.Second) // the next listing, its limit, and the backoff
		if kinds := c.kinds(); kinds[actors.EventSourceFailed] != 1 || kinds[actors.EventSourceRecovered] != 1 {
			t.Errorf("events: got %v, want one failure and one recovery", kinds)
		}
		g.put(t, "b", 50052)
		c.expect(t, "from the other member, at once", "a:50051 b:50052")
		g.put(t, "b", 50053)
		c.expect(t, "from the other member, at once", "a:50051 b:50053")
		c.wellAgain(t, g)
		c.stop(t)
	})
}
