//go:build unix

package chaos

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

// removalDelay is how long a single removal waits: an announcer that lost its record
// is back by then.
const removalDelay = 3 * ttl / 2

// thresholds are the guards' own, shortened as the TTL is. The dead may all be evicted
// at once: evictions are counted by the minute, which is longer than a round.
func thresholds() registry.Config {
	return registry.Config{
		RereadBase: 100 * time.Millisecond, RereadCap: 500 * time.Millisecond, RereadRate: 50,
		FlapWindow: 4 * time.Second, ProveHold: time.Second, ProveApart: 200 * time.Millisecond,
		CorruptWindow: 2 * time.Second, ThawHold: time.Second, CanaryEvery: 200 * time.Millisecond,
		ExpiryWindow: 2 * ttl, BaselineWindow: 20 * time.Second, RemovalDelay: removalDelay, RecoverHold: 2 * time.Second,
		ProbeEvery: 300 * time.Millisecond, ProbeFraction: 1, DeadAfter: time.Second, EvictFraction: 100,
		AmnesiaHold: 2 * ttl, AmnesiaRelist: 500 * time.Millisecond,
		TickEvery: 500 * time.Millisecond, SleepGap: 2 * time.Second,
	}
}

// node is a process that watches every service.
type node struct {
	name    string
	link    *link
	runtime *actors.Runtime
	held    map[string]bool // services that an operator holds here

	mu     sync.Mutex
	events []actors.Event
	wrong  []string // what must never happen
}

// maxEvents is how much of a node's past a failure can show.
const maxEvents = 4000

// startNode watches over a link of its own. Every snapshot that is published is
// looked at, in the turn that published it.
func startNode(t *testing.T, name, upstream string, l *ledger, seed uint64, view registry.Config) *node {
	t.Helper()
	n := &node{name: name, link: newLink(t, upstream), held: make(map[string]bool)}
	seen := make(map[string]bool)
	published := make(chan struct{}) // closed when there is a runtime to look at
	var err error
	n.runtime, err = actors.New(actors.Config{
		Source: dial(t, n.link.url()), Seed: seed, View: view,
		Observe: func(e actors.Event) {
			n.note(e)
			if e.Kind == actors.EventPublished {
				<-published
				l.look(n.name, seen, n.runtime.Snapshot(e.Service))
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	close(published)
	for _, s := range crowd() {
		if err := n.runtime.Watch(s.name); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.runtime.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n
}

// never are events that must not come, whatever is done to etcd and its data.
func never() []actors.EventKind {
	return []actors.EventKind{
		actors.EventSupervisorGaveUp, actors.EventSupervisorFailed, actors.EventSubtreeLost,
		actors.EventChildAbandoned, actors.EventChildParked, actors.EventChildExhausted,
	}
}

// note keeps what a failure wants to show, and what is one.
func (n *node) note(e actors.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if slices.Contains(never(), e.Kind) {
		n.wrong = append(n.wrong, fmt.Sprintf("%s: %s of %s: %s", n.name, e.Kind, e.Child, e.Reason))
	}
	if e.Service == "" || e.Kind == actors.EventPublished {
		return // too many, and no news
	}
	if len(n.events) == maxEvents {
		n.events = append(n.events[:0], n.events[maxEvents/2:]...)
	}
	n.events = append(n.events, e)
}

// past is what happened to a key, or around it.
func (n *node) past(service, key string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := ""
	for _, e := range n.events {
		if e.Service == service && (e.Key == "" || e.Key == key) {
			text += fmt.Sprintf("\n      %s %s %s hold=%s guard=%s index=%d %s", e.At.Format("05.000"), e.Kind, e.Key, e.Hold, e.Guard, e.Index, e.Reason)
		}
	}
	return text
}

// faults are what has gone wrong in a node that is its own fault.
func (n *node) faults() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	faults := append([]string(nil), n.wrong...)
	if err := n.runtime.Err(); err != nil {
		faults = append(faults, fmt.Sprintf("%s: %v", n.name, err))
	}
	if abandoned := n.runtime.Status().Abandoned; abandoned > 0 {
		faults = append(faults, fmt.Sprintf("%s: %d children were abandoned", n.name, abandoned))
	}
	return faults
}

// stop ends the node, which takes nobody else along.
func (n *node) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := n.runtime.Stop(ctx); err != nil {
		t.Errorf("stop of %s: got error %v, want none", n.name, err)
	}
}
