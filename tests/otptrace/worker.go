package main

import (
	"errors"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
)

// cannotStart is the reason of a start that a scenario wants to fail.
const cannotStart = "cannot_start"

// crash tells a worker to end.
type crash struct{ reason string }

// worker is one incarnation of a child that is no supervisor.
type worker struct {
	live  *live
	node  *node
	ended bool
}

// Receive implements [actor.Actor].
func (w *worker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		if err := w.live.workerStarts(w.node.path); err != nil {
			w.end(ctx, err)
		}
	case crash:
		w.live.workerCrashes(w.node.path, m.reason)
		w.end(ctx, endFor(m.reason))
	case *actor.Stopping:
		w.obey(ctx)
	}
}

func (w *worker) end(ctx actor.Context, err error) {
	w.ended = true
	actors.End(ctx, err)
}

// obey stops in the worker's manner, unless it has ended already. One that takes as long as it may is in time.
func (w *worker) obey(ctx actor.Context) {
	m := w.node.stop
	switch {
	case w.ended:
	case m.never:
		<-w.live.over
	case atOnce(w.node.child.Shutdown): // whatever it would do, it is given up on before
		time.Sleep(time.Millisecond)
	default:
		time.Sleep(m.after - time.Nanosecond)
		w.end(ctx, endFor(m.reason))
	}
}

// workerStarts is called in the start of a worker. An error is what the scenario wants of it.
func (l *live) workerStarts(path string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case take(l.fails, path):
		l.record("startfail %s %s", path, cannotStart)
		return errors.New(cannotStart)
	case take(l.ignores, path):
		l.record("startignore %s", path)
		return actors.ErrIgnore
	}
	l.living[path] = l.nextIncarnation(path)
	return nil
}

func (l *live) workerCrashes(path, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reason == "kill" {
		reason = "killed"
	}
	l.exited(path, l.living[path], reason)
	delete(l.living, path)
}

// endFor is what a worker ends itself with, so that its supervisor sees the reason.
func endFor(reason string) error {
	switch {
	case reason == "normal":
		return nil
	case reason == "shutdown":
		return actors.ErrShutdown
	case strings.HasPrefix(reason, "shutdown:"):
		return orderly(reason)
	}
	return errors.New(reason)
}

// orderly is a shutdown with a reason.
type orderly string

func (o orderly) Error() string { return string(o) }
func (o orderly) Unwrap() error { return actors.ErrShutdown }

// child is how a node is run: by an actor, or by a supervisor.
func (l *live) child(n *node) actors.Child {
	if n.branch != nil {
		spec := l.supervisorSpec(n)
		return actors.Child{ChildSpec: n.child, Supervisor: &spec}
	}
	return actors.Child{ChildSpec: n.child, Props: actor.PropsFromProducer(func() actor.Actor { return &worker{live: l, node: n} })}
}

func (l *live) supervisorSpec(n *node) actors.SupervisorSpec {
	spec := actors.SupervisorSpec{Spec: n.branch.spec}
	spec.Spec.Children = nil // they come with how they are run
	for _, child := range n.branch.children {
		spec.Children = append(spec.Children, l.child(child))
	}
	if n.branch.dynamic() {
		spec.Template = func(id string) actors.Child { return l.child(n.branch.template.like(n.path + "/" + id)) }
	}
	return spec
}
