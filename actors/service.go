package actors

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// service is one watched directory as the rest of the process sees it: the
// published snapshot, and the addresses by which its actors find each other.
// It outlives every incarnation of them, so what was known stays in service
// while they restart.
type service struct {
	name      string
	directory string
	use       Directory // with its defaults
	booth     *booth
	ledger    ledger

	known     atomic.Bool // the snapshot is what the registry or the disk said
	snapshot  atomic.Pointer[registry.Snapshot]
	published broadcast
	followers followers
	contact   atomic.Pointer[contact] // written by the reader
	outlook   atomic.Pointer[outlook] // written by the watcher; nil before it first was
	watch     watchClock              // written by the reader

	shadowed atomic.Pointer[shadowed] // written by the shadow; nil before it first compared

	reader  atomic.Pointer[process]
	watcher atomic.Pointer[process]
	entries atomic.Pointer[process]
}

// contact is what is known of the registry's health, replaced as a whole.
type contact struct {
	// confirmed is when the registry last answered; zero before it first did.
	confirmed time.Time
	// failing is since when it does not answer; zero while it does.
	failing time.Time
	reason  string
	// polling says that listings are answered and watches are not.
	polling bool
}

// outlook is what the view says of its source, replaced as a whole.
type outlook struct {
	staleness registry.Staleness
	resume    registry.ResumeWindow
}

func newService(k *kernel, directory string, use Directory) *service {
	use = use.withDefaults()
	s := &service{name: use.Service, directory: directory, use: use, booth: newBooth(&k.stuck, use.Concurrency)}
	s.snapshot.Store(&registry.Snapshot{Directory: directory})
	s.contact.Store(&contact{})
	s.watch.made = time.Now()
	return s
}

// handle decodes or consumes a value where the caller stands, without a guard
// or a budget.
func (s *service) handle(e registry.Entry) (registry.Instance, error) {
	id := strings.TrimPrefix(e.Key, s.directory)
	switch {
	case s.use.Consumer != nil:
		v := Value{Service: s.name, ID: id, Key: e.Key, Data: e.Value, Index: e.Index}
		return named(s.name, id), s.use.Consumer.Consume(context.Background(), v)
	case s.use.Decode != nil:
		return s.use.Decode(s.name, id, e.Value)
	}
	return registry.Decode(s.name, id, e.Value)
}

// named stands for a value that is no instance: nothing but its key.
func named(service, id string) registry.Instance {
	return registry.Instance{Version: registry.Version, Service: service, ID: id, State: registry.StateUp}
}

// broadcast wakes everybody who waits, once per wake.
type broadcast struct {
	mu      sync.Mutex
	waiting chan struct{}
}

// wait returns a channel that the next wake closes.
func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == nil {
		b.waiting = make(chan struct{})
	}
	return b.waiting
}

func (b *broadcast) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting != nil {
		close(b.waiting)
		b.waiting = nil
	}
}
