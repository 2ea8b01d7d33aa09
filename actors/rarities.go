package actors

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// rarities are the fields that few processes ever need.
type rarities struct {
	requested ending // what End asked for, until the handler has returned
	asked     bool   // it did
	watchers  []*actor.PID
	awaited   bool // its supervisor wants word when it is out of reach
	exit      supervision.Exit
	failure   any      // what a child of the actor failed with, last
	successor *process // has the name of an abandoned process
}

// ending is an end that an actor chose for itself. Its own PID is a pointer that
// no successor under the same name has.
type ending struct {
	quiet
	self *actor.PID
	err  error
}

func (p *process) watch(watcher *actor.PID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rare := p.rareFields()
	if !slices.ContainsFunc(rare.watchers, watcher.Equal) {
		rare.watchers = append(rare.watchers, watcher)
	}
}

func (p *process) unwatch(watcher *actor.PID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rare != nil {
		p.rare.watchers = slices.DeleteFunc(p.rare.watchers, watcher.Equal)
	}
}

// rareFields is called with the lock held.
func (p *process) rareFields() *rarities {
	if p.rare == nil {
		p.rare = &rarities{}
	}
	return p.rare
}

// nameEnd says how the incarnation ends. Most ends are their kind and no more.
func (p *process) nameEnd(exit supervision.Exit) {
	p.kind = exit.Kind
	p.mu.Lock()
	defer p.mu.Unlock()
	if exit != (supervision.Exit{Kind: exit.Kind}) || p.rare != nil {
		p.rareFields().exit = exit
	}
}

// namedEnd is how the incarnation ends.
func (p *process) namedEnd() supervision.Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rare != nil && p.rare.exit.Kind == p.kind {
		return p.rare.exit
	}
	return supervision.Exit{Kind: p.kind}
}

func (p *process) noteFailure(reason any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rareFields().failure = reason
}

func (p *process) failure() any {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rare == nil {
		return nil
	}
	return p.rare.failure
}
