package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func TestNewLeaseRefuses(t *testing.T) {
	tests := []struct {
		name string
		cfg  registry.LeaseConfig
		key  string
		edit func(*registry.Instance)
		want string
	}{
		{"short TTL", registry.LeaseConfig{TTL: time.Second}, leaseKey, nil, "TTL"},
		{"negative TTL", registry.LeaseConfig{TTL: -time.Minute}, leaseKey, nil, "TTL"},
		{"negative retry", registry.LeaseConfig{RetryBase: -1}, leaseKey, nil, "retries"},
		{"cap below the base", registry.LeaseConfig{RetryBase: 2, RetryCap: 1}, leaseKey, nil, "retries"},
		{"another key", registry.LeaseConfig{}, apis + "b", nil, "key"},
		{"draining beyond the TTL", registry.LeaseConfig{TTL: 10 * time.Second, Drain: 6 * time.Second}, leaseKey, nil, "draining"},
		{"a record that is too long", registry.LeaseConfig{}, leaseKey, func(in *registry.Instance) { in.Meta = bigMeta() }, "oversize"},
		{"bad record", registry.LeaseConfig{}, leaseKey, func(in *registry.Instance) { in.Host = "0.0.0.0" }, "semantic"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := self()
			if test.edit != nil {
				test.edit(&in)
			}
			l, err := registry.NewLease(test.cfg, test.key, in)
			if err == nil || l != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("new lease: got %v, %v, want an error about %s", l, err, test.want)
			}
		})
	}
	if _, err := registry.NewLease(registry.LeaseConfig{TTL: registry.MinTTL}, leaseKey, self()); err != nil {
		t.Errorf("least TTL: got %v", err)
	}
}

// bigMeta is within the bounds of each entry and, in a record, beyond its own.
func bigMeta() map[string]string {
	meta := make(map[string]string)
	for i := range 64 {
		meta[fmt.Sprintf("%0128d", i)] = strings.Repeat("x", 1000)
	}
	return meta
}

func TestLeaseAnnounces(t *testing.T) {
	foreign := encoded(t, func(in *registry.Instance) { in.Incarnation, in.Host = "theirs", "10.0.0.8" })
	predecessor := encoded(t, func(in *registry.Instance) { in.Incarnation = "earlier" })
	edited := encoded(t, func(in *registry.Instance) { in.Host = "10.0.0.9" })
	tests := []struct {
		name string
		run  func(h *holder)
	}{
		{"a retried create finds itself", func(h *holder) {
			h.want("exists", h.answer(registry.Entry{}, registry.ErrExists), "get")
			h.want("ours", h.answer(h.ours(5), nil), "announced@5, refresh")
			h.want("renewed", h.answer(h.ours(6), nil), "renewed@6, wait 20s")
		}},
		{"the predecessor is replaced at once", func(h *holder) {
			h.answer(registry.Entry{}, registry.ErrExists)
			h.want("predecessor", h.answer(h.stored(predecessor, 4), nil), "swap@4")
			h.want("swapped", h.answer(h.ours(7), nil), "taken_over@7, announced@7, wait 20s")
		}},
		{"our own record with other content is repaired", func(h *holder) {
			h.answer(registry.Entry{}, registry.ErrExists)
			h.want("edited", h.answer(h.stored(edited, 4), nil), "swap@4")
			h.want("swapped", h.answer(h.ours(7), nil), "repaired@7, announced@7, wait 20s")
		}},
		{"a torn record is repaired", func(h *holder) {
			h.answer(registry.Entry{}, registry.ErrExists)
			h.want("torn", h.answer(registry.Entry{Key: leaseKey, Index: 4}, nil), "swap@4")
			h.want("written meanwhile", h.answer(registry.Entry{}, registry.ErrConflict), "get")
			h.want("torn again", h.answer(registry.Entry{Key: leaseKey, Index: 6}, nil), "swap@6")
			h.want("swapped", h.answer(h.ours(7), nil), "repaired@7, announced@7, wait 20s")
		}},
		{"a record without a TTL is repaired", func(h *holder) {
			h.answer(registry.Entry{}, registry.ErrExists)
			eternal := h.ours(4)
			eternal.TTL = 0
			h.want("eternal", h.answer(eternal, nil), "swap@4")
		}},
		{"a torn create is repaired by its echo", func(h *holder) {
			h.want("echo", h.answer(registry.Entry{Key: leaseKey, Index: 5}, nil), "swap@5")
			h.want("swapped", h.answer(h.ours(6), nil), "repaired@6, announced@6, wait 20s")
		}},
		{"an echo without TTL is repaired", func(h *holder) {
			eternal := h.ours(5)
			eternal.TTL = 0
			h.want("echo", h.answer(eternal, nil), "swap@5")
		}},
		{"an echo without index is read again, never swapped blindly", func(h *holder) {
			h.want("echo", h.answer(registry.Entry{}, nil), "get")
			h.want("none again", h.answer(registry.Entry{}, nil), "retrying@0, wait 500ms")
			h.want("due", h.due(500*time.Millisecond), "get")
		}},
		{"somebody else's record is waited out", func(h *holder) {
			h.want("exists", h.answer(registry.Entry{}, registry.ErrExists), "get")
			h.want("foreign", h.answer(h.stored(foreign, 4), nil), "conflict@4, wait 20s")
			h.want("due", h.due(20*time.Second), "create")
			h.want("exists", h.answer(registry.Entry{}, registry.ErrExists), "get")
			h.want("the same one is no news", h.answer(h.stored(foreign, 9), nil), "wait 20s")
			h.want("due", h.due(20*time.Second), "create")
			h.want("expired at last", h.answer(h.ours(12), nil), "get")
			h.want("read back", h.answer(h.ours(12), nil), "announced@12, wait 20s")
		}},
		{"a record of a newer version is somebody else's", func(h *holder) {
			h.answer(registry.Entry{}, registry.ErrExists)
			h.want("newer", h.answer(h.stored(`{"v":2}`, 4), nil), "conflict@4, wait 20s")
		}},
		{"what is gone before it is read is created again", func(h *holder) {
			h.answer(registry.Entry{}, registry.ErrExists)
			h.want("gone", h.answer(registry.Entry{}, registry.ErrNotFound), "create")
			h.want("exists", h.answer(registry.Entry{}, registry.ErrExists), "get")
			h.want("gone again", h.answer(registry.Entry{}, registry.ErrNotFound), "retrying@0, wait 500ms")
			h.want("due", h.due(500*time.Millisecond), "create")
		}},
		{"an unclear create is read back", func(h *holder) {
			h.want("away", h.answer(registry.Entry{}, errAway), "retrying@0, wait 250ms")
			h.want("due", h.due(250*time.Millisecond), "get")
			h.want("still away", h.answer(registry.Entry{}, errAway), "retrying@0, wait 500ms")
			h.want("early", h.due(200*time.Millisecond), "wait 300ms")
			h.want("due", h.due(300*time.Millisecond), "get")
			h.want("it had happened", h.answer(h.ours(5), nil), "announced@5, refresh")
		}},
		{"retries grow to the cap and never end", func(h *holder) {
			h.answer(registry.Entry{}, errAway)
			for range 100 {
				h.due(time.Minute)
				h.answer(registry.Entry{}, errAway)
			}
			h.due(time.Minute)
			h.want("the 102nd", h.answer(registry.Entry{}, errAway), "retrying@0, wait 5s")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHolder(t)
			h.want("start", h.Start(h.now), "create")
			h.want("second start", h.Start(h.now), "")
			h.want("due during a call", h.due(0), "")
			test.run(h)
		})
	}
}

func TestLeaseRenews(t *testing.T) {
	foreign := encoded(t, func(in *registry.Instance) { in.Incarnation, in.Host = "theirs", "10.0.0.8" })
	tests := []struct {
		name string
		run  func(h *holder)
	}{
		{"beat after beat", func(h *holder) {
			h.want("renewed", h.answer(h.ours(6), nil), "renewed@6, wait 20s")
			h.want("due", h.due(20*time.Second), "refresh")
			h.want("renewed", h.answer(h.ours(7), nil), "renewed@7, wait 20s")
			h.want("a late answer to nothing", h.answer(h.ours(8), nil), "")
		}},
		{"a torn record is repaired", func(h *holder) {
			h.want("torn", h.answer(h.stored("", 6), nil), "swap@6")
			h.want("swapped", h.answer(h.ours(7), nil), "repaired@7, wait 20s")
		}},
		{"a registry that keeps tearing is not hammered", func(h *holder) {
			h.want("torn", h.answer(h.stored("", 6), nil), "swap@6")
			h.want("torn by the swap", h.answer(h.stored("", 7), nil), "get")
			h.want("torn", h.answer(h.stored("", 7), nil), "swap@7")
			h.want("torn by the swap", h.answer(h.stored("", 8), nil), "retrying@5, wait 500ms")
		}},
		{"a lost TTL is repaired", func(h *holder) {
			eternal := h.ours(6)
			eternal.TTL = 0
			h.want("no TTL", h.answer(eternal, nil), "swap@6")
		}},
		{"a foreign record is left alone", func(h *holder) {
			h.want("foreign", h.answer(h.stored(foreign, 6), nil), "conflict@6, wait 20s")
			h.want("due", h.due(20*time.Second), "create")
		}},
		{"an expired record is announced again", func(h *holder) {
			h.want("gone", h.answer(registry.Entry{}, registry.ErrNotFound), "lost@5, create")
			h.want("created", h.answer(h.ours(9), nil), "get")
			h.want("read back", h.answer(h.ours(9), nil), "announced@9, wait 20s")
		}},
		{"an unclear renewal is read back, then renewed", func(h *holder) {
			h.want("away", h.answer(registry.Entry{}, errAway), "retrying@5, wait 250ms")
			h.want("due", h.due(375*time.Millisecond), "get")
			h.want("still ours", h.answer(h.ours(5), nil), "refresh")
			h.want("renewed", h.answer(h.ours(6), nil), "renewed@6, wait 20s")
			h.due(20 * time.Second)
			h.want("away much later", h.answer(registry.Entry{}, errAway), "retrying@6, wait 250ms")
		}},
		{"gone during an outage", func(h *holder) {
			h.answer(registry.Entry{}, errAway)
			h.due(time.Minute)
			h.want("gone", h.answer(registry.Entry{}, registry.ErrNotFound), "lost@5, retrying@0, wait 500ms")
			h.want("due", h.due(time.Minute), "create")
		}},
		{"gone during a repair", func(h *holder) {
			h.answer(h.stored("", 6), nil)
			h.want("gone", h.answer(registry.Entry{}, registry.ErrNotFound), "lost@5, create")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHolder(t)
			h.hold()
			h.want("early", h.due(19*time.Second), "wait 1s")
			h.want("due", h.due(time.Second), "refresh")
			test.run(h)
		})
	}
}

func TestLeaseBeatIsSpread(t *testing.T) {
	for jitter, want := range map[float64]time.Duration{0: 16 * time.Second, 0.5: 20 * time.Second, 0.999: 23992 * time.Millisecond} {
		cfg := registry.LeaseConfig{Jitter: func() float64 { return jitter }}
		l, err := registry.NewLease(cfg, leaseKey, self())
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1000, 0)
		ours := registry.Entry{Value: encoded(t, func(*registry.Instance) {}), Index: 5, TTL: time.Minute}
		l.Start(now)
		l.Answer(now, ours, nil)
		actions := l.Answer(now, ours, nil)
		wait, ok := actions[len(actions)-1].(registry.LeaseWait)
		if !ok || wait.Delay.Round(time.Millisecond) != want {
			t.Errorf("beat with jitter %v: got %+v, want a wait of %v", jitter, actions, want)
		}
	}
}
