package actors

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// plan is a supervisor as data: its policy and how each child is made.
type plan struct {
	spec supervision.Spec
	// recipes make the children named in the spec, by ID.
	recipes map[string]recipe
	// template makes the children of a dynamic supervisor, whose spec is child.
	template func(id string) recipe
	child    supervision.ChildSpec
	// onStarted is called in the supervisor's turn once all its children are up.
	onStarted func(self *process)
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
	self     *process
	began    time.Duration
	at       time.Time         // when the present message was taken
	children []child           // by the slot of their ref
	recipes  map[string]recipe // the plan's, until one is added or forgotten
	cloned   bool
	retries  map[supervision.Ref]*time.Timer
	stops    map[supervision.Ref]*time.Timer
	known    map[string]bool // children of a dynamic supervisor that were ensured
	watch    startWatch
	leavers  leavers
	held     supervision.Ref // of a start that waits for a leaver
	end      func() error    // what is left to do when they are all gone
	requests requests
	journal  journal
	nursery  *nursery
	cause    string       // why it gave up
	trace    fmt.Stringer // and where
}

func newSupervisor(k *kernel, path string, p plan) (*supervisor, error) {
	machine, err := supervision.New(p.spec, k.random())
	if err != nil {
		return nil, err
	}
	return &supervisor{
		kernel: k, path: path, plan: p, machine: machine, recipes: p.recipes,
		children: make([]child, 0, len(p.spec.Children)),
	}, nil
}

func (s *supervisor) bind(started func()) { s.started = started }

func (s *supervisor) start(self *process) error {
	s.self = self
	s.at = time.Now()
	s.began = s.kernel.monotonic(s.at)
	s.kernel.branches.Store(s.path, self)
	return s.step(supervision.Event{Kind: supervision.EventStart})
}

// stop is reached when the supervisor has ended its children itself, or when
// it failed or was abandoned; then what still lives is stopped without waiting.
func (s *supervisor) stop(supervision.Exit) {
	s.kernel.branches.CompareAndDelete(s.path, s.self)
	s.watch.stop()
	s.leavers.stop()
	for _, timers := range []map[supervision.Ref]*time.Timer{s.retries, s.stops} {
		for _, timer := range timers {
			if timer != nil { // as for a stop that does not wait
				timer.Stop()
			}
		}
	}
	for i := range s.children {
		if c := &s.children[i]; c.runner != nil {
			c.ask()
		}
	}
	s.requests.refuseAll(ErrNotRunning)
}

func (s *supervisor) receive(message any) error {
	m, ok := message.(control)
	if !ok {
		return nil
	}
	s.at = time.Now()
	return s.control(m)
}

func (s *supervisor) control(message control) error {
	switch m := message.(type) {
	case childStarted:
		s.watch.over(m.ref)
		return s.step(supervision.Event{Kind: supervision.EventChildStarted, Ref: m.ref})
	case childStartFailed:
		return s.ended(supervision.EventStartFailed, m.ref, m.exit, m.reusable)
	case childIgnored:
		return s.ended(supervision.EventStartIgnored, m.ref, supervision.Exit{}, m.reusable)
	case childExited:
		return s.ended(supervision.EventChildExited, m.ref, m.exit, m.reusable)
	case childUnusable:
		s.startAfresh(m.ref)
	case startOverdue:
		return s.startsOverdue()
	case stopOverdue:
		return s.abandon(supervision.EventChildExited, m.ref, "did not stop in time")
	case endOverdue:
		return s.endsOverdue()
	case childLeft:
		return s.goOn()
	case retryDue:
		delete(s.retries, m.ref)
		return s.step(supervision.Event{Kind: supervision.EventRetryDue, Ref: m.ref})
	case ensureChild:
		return s.ensure(m.id)
	case dropChild:
		return s.step(supervision.Event{Kind: supervision.EventTerminateChild, ID: m.id})
	case *request:
		return s.asked(m)
	case *batch:
		return s.spawnNext(m)
	case *look:
		m.reply <- s.sight()
	case shutDown:
		return s.step(supervision.Event{Kind: supervision.EventStop})
	}
	return nil
}

// ensure adds a child of the template, or wakes it where it waits.
func (s *supervisor) ensure(id string) error {
	if s.known[id] {
		return s.step(supervision.Event{Kind: supervision.EventWake, ID: id})
	}
	if s.known == nil {
		s.known = make(map[string]bool)
	}
	s.known[id] = true
	spec := s.plan.child
	spec.ID = id
	return s.step(supervision.Event{Kind: supervision.EventAddChild, Child: &spec})
}

// step feeds the machine one event and performs what it answers. The error it
// returns is the supervisor's own exit.
func (s *supervisor) step(event supervision.Event) error {
	now := s.kernel.monotonic(s.at)
	actions := s.machine.Step(now, event)
	s.journal.note(now, &event, s.subject(&event), actions)
	for i := range actions {
		if err := s.perform(&actions[i]); err != nil {
			return err
		}
	}
	return nil
}

// subject is the path of the child that an event is about.
func (s *supervisor) subject(event *supervision.Event) string {
	switch slot := event.Ref.Slot(); {
	case event.Child != nil:
		return s.childPath(event.Child.ID)
	case event.ID != "":
		return s.childPath(event.ID)
	case !event.Ref.IsZero() && slot < len(s.children):
		return s.children[slot].path
	}
	return ""
}

func (s *supervisor) perform(a *supervision.Action) error {
	if decided(a.Kind) && !a.Ref.IsZero() {
		s.sweep(a.Ref.Slot())
	}
	switch a.Kind {
	case supervision.ActionStartChild:
		s.startChild(a)
	case supervision.ActionStopChild:
		s.stopChild(a)
	case supervision.ActionRetry:
		s.retry(a)
	case supervision.ActionStarted:
		s.report(EventSupervisorUp, s.path, a)
		s.started()
		if s.plan.onStarted != nil {
			s.plan.onStarted(s.self)
		}
	case supervision.ActionStartFailed:
		failure := *a
		s.end = func() error {
			s.report(EventSupervisorFailed, s.path, &failure)
			return exitRequest{failure.Exit}
		}
		return s.exit()
	case supervision.ActionExit:
		exit := s.named(a.Exit)
		s.end = func() error {
			s.emit(&Event{Kind: EventSupervisorDown, Child: s.path, Exit: exit.Kind.String(), Reason: exit.Reason})
			return exitRequest{exit}
		}
		return s.exit()
	case supervision.ActionGaveUp:
		s.cause = fmt.Sprintf("%s: restart intensity exceeded by %s: %s", s.path, a.ID, a.Exit.Reason)
		s.trace = a.Exit.Trace
		s.report(EventSupervisorGaveUp, s.path, a)
	case supervision.ActionChildUp, supervision.ActionTerminated, supervision.ActionRefused, supervision.ActionInspected,
		supervision.ActionIgnored, supervision.ActionForgotten:
		s.answer(a)
	case supervision.ActionParked, supervision.ActionBackoff:
		s.sweepGroup()
	case supervision.ActionExhausted, supervision.ActionReleased,
		supervision.ActionEnded, supervision.ActionSubtreeLost, supervision.ActionAutoShutdown:
	}
	if kind, report := factEvent(a.Kind); report {
		s.report(kind, s.childPath(a.ID), a)
	}
	return nil
}

// decided reports whether the action leaves a child that has ended without a
// new incarnation for now.
func decided(kind supervision.ActionKind) bool {
	switch kind {
	case supervision.ActionBackoff, supervision.ActionParked, supervision.ActionExhausted, supervision.ActionEnded,
		supervision.ActionTerminated, supervision.ActionIgnored, supervision.ActionForgotten, supervision.ActionRefused,
		supervision.ActionGaveUp:
		return true
	case supervision.ActionStartChild, supervision.ActionStopChild, supervision.ActionRetry, supervision.ActionExit,
		supervision.ActionStarted, supervision.ActionStartFailed, supervision.ActionReleased,
		supervision.ActionSubtreeLost, supervision.ActionAutoShutdown, supervision.ActionChildUp, supervision.ActionInspected:
	}
	return false
}

// factEvent is the event of a fact about a child.
func factEvent(kind supervision.ActionKind) (EventKind, bool) {
	switch kind {
	case supervision.ActionParked:
		return EventChildParked, true
	case supervision.ActionExhausted:
		return EventChildExhausted, true
	case supervision.ActionReleased:
		return EventChildReleased, true
	case supervision.ActionBackoff:
		return EventChildBackoff, true
	case supervision.ActionEnded:
		return EventChildEnded, true
	case supervision.ActionSubtreeLost:
		return EventSubtreeLost, true
	case supervision.ActionAutoShutdown:
		return EventAutoShutdown, true
	case supervision.ActionIgnored:
		return EventChildIgnored, true
	case supervision.ActionTerminated:
		return EventChildTerminated, true
	case supervision.ActionRefused:
		return EventRequestRefused, true
	case supervision.ActionStartChild, supervision.ActionStopChild, supervision.ActionRetry, supervision.ActionExit,
		supervision.ActionStarted, supervision.ActionStartFailed, supervision.ActionGaveUp, supervision.ActionChildUp,
		supervision.ActionForgotten, supervision.ActionInspected: // told elsewhere, or no news
	}
	return "", false
}

// named gives the exit of a supervisor that gave up its reason: OTP's is the
// bare word shutdown, and the cause is only in its log.
func (s *supervisor) named(exit supervision.Exit) supervision.Exit {
	if s.cause != "" {
		exit.Reason, exit.Trace = bounded(s.cause), s.trace
	}
	return exit
}

func (s *supervisor) report(kind EventKind, path string, a *supervision.Action) {
	e := &Event{
		Kind: kind, Child: path, Incarnation: a.Incarnation, Reason: a.Exit.Reason, DelayMS: a.Delay.Milliseconds(),
	}
	if a.Err != nil {
		e.Reason = a.Err.Error()
	}
	s.emit(e)
}

// emit reports an event of the present turn.
func (s *supervisor) emit(e *Event) {
	e.At, e.Supervisor = s.at, s.path
	s.kernel.events.emitAt(e)
}
