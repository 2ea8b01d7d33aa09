package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// startLimit is how long a child may take to start before it counts as failed.
// Starts do no I/O here, so this catches bugs, not slowness.
const startLimit = 5 * time.Second

// plan is a supervisor as data: its policy and how each child is made.
type plan struct {
	spec supervision.Spec
	// starts makes the children named in the spec, by ID.
	starts map[string]func(path string) behaviour
	// template makes the children of a dynamic supervisor, whose spec is child.
	template func(path, id string) behaviour
	child    supervision.ChildSpec
	// onStarted is called in the supervisor's turn once all its children are up.
	onStarted func(self *actor.PID)
}

// supervisor carries out what its machine decides: the smallest loop that
// feeds it events and performs the answers.
type supervisor struct {
	// Fixed at construction.
	kernel  *kernel
	path    string
	plan    plan
	machine *supervision.Machine
	started func()

	// Touched only in the actor's turns.
	children map[supervision.Ref]*child
	retries  map[supervision.Ref]*time.Timer
	known    map[string]bool // children of a dynamic supervisor
	cause    string          // why it gave up
}

func newSupervisor(k *kernel, path string, p plan) (*supervisor, error) {
	machine, err := supervision.New(p.spec, k.random())
	if err != nil {
		return nil, err
	}
	return &supervisor{
		kernel:   k,
		path:     path,
		plan:     p,
		machine:  machine,
		children: make(map[supervision.Ref]*child),
		retries:  make(map[supervision.Ref]*time.Timer),
		known:    make(map[string]bool),
	}, nil
}

func (s *supervisor) bind(started func()) { s.started = started }

func (s *supervisor) start(ctx actor.Context) error {
	return s.step(ctx, supervision.Event{Kind: supervision.EventStart})
}

// stop is reached when the supervisor has ended its children itself, or when
// it failed; in that case what still lives is stopped without waiting.
func (s *supervisor) stop(ctx actor.Context, _ supervision.Exit) {
	for _, timer := range s.retries {
		timer.Stop()
	}
	for _, c := range s.children {
		c.disarm()
		s.ask(ctx, c)
	}
}

func (s *supervisor) receive(ctx actor.Context, message any) error {
	request, ok := message.(control)
	if !ok {
		return nil
	}
	switch m := request.(type) {
	case childStarted:
		s.disarm(m.ref)
		return s.step(ctx, supervision.Event{Kind: supervision.EventChildStarted, Ref: m.ref})
	case childStartFailed:
		return s.ended(ctx, supervision.EventStartFailed, m.ref, m.exit)
	case childExited:
		return s.ended(ctx, supervision.EventChildExited, m.ref, m.exit)
	case startOverdue:
		return s.abandon(ctx, supervision.EventStartFailed, m.ref, "did not start in time")
	case stopOverdue:
		return s.abandon(ctx, supervision.EventChildExited, m.ref, "did not stop in time")
	case retryDue:
		delete(s.retries, m.ref)
		return s.step(ctx, supervision.Event{Kind: supervision.EventRetryDue, Ref: m.ref})
	case ensureChild:
		return s.ensure(ctx, m.id)
	case dropChild:
		return s.step(ctx, supervision.Event{Kind: supervision.EventTerminateChild, ID: m.id})
	case shutDown:
		return s.step(ctx, supervision.Event{Kind: supervision.EventStop})
	}
	return nil
}

// ensure adds a child of the template, or wakes it where it waits.
func (s *supervisor) ensure(ctx actor.Context, id string) error {
	if s.known[id] {
		return s.step(ctx, supervision.Event{Kind: supervision.EventWake, ID: id})
	}
	s.known[id] = true
	spec := s.plan.child
	spec.ID = id
	return s.step(ctx, supervision.Event{Kind: supervision.EventAddChild, Child: &spec})
}

// ended is the death of an incarnation, once: an abandoned one that ends after
// all is no longer known.
func (s *supervisor) ended(ctx actor.Context, kind supervision.EventKind, ref supervision.Ref, exit supervision.Exit) error {
	c, known := s.children[ref]
	if !known {
		return nil
	}
	c.disarm()
	delete(s.children, ref)
	s.kernel.events.emit(Event{
		Kind: EventChildExited, Child: c.path, Reason: exit.Reason, Exit: exit.Kind.String(), Class: exit.Class.String(),
	})
	return s.step(ctx, supervision.Event{Kind: kind, Ref: ref, Exit: exit})
}

// abandon gives up on an incarnation that does not answer: a goroutine cannot
// be killed, so it is made unreachable, counted and reported.
func (s *supervisor) abandon(ctx actor.Context, kind supervision.EventKind, ref supervision.Ref, why string) error {
	c, known := s.children[ref]
	if !known {
		return nil
	}
	delete(s.children, ref)
	s.kernel.unregister(c.pid)
	s.kernel.abandoned.Add(1)
	s.kernel.events.emit(Event{Kind: EventChildAbandoned, Child: c.path, Reason: why})
	exit := supervision.Exit{Kind: supervision.ExitKilled, Class: supervision.ClassTimeout, Reason: why}
	return s.step(ctx, supervision.Event{Kind: kind, Ref: ref, Exit: exit})
}

// step feeds the machine one event and performs what it answers. The error it
// returns is the supervisor's own exit.
func (s *supervisor) step(ctx actor.Context, event supervision.Event) error {
	for _, action := range s.machine.Step(s.kernel.now(), event) {
		if err := s.perform(ctx, action); err != nil {
			return err
		}
	}
	return nil
}

func (s *supervisor) perform(ctx actor.Context, a supervision.Action) error {
	switch a.Kind {
	case supervision.ActionStartChild:
		s.startChild(ctx, a)
	case supervision.ActionStopChild:
		s.stopChild(ctx, a)
	case supervision.ActionRetry:
		s.retry(ctx, a)
	case supervision.ActionStarted:
		s.started()
		if s.plan.onStarted != nil {
			s.plan.onStarted(ctx.Self())
		}
	case supervision.ActionStartFailed:
		return exitRequest{a.Exit}
	case supervision.ActionExit:
		return exitRequest{s.named(a.Exit)}
	case supervision.ActionForgotten, supervision.ActionRefused:
		delete(s.known, a.ID)
	case supervision.ActionGaveUp:
		s.cause = fmt.Sprintf("%s: restart intensity exceeded by %s: %s", s.path, a.ID, a.Exit.Reason)
		s.report(EventSupervisorGaveUp, s.path, a)
	case supervision.ActionParked, supervision.ActionExhausted:
		s.report(EventChildParked, s.childPath(a.ID), a)
	case supervision.ActionReleased:
		s.report(EventChildReleased, s.childPath(a.ID), a)
	case supervision.ActionBackoff:
		s.report(EventChildBackoff, s.childPath(a.ID), a)
	case supervision.ActionEnded, supervision.ActionTerminated, supervision.ActionSubtreeLost,
		supervision.ActionAutoShutdown, supervision.ActionIgnored, supervision.ActionChildUp:
		// The exit or the start has been reported; nothing is to be done.
	}
	return nil
}

// named gives the exit of a supervisor that gave up its reason: OTP's is the
// bare word shutdown, and the cause is only in its log.
func (s *supervisor) named(exit supervision.Exit) supervision.Exit {
	if s.cause != "" {
		exit.Reason = bounded(s.cause)
	}
	return exit
}

func (s *supervisor) report(kind EventKind, path string, a supervision.Action) {
	s.kernel.events.emit(Event{
		Kind: kind, Child: path, Incarnation: a.Incarnation, Reason: a.Exit.Reason, DelayMS: a.Delay.Milliseconds(),
	})
}
