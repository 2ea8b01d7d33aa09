//go:build unix

package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// offer is a service and how many instances it begins with.
type offer struct {
	name  string
	count int
}

// crowd are the services: one with many instances, one with few, one with the last one.
func crowd() []offer { return []offer{{"api", 12}, {"store", 4}, {"gate", 1}} }

// watchers is how many nodes watch them.
const watchers = 3

// world is one chaos run: an etcd, those who announce and those who watch, and the
// trouble that is under way.
type world struct {
	t      *testing.T
	seed   uint64
	random *rand.Rand
	began  time.Time

	server    *server
	truth     *etcdv2.Registry // asks etcd directly
	ledger    *ledger
	nodes     []*node
	instances []*instance
	all       []*instance // also those that left
	joined    int         // instances so far
	booted    int         // nodes so far
	rounds    int         // times of peace so far

	down    bool // etcd is dead or paused
	pending []ending
}

// ending is the end of some trouble, when it is due.
type ending struct {
	due time.Time
	do  func()
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{
		t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 0)), began: time.Now(),
		server: startServer(t), ledger: newLedger(),
	}
	w.truth = dial(t, "http://"+w.server.addr)
	for range watchers {
		w.boot()
	}
	for _, s := range crowd() {
		for range s.count {
			w.join(s.name)
		}
	}
	return w
}

// close ends everybody, in order where there is peace.
func (w *world) close() {
	for _, i := range w.instances {
		w.ledger.leaves(i.key)
	}
	for _, i := range w.all {
		i.leave()
	}
	for _, i := range w.all {
		i.await(w.t)
	}
	for _, n := range w.nodes {
		n.stop(w.t)
	}
}

// say notes what is done to the world; it shows when the test fails, or with -v.
func (w *world) say(format string, arguments ...any) {
	w.t.Helper()
	w.t.Logf("%7.3f s: %s", time.Since(w.began).Seconds(), fmt.Sprintf(format, arguments...))
}

// boot starts another node, which knows nothing yet.
func (w *world) boot() {
	w.booted++
	n := startNode(w.t, fmt.Sprintf("node-%d", w.booted), w.server.addr, w.ledger, w.seed+uint64(w.booted), thresholds())
	w.nodes = append(w.nodes, n)
}

// join starts another instance of a service.
func (w *world) join(service string) *instance {
	w.joined++
	zone := fmt.Sprintf("zone-%d", w.joined%3)
	i := startInstance(w.t, w.server.addr, service, fmt.Sprintf("%s-%d", service, w.joined), zone)
	w.instances, w.all = append(w.instances, i), append(w.all, i)
	w.ledger.joins(i.key, i.address)
	return i
}

// without takes an instance out of those that can be drawn. It is no longer healthy
// from now on, so call it first.
func (w *world) without(i *instance) {
	w.ledger.leaves(i.key)
	for at, other := range w.instances {
		if other == i {
			w.instances = append(w.instances[:at], w.instances[at+1:]...)
			return
		}
	}
}

// offering are the instances of one service that have not left.
func (w *world) offering(service string) []*instance {
	var found []*instance
	for _, i := range w.instances {
		if i.service == service {
			found = append(found, i)
		}
	}
	return found
}

// pass lets time go by, and ends what is due meanwhile.
func (w *world) pass(d time.Duration) {
	until := time.Now().Add(d)
	for {
		next := until
		for _, e := range w.pending {
			if e.due.Before(next) {
				next = e.due
			}
		}
		<-time.After(time.Until(next))
		w.endDue(next)
		if !next.Before(until) {
			return
		}
	}
}

// later ends some trouble when its time has come.
func (w *world) later(d time.Duration, do func()) {
	w.pending = append(w.pending, ending{time.Now().Add(d), do})
}

func (w *world) endDue(now time.Time) {
	all := w.pending
	w.pending = nil
	for _, e := range all {
		if e.due.After(now) {
			w.pending = append(w.pending, e)
			continue
		}
		e.do()
	}
}

// endAll is peace: nothing is down, cut or paused any more.
func (w *world) endAll() {
	for len(w.pending) > 0 {
		w.endDue(time.Now().Add(time.Hour))
	}
}

// between draws a duration.
func (w *world) between(least, most time.Duration) time.Duration {
	return least + time.Duration(w.random.Int64N(int64(most-least)))
}

func pick[T any](w *world, from []T) T { return from[w.random.IntN(len(from))] }

// brief bounds a request that trouble makes: while etcd is away, there is none.
func (w *world) brief(do func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := do(ctx); err != nil && !w.down && ctx.Err() == nil {
		w.say("  refused: %v", err)
	}
}

// list is what etcd holds of a service, in peace.
func (w *world) list(service string) registry.Listing {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), callLimit)
	defer cancel()
	for {
		l, err := w.truth.List(ctx, directory(service))
		if err == nil {
			return l
		}
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
			w.t.Fatalf("list of %s in peace: got error %v", service, err)
		}
	}
}
