package registry_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// node is one consumer of a fleet, driven by hand.
type node struct {
	*registry.Fleet

	t   *testing.T
	now time.Time
}

func newNode(t *testing.T, name string) *node {
	t.Helper()
	f, err := registry.NewFleet(registry.FleetConfig{Consumer: name})
	if err != nil {
		t.Fatal(err)
	}
	return &node{Fleet: f, t: t, now: time.Unix(1000, 0)}
}

// bad is a row of the quarantine.
func bad(id string, index registry.Index, class registry.Class) *registry.Bad {
	return &registry.Bad{Key: apis + id, Index: index, Class: class, Hash: uint64(index) * 7}
}

func (n *node) see(bads ...*registry.Bad) string {
	return n.show(n.See(n.now, &registry.Snapshot{Directory: apis, Quarantined: bads}))
}

// after lets time pass and shows what is due, "next" and when.
func (n *node) after(d time.Duration) string {
	n.now = n.now.Add(d)
	steps, next := n.Tick(n.now)
	words := n.show(steps)
	return strings.TrimSpace(fmt.Sprintf("%s next %v", words, next.Sub(n.now)))
}

// hear takes a complaint of another consumer.
func (n *node) hear(consumer, id string, index registry.Index) string {
	return n.show(n.Heard(n.now, registry.Complaint{
		Service: "api", Instance: id, Consumer: consumer, Class: "syntax", Index: index, Hash: uint64(index) * 7,
	}))
}

// show prints steps, and writes down each complaint that is asked for.
func (n *node) show(steps []registry.FleetStep) string {
	var words []string
	for _, step := range steps {
		switch s := step.(type) {
		case registry.Complain:
			words = append(words, fmt.Sprintf("complain %s@%d", s.Complaint.Instance, s.Complaint.Index))
			n.Made(n.now, s.Complaint)
		case registry.Confirmed:
			words = append(words, fmt.Sprintf("confirmed %s@%d by %d", s.Complaint.Instance, s.Complaint.Index, s.Others))
		case registry.SelfSuspected:
			words = append(words, "suspect because of "+s.Complaint.Instance)
		case registry.SelfCleared:
			words = append(words, fmt.Sprintf("cleared after %v", s.After))
		}
	}
	return strings.Join(words, ", ")
}

func (n *node) want(what, got, want string) {
	n.t.Helper()
	if got != want {
		n.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestFleetVerdict(t *testing.T) {
	syntax := registry.ClassSyntax
	tests := []struct {
		name string
		run  func(n *node)
	}{
		{"nothing is bad", func(n *node) {
			n.want("see", n.see(), "")
			n.want("a minute later", n.after(time.Minute), "next 1m0s")
		}},
		{"one complaint a minute, the first not at once", func(n *node) {
			n.see(bad("a", 7, registry.ClassEmpty))
			n.want("at once", n.after(0), "next 1s")
			n.want("a second later", n.after(time.Second), "complain a@7 next 1m0s")
			n.want("the next snapshot", n.see(bad("a", 7, registry.ClassEmpty)), "")
			n.want("half a minute later", n.after(59*time.Second), "next 1s")
			n.want("a minute later", n.after(time.Second), "complain a@7 next 1m0s")
			n.want("repaired", n.see(), "")
			n.want("hours later", n.after(time.Hour), "next 1m0s")
		}},
		{"another write is another complaint, not within the minute", func(n *node) {
			n.see(bad("a", 7, registry.ClassEmpty))
			n.after(time.Second)
			n.see()
			n.see(bad("a", 9, registry.ClassEmpty))
			n.want("a second later", n.after(time.Second), "next 59s")
			n.want("a minute later", n.after(59*time.Second), "complain a@9 next 1m0s")
		}},
		{"what a newer writer wrote, and what is only doubted, is not bad", func(n *node) {
			doubted := bad("b", 8, syntax)
			doubted.Doubted = n.now.Add(time.Minute)
			n.see(bad("a", 7, registry.ClassUnsupported), doubted, bad("☃", 9, syntax))
			n.want("a minute later", n.after(time.Minute), "next 1m0s")
		}},
		{"confirmed by another node", func(n *node) {
			n.see(bad("a", 7, syntax))
			n.want("another value of the key", n.hear("c2", "a", 6), "")
			n.want("itself", n.hear("me", "a", 7), "")
			n.want("the same", n.hear("c2", "a", 7), "confirmed a@7 by 1")
			n.want("a third", n.hear("c3", "a", 7), "")
			if got := n.Verdict(apis + "a"); got != registry.VerdictData {
				n.t.Errorf("verdict: got %v, want data", got)
			}
			n.after(time.Second)
			n.want("an hour later", n.after(59*time.Second), "next 1s")
		}},
		{"another node was first", func(n *node) {
			n.hear("c2", "a", 7)
			n.want("see", n.see(bad("a", 7, syntax)), "confirmed a@7 by 1")
		}},
		{"alone: suspect", func(n *node) {
			n.see(bad("a", 7, syntax))
			n.after(time.Second)
			n.want("just before", n.after(29*time.Second), "next 1s")
			n.want("alone", n.after(time.Second), "suspect because of a next 1m0s")
			n.want("silent", n.after(time.Minute), "next 1m0s")
			n.want("of other keys too", n.see(bad("a", 7, syntax), bad("b", 9, syntax)), "")
			n.want("silent", n.after(time.Minute), "next 1m0s")
			if !n.Suspect() || n.Verdict(apis+"a") != registry.VerdictLocal {
				n.t.Errorf("got suspect %v, verdict %v, want true, local", n.Suspect(), n.Verdict(apis+"a"))
			}
			n.want("another one, late", n.hear("c2", "a", 7), "confirmed a@7 by 1, cleared after 2m0s")
			n.want("not silent any more", n.after(time.Second), "complain a@7, complain b@9 next 1m0s")
		}},
		{"alone, and the value went", func(n *node) {
			n.see(bad("a", 7, syntax))
			n.after(time.Second)
			n.after(30 * time.Second)
			n.want("repaired", n.see(), "cleared after 0s")
		}},
		{"alone for long: asked again", func(n *node) {
			n.see(bad("a", 7, syntax))
			n.after(time.Second)
			n.after(30 * time.Second)
			n.want("ten minutes", n.after(10*time.Minute), "cleared after 10m0s, complain a@7 next 1m0s")
			n.want("alone again", n.after(30*time.Second), "suspect because of a next 1m0s")
		}},
		{"alone with one key, confirmed on another", func(n *node) {
			n.see(bad("a", 7, syntax), bad("b", 9, syntax))
			n.hear("c2", "b", 9)
			n.after(time.Second)
			n.want("no suspect", n.after(30*time.Second), "next 30s")
		}},
		{"what nobody could read is no matter of decoders", func(n *node) {
			n.see(bad("a", 7, registry.ClassEmpty), bad("b", 8, registry.ClassNull), bad("c", 9, registry.ClassOversize))
			n.after(time.Second)
			n.want("alone", n.after(30*time.Second), "next 30s")
		}},
		{"eight are enough", func(n *node) {
			n.see(bad("a", 7, syntax))
			for i := range registry.MaxComplaints {
				n.hear(fmt.Sprint("c", i), "a", 7)
			}
			n.want("no ninth", n.after(time.Second), "next 1m0s")
			n.want("but later, when theirs are over", n.after(registry.ComplaintTTL), "complain a@7 next 1m0s")
		}},
		{"a frozen view complains of nothing", func(n *node) {
			frozen := &registry.Snapshot{
				Directory: apis, Quarantined: []*registry.Bad{bad("a", 7, syntax)},
				Guards: []registry.GuardState{{Guard: registry.GuardCorruption}},
			}
			n.See(n.now, frozen)
			n.want("frozen", n.after(time.Minute), "next 1m0s")
			n.want("thawed", n.see(bad("a", 7, syntax)), "")
			n.want("again", n.after(0), "complain a@7 next 1m0s")
		}},
		{"a view that suspects this process silences all", func(n *node) {
			n.see(bad("a", 7, syntax))
			n.See(n.now, &registry.Snapshot{
				Directory: "/services/db/", Guards: []registry.GuardState{{Guard: registry.GuardCorruption, Suspect: true}},
			})
			n.want("silent", n.after(time.Minute), "next 1m0s")
			if !n.Suspect() {
				n.t.Error("suspect: got false, want true")
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(newNode(t, "me")) })
	}
	if f, err := registry.NewFleet(registry.FleetConfig{}); err == nil {
		t.Errorf("fleet without a name: got %v, want an error", f)
	}
}

// Whatever is heard and seen, tables stay bounded, nobody complains of a key twice
// within a minute, and a suspect is silent.
func TestFleetIsBounded(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 9))
		n := newNode(t, "me")
		last := make(map[string]time.Time)
		for range 400 {
			n.now = n.now.Add(time.Duration(r.IntN(20_000)) * time.Millisecond)
			var bads []*registry.Bad
			for i := range r.IntN(6) {
				bads = append(bads, bad(fmt.Sprint("i", i), registry.Index(1+r.IntN(2)), registry.ClassSyntax))
			}
			n.See(n.now, &registry.Snapshot{Directory: apis, Quarantined: bads})
			for range r.IntN(8) {
				n.hear(fmt.Sprint("c", r.IntN(100)), fmt.Sprint("i", r.IntN(5000)), registry.Index(r.IntN(3)))
			}
			steps, next := n.Tick(n.now)
			if next.Before(n.now) {
				t.Fatalf("seed %d: next: got %v before now, want it after", seed, n.now.Sub(next))
			}
			for _, step := range steps {
				c, ok := step.(registry.Complain)
				if !ok {
					continue
				}
				n.Made(n.now, c.Complaint)
				if at, before := last[c.Complaint.Instance]; n.Suspect() || before && n.now.Sub(at) < time.Minute {
					t.Fatalf("seed %d: suspect %v: got %+v %v after the last of its key", seed, n.Suspect(), c, n.now.Sub(at))
				}
				last[c.Complaint.Instance] = n.now
			}
		}
	}
}
