package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing/synctest"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// request is one that a supervisor has been asked, and what it answered.
type request struct {
	item     item
	path     string // of the supervisor
	branch   *branch
	nested   bool // the child that it is about is a supervisor
	answered sync.WaitGroup

	err      error
	started  actors.Started
	children []supervision.ChildInfo
	counts   supervision.Counts
	dead     []supervision.Ref // who had died before the supervisor came to this
}

// request asks a supervisor, and returns when that is in its mailbox. The node is what a start command says of the child,
// or nil; before are the children as they were.
func (l *live) request(ctx context.Context, path string, i item, n *node, before []supervision.ChildInfo) *request {
	r := &request{item: i, path: path}
	if above := l.scenario.nodes[path]; above != nil {
		r.branch = above.branch
	}
	b := l.branch(path)
	switch i.verb {
	case "which":
		r.queue(func() { r.children, r.err = b.Children(ctx) })
	case "count": // one right behind the other: nothing changes between them
		r.queue(func() { r.counts, r.err = b.Counts(ctx) })
		r.queue(func() { r.children, _ = b.Children(ctx) })
	case "start", "startdyn":
		l.requestStart(ctx, r, n)
	case "restart":
		r.nested = l.isNested(path + "/" + i.name)
		r.queue(func() { r.started, r.err = b.Restart(ctx, i.name) })
	case "delete":
		r.queue(func() { r.err = b.Delete(ctx, i.name) })
	case "terminate":
		r.queue(func() { r.err = l.terminate(ctx, r, before) })
	}
	return r
}

func (l *live) requestStart(ctx context.Context, r *request, n *node) {
	b := l.branch(r.path)
	if l.incarnation(r.path) == 0 || r.branch.dynamic() {
		r.queue(func() { r.started, r.err = b.Spawn(ctx, r.item.name) })
		return
	}
	l.mu.Lock()
	n = l.describe(r.path, r.branch, r.item.name, n)
	l.mu.Unlock()
	r.nested = n.branch != nil
	r.queue(func() { r.started, r.err = b.Add(ctx, l.child(n)) })
}

// terminate means a process where the supervisor is dynamic: its incarnation. What has none has only a name, by which OTP
// does nothing there, whatever it is asked.
func (l *live) terminate(ctx context.Context, r *request, before []supervision.ChildInfo) error {
	b, name := l.branch(r.path), r.item.name
	switch {
	case !r.branch.dynamic():
		return b.Terminate(ctx, name)
	case l.incarnation(r.path+"/"+name) == 0:
		return b.Delete(ctx, name)
	}
	return b.TerminateIncarnation(ctx, refOf(before, name))
}

// queue asks from a goroutine of its own, since the answer may be long in coming.
func (r *request) queue(ask func()) {
	r.answered.Go(ask)
	synctest.Wait()
}

// answer waits for it. With numbers it names processes.
func (r *request) answer(number func(id string) int) string {
	r.answered.Wait()
	switch {
	case errors.Is(r.err, actors.ErrNotRunning):
		return noSupervisor
	case r.err != nil:
		return refusal(r.err, r.failure())
	}
	switch r.item.verb {
	case "which":
		return listed(slices.Values(r.children), r.branch.dynamic(), number)
	case "count":
		return counted(r.countLiving())
	case "start", "startdyn", "restart":
		if r.started.Ignored {
			return "ok:undefined"
		}
		return "ok:pid"
	}
	return "ok"
}

// countLiving looks at processes, as OTP does for a static supervisor, but not for a dynamic one: who has died does not
// count, whether or not the supervisor has heard of it.
func (r *request) countLiving() supervision.Counts {
	n := r.counts
	if len(r.dead) == 0 {
		return n
	}
	n.Active = 0
	for _, c := range r.children {
		if c.State == supervision.StateRunning && (r.branch.dynamic() || !slices.Contains(r.dead, c.Ref)) {
			n.Active++
		}
	}
	return n
}

// failure is how a start failed: its reason comes last in the error.
func (r *request) failure() string {
	text := r.err.Error()
	reason := text[strings.LastIndex(text, ": ")+len(": "):]
	switch {
	case !r.nested:
		return reason
	case reason == r.path+"/"+r.item.name: // the name that was taken
		return cannotStart
	}
	return failedToStart
}

func refOf(children []supervision.ChildInfo, id string) supervision.Ref {
	for _, c := range children {
		if c.ID == id {
			return c.Ref
		}
	}
	return supervision.Ref{}
}

func (l *live) branch(path string) *actors.Branch {
	return l.tree.Branch(strings.Split(path, "/")[1:]...)
}

// incarnation is the number of the one that lives under the path, 0 if none does.
func (l *live) incarnation(path string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.living[path]
}

func (l *live) isNested(path string) bool {
	n := l.scenario.nodes[path]
	return n != nil && n.branch != nil
}

// number tells the incarnations of a supervisor's children.
func (l *live) number(path string) func(id string) int {
	return func(id string) int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.incarnations[path+"/"+id]
	}
}

// state is the line that a trace ends with for each supervisor.
func (l *live) state(ctx context.Context, n *node) string {
	which := l.request(ctx, n.path, item{verb: "which"}, nil, nil).answer(l.number(n.path))
	if which == noSupervisor {
		return n.path + " down"
	}
	return n.path + " " + which + " " + l.request(ctx, n.path, item{verb: "count"}, nil, nil).answer(nil)
}
