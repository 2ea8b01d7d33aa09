package registry_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// leave takes a lease from its ordinary state to its deletion, at index 6.
func (h *holder) leave() {
	h.t.Helper()
	h.hold()
	h.want("withdraw", h.Withdraw(h.now), "drain@5")
	h.want("drains", h.answer(h.drains(6), nil), "draining@6, wait 250ms")
	h.want("due", h.due(250*time.Millisecond), "delete@6")
}

func TestLeaseWithdraws(t *testing.T) {
	foreign := encoded(t, func(in *registry.Instance) { in.Incarnation, in.Host = "theirs", "10.0.0.8" })
	predecessor := encoded(t, func(in *registry.Instance) { in.Incarnation = "earlier" })
	tests := []struct {
		name string
		run  func(h *holder)
	}{
		{"before it began", func(h *holder) {
			h.want("withdraw", h.Withdraw(h.now), "done")
			h.want("start afterwards", h.Start(h.now), "")
		}},
		{"between beats", func(h *holder) {
			h.hold()
			h.want("withdraw", h.Withdraw(h.now), "drain@5")
			h.want("withdraw again", h.Withdraw(h.now), "")
			h.want("due", h.due(0), "")
			h.want("drains", h.answer(h.drains(6), nil), "draining@6, wait 250ms")
			h.want("early", h.due(100*time.Millisecond), "wait 150ms")
			h.want("due", h.due(150*time.Millisecond), "delete@6")
			h.want("deleted", h.answer(registry.Entry{}, nil), "withdrawn@6, done")
			h.want("due afterwards", h.due(time.Minute), "")
			h.want("answer afterwards", h.answer(h.ours(9), nil), "")
		}},
		{"already gone", func(h *holder) {
			h.leave()
			h.want("gone", h.answer(registry.Entry{}, registry.ErrNotFound), "withdrawn@6, done")
		}},
		{"already gone when it was to drain", func(h *holder) {
			h.hold()
			h.Withdraw(h.now)
			h.want("gone", h.answer(registry.Entry{}, registry.ErrNotFound), "withdrawn@5, done")
		}},
		{"the word that it drains is torn", func(h *holder) {
			h.hold()
			h.Withdraw(h.now)
			h.want("torn", h.answer(h.stored("", 6), nil), "delete@6")
		}},
		{"the word that it drains may not have arrived", func(h *holder) {
			h.hold()
			h.Withdraw(h.now)
			h.want("away", h.answer(registry.Entry{}, errAway), "retrying@5, wait 250ms")
			h.want("due", h.due(250*time.Millisecond), "get")
			h.want("it has not", h.answer(h.ours(5), nil), "delete@5")
		}},
		{"draining already", func(h *holder) {
			h.hold()
			h.Want(h.now, registry.WantDraining)
			h.want("drains", h.answer(h.drains(6), nil), "draining@6, wait 20s")
			h.want("withdraw", h.Withdraw(h.now), "delete@6")
		}},
		{"during a renewal", func(h *holder) {
			h.hold()
			h.due(20 * time.Second)
			h.want("withdraw", h.Withdraw(h.now), "")
			h.want("renewed", h.answer(h.ours(6), nil), "drain@6")
		}},
		{"during a renewal of what somebody else has taken", func(h *holder) {
			h.hold()
			h.due(20 * time.Second)
			h.Withdraw(h.now)
			h.want("foreign", h.answer(h.stored(foreign, 6), nil), "withdrawn@5, done")
		}},
		{"during a create", func(h *holder) {
			h.Start(h.now)
			h.want("withdraw", h.Withdraw(h.now), "")
			h.want("created", h.answer(h.ours(5), nil), "drain@5")
		}},
		{"during a torn create", func(h *holder) {
			h.Start(h.now)
			h.Withdraw(h.now)
			h.want("torn", h.answer(registry.Entry{Index: 5}, nil), "delete@5")
		}},
		{"during a create that finds the predecessor", func(h *holder) {
			h.Start(h.now)
			h.Withdraw(h.now)
			h.want("exists", h.answer(registry.Entry{}, registry.ErrExists), "get")
			h.want("predecessor", h.answer(h.stored(predecessor, 4), nil), "withdrawn@0, done")
		}},
		{"while it is unclear whether anything is stored", func(h *holder) {
			h.Start(h.now)
			h.answer(registry.Entry{}, errAway)
			h.want("withdraw", h.Withdraw(h.now), "get")
			h.want("stored", h.answer(h.ours(5), nil), "drain@5")
		}},
		{"while somebody else has the key", func(h *holder) {
			h.Start(h.now)
			h.answer(registry.Entry{}, registry.ErrExists)
			h.answer(h.stored(foreign, 4), nil)
			h.want("withdraw", h.Withdraw(h.now), "done")
		}},
		{"written meanwhile", func(h *holder) {
			h.leave()
			h.want("conflict", h.answer(registry.Entry{}, registry.ErrConflict), "get")
			h.want("ours at another index", h.answer(h.ours(8), nil), "delete@8")
			h.want("deleted", h.answer(registry.Entry{}, nil), "withdrawn@8, done")
		}},
		{"the registry is away", func(h *holder) {
			h.hold()
			h.Withdraw(h.now)
			h.want("away", h.answer(registry.Entry{}, errAway), "retrying@5, wait 250ms")
			h.want("due", h.due(250*time.Millisecond), "get")
			h.want("away", h.answer(registry.Entry{}, errAway), "retrying@5, wait 500ms")
			h.want("due", h.due(500*time.Millisecond), "get")
			h.want("given up", h.answer(registry.Entry{}, errAway), "withdrawn@5, done")
		}},
		{"after many failures", func(h *holder) {
			h.Start(h.now)
			for range 9 {
				h.answer(registry.Entry{}, errAway)
				h.due(time.Minute)
			}
			h.Withdraw(h.now)
			h.want("its own count begins", h.answer(registry.Entry{}, errAway), "retrying@0, wait 250ms")
		}},
		{"no index to delete at", func(h *holder) {
			h.Start(h.now)
			h.Withdraw(h.now)
			h.want("no index", h.answer(h.ours(0), nil), "retrying@0, wait 250ms")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(newHolder(t)) })
	}
}

// TestLeaseUnderAnyEvents: whatever events come, in whatever order, at most one
// call is open, no write lacks its precondition, nothing is done while nothing is
// wanted, and after Withdraw nothing is written but, once, that it drains, and a
// deletion; nothing at all after the end.
func TestLeaseUnderAnyEvents(t *testing.T) {
	foreign := encoded(t, func(in *registry.Instance) { in.Incarnation, in.Host = "theirs", "10.0.0.8" })
	predecessor := encoded(t, func(in *registry.Instance) { in.Incarnation = "earlier" })
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 4))
		h := newHolder(t)
		g := guardian{t: t, seed: seed, drain: h.drain}
		g.watch(h.Start(h.now))
		leave := r.IntN(40)
		for step := range 60 {
			h.now = h.now.Add(time.Duration(r.IntN(30000)) * time.Millisecond)
			switch {
			case step == leave:
				g.leaving = true
				g.watch(h.Withdraw(h.now))
			case r.IntN(3) == 0:
				g.watch(h.Due(h.now))
			case r.IntN(8) == 0:
				g.want = registry.WantUp + registry.Want(r.IntN(3))
				g.absent = g.absent && g.want == registry.WantAbsent
				g.watch(h.Want(h.now, g.want))
			case r.IntN(8) == 0:
				g.watch(h.Complained(h.now, registry.Complaint{
					Consumer: strconv.Itoa(r.IntN(4)), Class: "empty", Index: registry.Index(r.IntN(4) * step),
					Hash: registry.Fingerprint([]string{h.value, "", h.drain}[r.IntN(3)]),
				}))
			default:
				values := []string{h.value, h.value, h.drain, "", "{", foreign, predecessor, `{"v":2}`}
				errs := []error{nil, nil, nil, registry.ErrExists, registry.ErrConflict, registry.ErrNotFound, errAway}
				e := registry.Entry{
					Value: values[r.IntN(len(values))], Index: registry.Index(r.IntN(4) * step), TTL: time.Duration(r.IntN(3)) * time.Second,
				}
				g.open = false
				g.watch(h.Answer(h.now, e, errs[r.IntN(len(errs))]))
			}
		}
	}
}

// guardian checks the actions of a lease.
type guardian struct {
	t                   *testing.T
	seed                uint64
	open, leaving, done bool
	drain               string // our record, draining
	drained             bool   // it was written once on the way out
	want                registry.Want
	absent              bool // wanted and reached
}

func (g *guardian) watch(actions []registry.LeaseAction) {
	g.t.Helper()
	if g.done && len(actions) > 0 {
		g.t.Fatalf("seed %d: after the end: got %+v", g.seed, actions)
	}
	if g.absent && len(actions) > 0 && !g.leaving {
		g.t.Fatalf("seed %d: while nothing is wanted: got %+v", g.seed, actions)
	}
	call := func(forbidden bool, previous registry.Index) {
		if g.open || forbidden || previous == 0 {
			g.t.Fatalf("seed %d: open %v, leaving %v: got %+v", g.seed, g.open, g.leaving, actions)
		}
		g.open = true
	}
	for _, action := range actions {
		switch a := action.(type) {
		case registry.LeaseCreate, registry.LeaseRefresh:
			call(g.leaving || g.want == registry.WantAbsent, 1)
		case registry.LeaseSwap:
			call(g.leaving && (g.drained || a.Value != g.drain), a.Previous)
			g.drained = g.drained || g.leaving
		case registry.LeaseGet:
			call(false, 1)
		case registry.LeaseDelete:
			call(!g.leaving && g.want != registry.WantAbsent, a.Previous)
		case registry.LeaseWait:
			if a.Delay <= 0 {
				g.t.Fatalf("seed %d: got a wait of %v", g.seed, a.Delay)
			}
		case registry.LeaseFact:
			g.absent = a.Kind == registry.LeasePaused
		case registry.LeaseDone:
			g.done = true
		}
	}
}
