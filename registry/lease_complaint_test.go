package registry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// complaint is what a consumer says of a value under the lease's key.
func complaint(consumer, value string, index registry.Index) registry.Complaint {
	return registry.Complaint{
		Service: "api", Instance: "a", Consumer: consumer, Class: "empty", Index: index, Hash: registry.Fingerprint(value),
	}
}

func TestLeaseHearsComplaints(t *testing.T) {
	tests := []struct {
		name string
		run  func(h *holder)
	}{
		{"of a value that somebody tore", func(h *holder) {
			h.want("complaint", h.Complained(h.now, complaint("c1", "", 7)), "complained@7, get")
			h.want("torn", h.answer(h.stored("", 7), nil), "swap@7")
			h.want("repaired", h.answer(h.ours(8), nil), "repaired@8, wait 20s")
			h.want("a second consumer, late", h.Complained(h.now, complaint("c2", "", 7)), "")
		}},
		{"of a value that was repaired meanwhile", func(h *holder) {
			h.want("complaint", h.Complained(h.now, complaint("c1", "", 7)), "complained@7, get")
			h.want("as it was sent", h.answer(h.ours(8), nil), "wait 20s")
		}},
		{"of what was there before us", func(h *holder) {
			h.want("complaint", h.Complained(h.now, complaint("c1", "", 4)), "")
		}},
		{"of ours before it was written anew", func(h *holder) {
			h.want("complaint", h.Complained(h.now, complaint("c1", h.value, 4)), "")
		}},
		{"during a call", func(h *holder) {
			h.due(20 * time.Second)
			h.want("complaint", h.Complained(h.now, complaint("c1", "", 7)), "complained@7")
			h.want("another one", h.Complained(h.now, complaint("c2", "", 7)), "")
			h.want("renewed before it was torn", h.answer(h.ours(6), nil), "renewed@6, get")
			h.want("torn", h.answer(h.stored("", 7), nil), "swap@7")
		}},
		{"by one consumer, of what is as it was sent", func(h *holder) {
			for range 3 {
				h.want("complaint", h.Complained(h.now, complaint("c1", h.value, 5)), "complained@5, get")
				h.want("as it was sent", h.answer(h.ours(5), nil), "wait 20s")
			}
		}},
		{"by two consumers, of what is as it was sent", func(h *holder) {
			h.Complained(h.now, complaint("c1", h.value, 5))
			h.answer(h.ours(5), nil)
			h.want("complaint", h.Complained(h.now, complaint("c2", h.value, 5)), "complained@5, get")
			h.want("as it was sent", h.answer(h.ours(5), nil), "swap@5")
			h.want("written again", h.answer(h.ours(6), nil), "repaired@6, wait 20s")
			h.want("of the write before", h.Complained(h.now, complaint("c3", h.value, 5)), "")
			for _, consumer := range []string{"c1", "c2"} {
				h.now = h.now.Add(5 * time.Second)
				h.Complained(h.now, complaint(consumer, h.value, 6))
				h.want("once a minute", h.answer(h.ours(6), nil), fmt.Sprintf("wait %v", h.rest(20*time.Second)))
			}
		}},
		{"by two consumers, hours apart", func(h *holder) {
			h.Complained(h.now, complaint("c1", h.value, 5))
			h.answer(h.ours(5), nil)
			h.now = h.now.Add(registry.ComplaintTTL + time.Second)
			h.Complained(h.now, complaint("c2", h.value, 5))
			h.want("as it was sent", h.answer(h.ours(5), nil), "refresh")
		}},
		{"a flood", func(h *holder) {
			looks := 0
			for i := range 100 {
				if len(h.Complained(h.now, complaint(fmt.Sprint("c", i), "", registry.Index(100+i)))) > 0 {
					looks++
					h.answer(h.ours(5), nil)
				}
			}
			if looks > 6 {
				h.t.Errorf("looks for a hundred complaints at one moment: got %d, want a handful", looks)
			}
		}},
		{"while somebody else has the key", func(h *holder) {
			foreign := encoded(h.t, func(in *registry.Instance) { in.Incarnation, in.Host = "theirs", "10.0.0.8" })
			h.due(20 * time.Second)
			h.answer(h.stored(foreign, 6), nil)
			h.want("complaint", h.Complained(h.now, complaint("c1", foreign, 6)), "")
		}},
		{"after the end", func(h *holder) {
			h.Withdraw(h.now)
			h.want("complaint", h.Complained(h.now, complaint("c1", "", 7)), "")
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

// rest is what is left of a beat that began when the lease was written last.
func (h *holder) rest(beat time.Duration) time.Duration {
	return time.Unix(1000, 0).Add(beat).Sub(h.now)
}
