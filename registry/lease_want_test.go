package registry_test

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func TestLeaseIsPausedAndResumed(t *testing.T) {
	foreign := encoded(t, func(in *registry.Instance) { in.Incarnation, in.Host = "theirs", "10.0.0.8" })
	pause := func(h *holder) []registry.LeaseAction { return h.Want(h.now, registry.WantAbsent) }
	resume := func(h *holder) []registry.LeaseAction { return h.Want(h.now, registry.WantUp) }
	tests := []struct {
		name string
		run  func(h *holder)
	}{
		{"between beats", func(h *holder) {
			h.want("pause", pause(h), "drain@5")
			h.want("pause again", pause(h), "")
			h.want("drains", h.answer(h.drains(6), nil), "draining@6, wait 250ms")
			h.want("due", h.due(250*time.Millisecond), "delete@6")
			h.want("deleted", h.answer(registry.Entry{}, nil), "paused@6")
			h.want("an hour later", h.due(time.Hour), "")
			h.want("resume", resume(h), "create")
			h.want("created", h.answer(h.ours(9), nil), "get")
			h.want("read back", h.answer(h.ours(9), nil), "announced@9, wait 20s")
		}},
		{"before it began", func(h *holder) {
			fresh := newHolder(h.t)
			fresh.want("pause", pause(fresh), "")
			fresh.want("resume", resume(fresh), "create")
		}},
		{"resumed before it was told to drain", func(h *holder) {
			h.want("pause", pause(h), "drain@5")
			h.want("resume", resume(h), "")
			h.want("drains", h.answer(h.drains(6), nil), "draining@6, swap@6")
			h.want("up again", h.answer(h.ours(7), nil), "resumed@7, wait 20s")
		}},
		{"resumed while it drains", func(h *holder) {
			pause(h)
			h.answer(h.drains(6), nil)
			h.want("resume", resume(h), "swap@6")
			h.want("up again", h.answer(h.ours(7), nil), "resumed@7, wait 20s")
		}},
		{"resumed while it is deleted", func(h *holder) {
			pause(h)
			h.answer(h.drains(6), nil)
			h.due(250 * time.Millisecond)
			h.want("resume", resume(h), "")
			h.want("deleted", h.answer(registry.Entry{}, nil), "create")
		}},
		{"resumed while it is unclear whether it was deleted", func(h *holder) {
			pause(h)
			h.answer(h.drains(6), nil)
			h.due(250 * time.Millisecond)
			resume(h)
			h.want("away", h.answer(registry.Entry{}, errAway), "retrying@6, wait 250ms")
			h.want("due", h.due(250*time.Millisecond), "get")
			h.want("still there", h.answer(h.drains(6), nil), "swap@6")
		}},
		{"the registry is away", func(h *holder) {
			pause(h)
			h.want("away", h.answer(registry.Entry{}, errAway), "retrying@5, wait 250ms")
			h.due(250 * time.Millisecond)
			h.want("away", h.answer(registry.Entry{}, errAway), "retrying@5, wait 500ms")
			h.due(500 * time.Millisecond)
			h.want("left to its TTL", h.answer(registry.Entry{}, errAway), "paused@5")
			h.want("resume", resume(h), "create")
			h.want("it had not expired", h.answer(registry.Entry{}, registry.ErrExists), "get")
			h.want("draining", h.answer(h.drains(6), nil), "announced@6, swap@6")
		}},
		{"while somebody else has the key", func(h *holder) {
			h.due(20 * time.Second)
			h.answer(h.stored(foreign, 6), nil)
			h.want("pause", pause(h), "paused@0")
			h.want("due", h.due(time.Minute), "")
		}},
		{"withdrawn while paused", func(h *holder) {
			pause(h)
			h.answer(h.drains(6), nil)
			h.due(250 * time.Millisecond)
			h.answer(registry.Entry{}, nil)
			h.want("withdraw", h.Withdraw(h.now), "done")
			h.want("resume", resume(h), "")
		}},
		{"withdrawn while it is paused", func(h *holder) {
			pause(h)
			h.want("withdraw", h.Withdraw(h.now), "")
			h.want("drains", h.answer(h.drains(6), nil), "draining@6, wait 250ms")
			h.want("resume", resume(h), "")
			h.due(250 * time.Millisecond)
			h.want("deleted", h.answer(registry.Entry{}, nil), "withdrawn@6, done")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHolder(t)
			h.hold()
			test.run(h)
		})
	}
}

// A record that drains by wish is one like any other: renewed, repaired, announced
// again when it is lost, and up again when that is wanted.
func TestLeaseDrainsByWish(t *testing.T) {
	drain := func(h *holder) []registry.LeaseAction { return h.Want(h.now, registry.WantDraining) }
	up := func(h *holder) []registry.LeaseAction { return h.Want(h.now, registry.WantUp) }
	tests := []struct {
		name string
		run  func(h *holder)
	}{
		{"between beats", func(h *holder) {
			h.want("drain", drain(h), "drain@5")
			h.want("drains", h.answer(h.drains(6), nil), "draining@6, wait 20s")
			h.want("beat", h.due(20*time.Second), "refresh")
			h.want("renewed", h.answer(h.drains(7), nil), "renewed@7, wait 20s")
			h.want("up", up(h), "swap@7")
			h.want("up again", h.answer(h.ours(8), nil), "resumed@8, wait 20s")
		}},
		{"during a renewal", func(h *holder) {
			h.due(20 * time.Second)
			h.want("drain", drain(h), "")
			h.want("renewed", h.answer(h.ours(6), nil), "renewed@6, drain@6")
		}},
		{"during a create", func(h *holder) {
			fresh := newHolder(h.t)
			fresh.Start(fresh.now)
			fresh.want("drain", drain(fresh), "")
			fresh.want("created", fresh.answer(fresh.ours(5), nil), "announced@5, drain@5")
		}},
		{"from the beginning", func(h *holder) {
			fresh := newHolder(h.t)
			fresh.want("drain", drain(fresh), "create draining")
		}},
		{"lost while it drains", func(h *holder) {
			drain(h)
			h.answer(h.drains(6), nil)
			h.due(20 * time.Second)
			h.want("gone", h.answer(registry.Entry{}, registry.ErrNotFound), "lost@6, create draining")
		}},
		{"torn while it drains", func(h *holder) {
			drain(h)
			h.answer(h.drains(6), nil)
			h.due(20 * time.Second)
			h.want("torn", h.answer(h.stored("", 7), nil), "drain@7")
			h.want("repaired", h.answer(h.drains(8), nil), "repaired@8, wait 20s")
		}},
		{"a registry that always conflicts is not hammered", func(h *holder) {
			h.want("drain", drain(h), "drain@5")
			h.want("conflict", h.answer(registry.Entry{}, registry.ErrConflict), "get")
			h.want("ours", h.answer(h.ours(6), nil), "drain@6")
			h.want("conflict", h.answer(registry.Entry{}, registry.ErrConflict), "retrying@6, wait 500ms")
		}},
		{"up during a pause of a retry", func(h *holder) {
			h.due(20 * time.Second)
			h.answer(registry.Entry{}, registry.ErrNotFound)
			h.answer(registry.Entry{}, errAway)
			h.want("drain", drain(h), "")
			h.due(time.Minute)
			h.want("gone", h.answer(registry.Entry{}, registry.ErrNotFound), "retrying@0, wait 1s")
			h.want("due", h.due(2*time.Second), "create draining")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHolder(t)
			h.hold()
			test.run(h)
		})
	}
}

// A fleet that has one reason to write spreads over as long as it needs.
func TestLeaseSplay(t *testing.T) {
	for fleet, want := range map[int]time.Duration{
		-1: 125 * time.Millisecond, 0: 125 * time.Millisecond, 25: 125 * time.Millisecond, 26: 130 * time.Millisecond,
		1000: 5 * time.Second, 3000: 15 * time.Second, 1 << 40: 15 * time.Second,
	} {
		if got := registry.Splay(fleet, 0.5); got != want {
			t.Errorf("splay of %d: got %v half way, want %v", fleet, got, want)
		}
	}
	fleet := 1000
	h := newHolderWith(t, registry.LeaseConfig{Fleet: func() int { return fleet }})
	h.want("start", h.Start(h.now), "wait 5s")
	h.want("due", h.due(5*time.Second), "create")
	h.want("created", h.answer(h.ours(5), nil), "get")
	h.want("read back", h.answer(h.ours(5), nil), "announced@5, wait 20s")
	fleet = 2000
	h.want("due", h.due(20*time.Second), "refresh")
	h.want("the registry forgot", h.answer(registry.Entry{}, registry.ErrNotFound), "lost@5, wait 10s")
	h.want("due", h.due(10*time.Second), "create")
	h.want("away", h.answer(registry.Entry{}, errAway), "retrying@0, wait 250ms")
	h.want("due", h.due(time.Second), "get")
	h.want("not there: no splay again", h.answer(registry.Entry{}, registry.ErrNotFound), "retrying@0, wait 500ms")
	h.want("withdraw", h.Withdraw(h.now), "done")
}

// A registry that may have forgotten is asked at the fleet's pace, once.
func TestLeaseDoubts(t *testing.T) {
	tests := []struct {
		name  string
		fleet int
		run   func(h *holder)
	}{
		{"gone", 1000, func(h *holder) {
			h.want("doubt", h.Doubt(h.now), "wait 5s")
			h.want("due", h.due(5*time.Second), "refresh")
			h.want("gone", h.answer(registry.Entry{}, registry.ErrNotFound), "lost@5, create")
		}},
		{"still there", 1000, func(h *holder) {
			h.Doubt(h.now)
			h.due(5 * time.Second)
			h.want("there", h.answer(h.ours(6), nil), "renewed@6, wait 20s")
			h.due(20 * time.Second)
			h.want("gone much later", h.answer(registry.Entry{}, registry.ErrNotFound), "lost@6, wait 5s")
		}},
		{"just before the beat", 1000, func(h *holder) {
			h.now = h.now.Add(18 * time.Second)
			h.want("doubt", h.Doubt(h.now), "")
			h.want("due", h.due(2*time.Second), "refresh")
		}},
		{"during a call", 1000, func(h *holder) {
			h.due(20 * time.Second)
			h.want("doubt", h.Doubt(h.now), "")
		}},
		{"on the way out", 1000, func(h *holder) {
			h.leave()
			h.want("doubt", h.Doubt(h.now), "")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHolderWith(t, registry.LeaseConfig{Fleet: func() int { return test.fleet }})
			if test.name != "on the way out" {
				h.Start(h.now)
				h.due(5 * time.Second)
				h.answer(h.ours(5), nil)
				h.want("read back", h.answer(h.ours(5), nil), "announced@5, wait 20s")
			} else {
				h = newHolder(t)
			}
			test.run(h)
		})
	}
}

// Retries of many leases keep within one budget.
func TestLeaseSpendsTheProcessBudget(t *testing.T) {
	h := newHolderWith(t, registry.LeaseConfig{Spend: func(time.Time) time.Duration { return time.Second }})
	h.Start(h.now)
	h.want("away", h.answer(registry.Entry{}, errAway), "retrying@0, wait 1.25s")
	h.due(2 * time.Second)
	h.want("beats cost nothing", h.answer(h.ours(5), nil), "announced@5, refresh")
}

func TestAllowance(t *testing.T) {
	now := time.Unix(1000, 0)
	a := registry.NewAllowance(10, 3)
	for i, want := range []time.Duration{0, 0, 0, 100 * time.Millisecond, 200 * time.Millisecond} {
		if got := a.Spend(now); got.Round(time.Millisecond) != want {
			t.Errorf("action %d: got a wait of %v, want %v", i+1, got, want)
		}
	}
	now = now.Add(400 * time.Millisecond)
	if got := a.Spend(now); got != 0 {
		t.Errorf("400 ms later: got a wait of %v, want none", got)
	}
	now = now.Add(time.Hour)
	for i, want := range []time.Duration{0, 0, 0, 100 * time.Millisecond} {
		if got := a.Spend(now); got.Round(time.Millisecond) != want {
			t.Errorf("action %d an hour later: got a wait of %v, want %v: what is not spent is lost", i+1, got, want)
		}
	}
}

// A value that does not decode here may decode everywhere else.
func TestLeaseDistrustsItsDecoder(t *testing.T) {
	trusted := false
	for _, row := range []struct{ name, value, want string }{
		{"nothing", "", "swap@6"},
		{"the beginning of ours", encoded(t, func(*registry.Instance) {})[:40], "swap@6"},
		{"something else", "{", "swap@6"},
		{"something else entirely", `{"v":1,"service":`, "swap@6"},
		{"hieroglyphs", "☃", "conflict@6, wait 20s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, trusted = range []bool{false, true} {
				h := newHolderWith(t, registry.LeaseConfig{Trusted: func() bool { return trusted }})
				h.hold()
				h.due(20 * time.Second)
				want := row.want
				if trusted {
					want = "swap@6"
				}
				h.want("undecodable", h.answer(h.stored(row.value, 6), nil), want)
			}
		})
	}
}

// An echo whose TTL is not ours is not what was sent.
func TestLeaseComparesTheTTL(t *testing.T) {
	for ttl, want := range map[time.Duration]string{
		0: "swap@6", time.Second: "renewed@6, wait 20s", time.Minute: "renewed@6, wait 20s",
		61 * time.Second: "renewed@6, wait 20s", 62 * time.Second: "swap@6", time.Hour: "swap@6",
	} {
		h := newHolder(t)
		h.hold()
		h.due(20 * time.Second)
		e := h.ours(6)
		e.TTL = ttl
		h.want("renewal with a TTL of "+ttl.String(), h.answer(e, nil), want)
	}
}
