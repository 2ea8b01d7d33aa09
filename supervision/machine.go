package supervision

import (
	"math"
	"time"
)

// Machine decides for one supervisor. It is made by New and driven by Step alone, by one goroutine.
type Machine struct {
	spec Spec
	rnd  func() float64

	phase    phase
	now      time.Duration // of the current step; never goes back
	children roster
	plan     plan
	deferred deferral
	window   window
	actions  []Action
}

// phase is where the supervisor as a whole stands.
type phase uint8

const (
	phaseNew phase = iota // EventStart has not come; other events wait for it
	phaseUp
	phaseOver
)

// New returns a machine for a valid spec. Jitter is drawn from rnd, which answers in [0,1); nil stands for 0.5 always.
func New(spec Spec, rnd func() float64) (*Machine, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	if rnd == nil {
		rnd = func() float64 { return 0.5 }
	}
	spec = spec.withDefaults()
	m := &Machine{
		spec: spec, rnd: rnd, now: math.MinInt64,
		children: newRoster(len(spec.Children)), window: newWindow(spec.Intensity, spec.Grain),
	}
	for _, c := range spec.Children {
		m.children.add(c)
	}
	m.spec.Children = nil // the roster has them
	return m, nil
}

// Step takes one event and returns what to do about it, in order. now is monotonic time since an origin of the caller's
// choice; a time before an earlier one counts as that one. The slice is valid until the next Step.
func (m *Machine) Step(now time.Duration, ev Event) []Action {
	clear(m.actions)
	m.actions = m.actions[:0]
	m.now = max(m.now, now)
	ev.Exit = ev.Exit.bounded()
	m.take(ev)
	for m.phase == phaseUp && m.plan.purpose == noPlan {
		next, ok := m.deferred.pop()
		if !ok {
			break
		}
		m.take(next)
	}
	return m.actions
}

// take brings an event to whoever handles it now.
func (m *Machine) take(ev Event) {
	switch {
	case m.phase == phaseOver:
	case m.phase == phaseNew:
		m.takeNew(ev)
	case m.plan.purpose != noPlan:
		m.takeDuringPlan(ev)
	default:
		m.takeIdle(ev)
	}
}

func (m *Machine) takeNew(ev Event) {
	switch ev.Kind {
	case EventStart:
		m.phase = phaseUp
		m.begin(plan{purpose: planInit, span: everyone(), starting: true})
	case EventStop:
		m.finish()
	case EventAddChild, EventTerminateChild, EventRestartChild, EventDeleteChild, EventWake, EventInspect:
		m.deferred.push(ev)
	case EventChildStarted, EventStartFailed, EventStartIgnored, EventChildExited, EventRetryDue: // nobody was started
	}
}

// takeDuringPlan answers what the plan waits for and puts the rest aside, as OTP's supervisor does, which is blocked
// while it starts and stops children and finds everything else in its mailbox afterwards.
func (m *Machine) takeDuringPlan(ev Event) {
	switch ev.Kind {
	case EventChildStarted:
		m.planStarted(ev.Ref)
	case EventStartFailed:
		m.planStartFailed(ev.Ref, ev.Exit)
	case EventStartIgnored:
		m.planStartIgnored(ev.Ref)
	case EventChildExited:
		m.planExited(ev)
	case EventRetryDue, EventAddChild, EventTerminateChild, EventRestartChild, EventDeleteChild, EventWake, EventInspect,
		EventStop:
		if m.plan.purpose != planExit { // after which nobody is there to answer
			m.deferred.push(ev)
		}
	case EventStart: // has been
	}
}

func (m *Machine) takeIdle(ev Event) {
	switch ev.Kind {
	case EventChildExited:
		m.childExited(ev.Ref, ev.Exit)
	case EventRetryDue:
		m.retryDue(m.children.current(ev.Ref))
	case EventAddChild:
		m.addChild(ev)
	case EventTerminateChild:
		m.terminateChild(ev)
	case EventRestartChild:
		m.restartChild(ev)
	case EventDeleteChild:
		m.deleteChild(ev)
	case EventWake:
		if c := m.children.named(ev.ID); c != nil && c.waiting() {
			m.retryDue(c)
		}
	case EventInspect:
		m.do(Action{Kind: ActionInspected, Request: ev.Request, View: m.view()})
	case EventStop:
		m.begin(plan{purpose: planExit, span: everyone()})
	case EventStart, EventChildStarted, EventStartFailed, EventStartIgnored: // nothing awaits them
	}
}

// finish ends the machine in order; nothing is kept for events that may still come.
func (m *Machine) finish() {
	m.do(Action{Kind: ActionExit, Exit: Exit{Kind: ExitShutdown}})
	m.over()
}

func (m *Machine) over() {
	m.phase, m.plan, m.deferred = phaseOver, plan{}, deferral{}
}

func (m *Machine) do(a Action) { m.actions = append(m.actions, a) }

// tell is do with the fields that name a child.
func (m *Machine) tell(c *child, a Action) {
	a.Ref, a.ID, a.Incarnation = c.ref, c.id, c.number()
	m.do(a)
}
