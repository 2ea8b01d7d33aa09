package supervision

import "time"

// plan is work that takes several answers: stops in reverse start order, then starts in start order, each awaited. While
// there is one, the machine handles nothing else.
type plan struct {
	purpose  purpose
	span     span
	subject  uint32 // the child whose exit, retry or request this is about; the span's first unless it is everyone
	starting bool   // the stops are done
	cursor   uint32 // the child being stopped, or the next to start

	waiting     bool // between stops and starts the subject waits
	delay       time.Duration
	newlyParked bool

	failure Action // planUnwind reports it at the end
	request uint64 // the mark of what asked for it
}

// purpose says what the plan's stops and starts are for, and so what follows them.
type purpose uint8

const (
	noPlan        purpose = iota
	planInit              // start the initial children
	planUnwind            // stop them again, because one failed
	planAdd               // start one more child
	planRequested         // start a child that is down, by request
	planRestart           // stop and start a child and its group
	planTerminate         // stop one child
	planExit              // stop all and end
)

// groupRestart is the plan that restarts a child and the siblings its strategy touches.
func (m *Machine) groupRestart(c *child) plan {
	return plan{purpose: planRestart, span: m.spec.Strategy.touches(c.position), subject: c.ref.slot}
}

func (m *Machine) begin(p plan) {
	m.plan = p
	if p.starting {
		m.plan.cursor = m.firstOf(p.span, p.subject)
	} else {
		m.plan.cursor = m.lastOf(p.span, p.subject)
		if p.purpose == planExit && m.spec.Strategy == Dynamic {
			m.stopAtOnce()
		}
	}
	m.advance()
}

// firstOf and lastOf need no walk: a span is one child, all of them, or the rest from the subject on.
func (m *Machine) firstOf(s span, subject uint32) uint32 {
	if s.from == 0 {
		return m.children.head
	}
	return subject
}

func (m *Machine) lastOf(s span, subject uint32) uint32 {
	if s.from == s.to {
		return subject
	}
	return m.children.tail
}

// advance takes the next step of the plan, or ends it when there is none.
func (m *Machine) advance() {
	switch {
	case m.plan.starting && !m.startNext():
		m.startsDone()
	case !m.plan.starting && !m.stopNext():
		m.stopsDone()
	}
}

// stopNext sees to the last child of the span that is not down yet; false when all are. The cursor stays on a child until
// its exit has come, so children that end out of turn cost nothing extra.
func (m *Machine) stopNext() bool {
	for m.plan.cursor != noSlot {
		c := m.children.at(m.plan.cursor)
		if !m.plan.span.contains(c.position) {
			break
		}
		if c.live() {
			m.stop(c)
			return true
		}
		m.plan.cursor = c.prev
		c.becomeDown(m.now)
		if m.plan.purpose == planRestart && c.spec.Restart == Temporary {
			m.forget(c, 0)
		}
	}
	return false
}

// stopAtOnce tells every child before the first is waited for.
func (m *Machine) stopAtOnce() {
	for slot := m.children.tail; slot != noSlot; slot = m.children.at(slot).prev {
		m.stop(m.children.at(slot))
	}
}

func (m *Machine) stop(c *child) {
	if c.up() && !c.unread {
		m.creditUptime(c)
	}
	if c.becomeStopping(m.now) {
		m.tell(c, Action{Kind: ActionStopChild, Shutdown: c.spec.Shutdown.withDefault(c.spec.Supervisor)})
	}
}

// startNext starts the next child of the span; false when all are up.
func (m *Machine) startNext() bool {
	for m.plan.cursor != noSlot {
		c := m.children.at(m.plan.cursor)
		if !m.plan.span.contains(c.position) {
			break
		}
		m.plan.cursor = c.next
		if c.becomeStarting(m.now) {
			m.tell(c, Action{Kind: ActionStartChild})
			return true
		}
	}
	return false
}

func (m *Machine) stopsDone() {
	p := m.plan
	switch p.purpose {
	case planRestart:
		if p.waiting {
			m.plan = plan{}
			m.wait(m.children.at(p.subject), p)
			return
		}
		p.starting = true
		m.begin(p)
	case planTerminate:
		m.plan = plan{}
		m.terminated(m.children.at(p.subject), p.request)
	case planUnwind:
		m.do(p.failure)
		m.over()
	case planExit:
		m.finish()
	case noPlan, planInit, planAdd, planRequested: // stop nobody
	}
}

func (m *Machine) startsDone() {
	p := m.plan
	m.plan = plan{}
	switch p.purpose {
	case planInit:
		m.do(Action{Kind: ActionStarted})
	case planAdd, planRequested:
		m.tell(m.children.at(p.subject), Action{Kind: ActionChildUp, Request: p.request})
	case noPlan, planUnwind, planRestart, planTerminate, planExit: // nobody asked
	}
}

// wait lets the subject of a group restart sit out its delay, the group being down.
func (m *Machine) wait(c *child, p plan) {
	c.becomeWaiting(m.now, m.now+p.delay, true)
	kind := ActionBackoff
	if p.newlyParked {
		kind = ActionParked
	}
	m.tell(c, Action{Kind: kind, Delay: p.delay, Exit: c.exit})
	m.tell(c, Action{Kind: ActionRetry, Delay: p.delay})
}

func (m *Machine) terminated(c *child, request uint64) {
	m.tell(c, Action{Kind: ActionTerminated, Request: request})
	c.pardon()
	if m.transitory(c) {
		m.forget(c, 0)
	}
}

// planStarted is the answer to a start.
func (m *Machine) planStarted(ref Ref) {
	c := m.children.current(ref)
	healthy := m.spec.Probe.ResetAfter()
	if c == nil || !c.becomeRunning(m.now, m.now+healthy) {
		return
	}
	if c.state == StateProbation {
		m.tell(c, Action{Kind: ActionRetry, Delay: healthy})
	}
	m.advance()
}

// planStartFailed is the other answer to a start. Children that the plan started before stay up, except at the beginning.
func (m *Machine) planStartFailed(ref Ref, exit Exit) {
	c := m.children.current(ref)
	if c == nil || c.state != StateStarting {
		return
	}
	c.exit = exit
	p := m.plan
	m.plan = plan{}
	c.becomeDown(m.now)
	switch p.purpose {
	case planInit:
		failure := Action{Kind: ActionStartFailed, Ref: c.ref, ID: c.id, Incarnation: c.incarnation, Exit: exit}
		m.begin(plan{purpose: planUnwind, span: everyone(), failure: failure})
	case planAdd:
		m.tell(c, Action{Kind: ActionRefused, Exit: exit, Err: ErrStartFailed, Request: p.request})
		m.forget(c, 0)
	case planRequested:
		m.tell(c, Action{Kind: ActionRefused, Exit: exit, Err: ErrStartFailed, Request: p.request})
	case planRestart:
		m.startAgain(c)
	case noPlan, planUnwind, planTerminate, planExit: // start nobody
	}
}

// planStartIgnored is the third answer to a start: the child is down, which is neither a failure nor an end, and the plan
// goes on without it. OTP keeps a dynamic child that ignores its restart under no process at all, and crashes when it
// stops; here it is forgotten.
func (m *Machine) planStartIgnored(ref Ref) {
	c := m.children.current(ref)
	if c == nil || c.state != StateStarting {
		return
	}
	c.becomeDown(m.now)
	c.pardon()
	p := m.plan
	m.tell(c, Action{Kind: ActionIgnored, Request: p.request})
	if m.transitory(c) {
		m.forget(c, 0)
	}
	if p.purpose == planAdd || p.purpose == planRequested {
		m.plan = plan{} // the request is answered
		return
	}
	m.advance()
}

// planExited takes an exit that comes during a plan: one that the plan awaits, or one of a child that is starting, which
// is a failed start. Any other waits its turn, but is noted at once, so that a plan that comes to this child first counts
// it as stopped and does not tell the dead; the event is then stale.
func (m *Machine) planExited(ev Event) {
	c := m.children.current(ev.Ref)
	switch {
	case c == nil || !c.live():
	case c.state == StateStarting:
		m.planStartFailed(ev.Ref, ev.Exit)
	case c.state == StateStopping:
		c.exit = ev.Exit
		c.becomeDown(m.now)
		m.advance()
	default:
		m.noteExit(c, ev.Exit)
		c.unread = true
		m.deferred.push(ev)
	}
}
