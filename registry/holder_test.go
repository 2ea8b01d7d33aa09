package registry_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

const leaseKey = apis + "a"

var errAway = errors.New("registry is away")

func self() registry.Instance {
	return registry.Instance{Service: "api", ID: "a", Incarnation: "mine", Host: "10.0.0.7", Port: 50051}
}

func encoded(t *testing.T, edit func(*registry.Instance)) string {
	t.Helper()
	in := self()
	edit(&in)
	value, err := registry.Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// holder drives a lease by hand.
type holder struct {
	*registry.Lease
	t     *testing.T
	now   time.Time
	value string // our record
	drain string // and the same, draining
}

func newHolder(t *testing.T) *holder {
	t.Helper()
	return newHolderWith(t, registry.LeaseConfig{})
}

func newHolderWith(t *testing.T, cfg registry.LeaseConfig) *holder {
	t.Helper()
	l, err := registry.NewLease(cfg, leaseKey, self())
	if err != nil {
		t.Fatal(err)
	}
	return &holder{
		Lease: l, t: t, now: time.Unix(1000, 0), value: encoded(t, func(*registry.Instance) {}),
		drain: encoded(t, func(in *registry.Instance) { in.State = registry.StateDraining }),
	}
}

func (h *holder) want(what string, actions []registry.LeaseAction, want string) {
	h.t.Helper()
	if got := h.show(actions); got != want {
		h.t.Errorf("%s: got actions %q, want %q", what, got, want)
	}
}

// ours is our record as the registry shows it.
func (h *holder) ours(index registry.Index) registry.Entry {
	return registry.Entry{Key: leaseKey, Value: h.value, Index: index, TTL: time.Minute}
}

// drains is our record when it says that it drains.
func (h *holder) drains(index registry.Index) registry.Entry { return h.stored(h.drain, index) }

func (h *holder) stored(value string, index registry.Index) registry.Entry {
	return registry.Entry{Key: leaseKey, Value: value, Index: index, TTL: time.Minute}
}

func (h *holder) answer(e registry.Entry, err error) []registry.LeaseAction {
	return h.Answer(h.now, e, err)
}

func (h *holder) due(after time.Duration) []registry.LeaseAction {
	h.now = h.now.Add(after)
	return h.Due(h.now)
}

// hold brings the lease into its ordinary state, a beat before its renewal.
func (h *holder) hold() {
	h.t.Helper()
	h.want("start", h.Start(h.now), "create")
	h.want("created", h.answer(h.ours(5), nil), "get")
	h.want("read back", h.answer(h.ours(5), nil), "announced@5, wait 20s")
}

func (h *holder) show(actions []registry.LeaseAction) string {
	h.t.Helper()
	words := make([]string, 0, len(actions))
	for _, action := range actions {
		word := ""
		switch a := action.(type) {
		case registry.LeaseCreate:
			word = "create"
			if a.Value == h.drain {
				a.Value, word = h.value, "create draining"
			}
			word = h.write(word, a.Key, a.Value, a.TTL)
		case registry.LeaseSwap:
			word = fmt.Sprintf("swap@%d", a.Previous)
			if a.Value == h.drain {
				a.Value, word = h.value, fmt.Sprintf("drain@%d", a.Previous)
			}
			word = h.write(word, a.Key, a.Value, a.TTL)
		case registry.LeaseRefresh:
			word = h.write("refresh", a.Key, h.value, a.TTL)
		case registry.LeaseGet:
			word = h.write("get", a.Key, h.value, time.Minute)
		case registry.LeaseDelete:
			word = h.write(fmt.Sprintf("delete@%d", a.Previous), a.Key, h.value, time.Minute)
		case registry.LeaseWait:
			word = fmt.Sprintf("wait %v", a.Delay)
		case registry.LeaseFact:
			word = fmt.Sprintf("%s@%d", a.Kind, a.Index)
			if len(a.Detail) > registry.MaxReasonBytes {
				h.t.Errorf("detail: got %d bytes, want at most %d", len(a.Detail), registry.MaxReasonBytes)
			}
		case registry.LeaseDone:
			word = "done"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// write checks what every call must carry.
func (h *holder) write(call, key, value string, ttl time.Duration) string {
	h.t.Helper()
	if key != leaseKey || value != h.value || ttl != time.Minute {
		h.t.Errorf("%s: got %s %s %v, want our key, record and TTL", call, key, value, ttl)
	}
	return call
}
