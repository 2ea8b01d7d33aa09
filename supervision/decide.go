package supervision

import "math"

// childExited handles the exit of a child outside a plan: the place where OTP restarts, keeps or forgets it.
func (m *Machine) childExited(ref Ref, exit Exit) {
	c := m.children.current(ref)
	if c == nil || !c.up() {
		return // an earlier incarnation, or one whose end was taken into account by a group restart
	}
	if !c.unread {
		m.noteExit(c, exit)
	}
	c.becomeDown(m.now)
	if c.spec.Restart.afterExit(c.exit) {
		m.restart(c)
		return
	}
	m.tell(c, Action{Kind: ActionEnded, Exit: c.exit})
	if c.spec.Supervisor {
		m.tell(c, Action{Kind: ActionSubtreeLost, Exit: c.exit})
	}
	m.endForGood(c)
}

// endForGood is what follows the end of a child that is not restarted. It reports whether the supervisor goes with it.
func (m *Machine) endForGood(c *child) bool {
	c.pardon()
	last := m.endsSupervisor(c)
	if last {
		m.tell(c, Action{Kind: ActionAutoShutdown, Exit: c.exit})
	}
	if m.transitory(c) {
		m.forget(c, 0)
	}
	if last {
		m.begin(plan{purpose: planExit, span: everyone()})
	}
	return last
}

// endsSupervisor decides whether a child that ended for good takes the supervisor along.
func (m *Machine) endsSupervisor(c *child) bool {
	switch m.spec.AutoShutdown {
	case AutoShutdownNever:
		return false
	case AutoShutdownAny:
		return c.spec.Significant
	case AutoShutdownAll:
		return c.spec.Significant && !m.children.anySignificant()
	}
	return false
}

// noteExit keeps the reason, and the time: a run long enough to be healthy clears what went wrong before it.
func (m *Machine) noteExit(c *child, exit Exit) {
	c.exit = exit
	m.creditUptime(c)
}

// creditUptime is called when a child that was up ends or is told to, whoever caused it.
func (m *Machine) creditUptime(c *child) {
	uptime := m.now - c.since
	if c.parked && uptime >= m.spec.Probe.ResetAfter() {
		m.release(c)
	}
	if c.attempts > 0 && uptime >= c.spec.Backoff.ResetAfter() {
		c.attempts = 0
	}
}

// restart decides about a child that is down and to be started again. A parked one pays nothing: it has no claim on the
// budget until it is released.
func (m *Machine) restart(c *child) {
	if c.parked {
		m.park(c)
		return
	}
	admitted := m.window.admit(m.now, m.spec.Costs.Of(c.exit.Class))
	switch m.spec.Exhaustion.judge(admitted) {
	case outcomeRestart:
		m.revive(c)
	case outcomeGiveUp:
		m.tell(c, Action{Kind: ActionGaveUp, Exit: c.exit})
		m.begin(plan{purpose: planExit, span: everyone()})
	case outcomePark:
		m.park(c)
	case outcomeStop:
		m.leaveDown(c)
	}
}

// revive starts a child whose restart is paid, with its group: at once, or after its backoff.
func (m *Machine) revive(c *child) {
	p := m.groupRestart(c)
	if c.spec.Backoff.Enabled() {
		c.attempts++
		p.waiting, p.delay = true, c.spec.Backoff.Delay(c.attempts, m.rnd())
	}
	m.begin(p)
}

// park puts a child, and the group that depends on it, on hold until the next probe.
func (m *Machine) park(c *child) {
	p := m.groupRestart(c)
	c.probes++
	p.waiting, p.delay = true, m.spec.Probe.Delay(c.probes, m.rnd())
	if !c.parked {
		p.newlyParked, c.parked, c.parkedSince = true, true, m.now
	}
	m.begin(p)
}

// release puts a parked child back in service.
func (m *Machine) release(c *child) {
	c.parked, c.probes = false, 0
	if c.state == StateProbation {
		c.state, c.until = StateRunning, 0
	}
	m.tell(c, Action{Kind: ActionReleased})
}

// leaveDown is StopChild's way: the child ends like a temporary one, which touches no sibling. If its restart had begun,
// the siblings that wait for their turn behind it are started without it.
func (m *Machine) leaveDown(c *child) {
	begun := c.waiting()
	c.becomeDown(m.now)
	m.tell(c, Action{Kind: ActionExhausted, Exit: c.exit})
	behind := span{c.position + 1, math.MaxUint64}
	first := c.next
	if m.endForGood(c) {
		return
	}
	if group := m.spec.Strategy == OneForAll || m.spec.Strategy == RestForOne; group && begun {
		m.begin(plan{purpose: planRestart, span: behind, subject: first, starting: true})
	}
}

// retryDue ends a wait: of a backoff, of a probe, after a failed start, or for the end of a probation.
func (m *Machine) retryDue(c *child) {
	switch {
	case c == nil:
	case c.state == StateProbation:
		m.release(c)
	case c.state == StateParked, c.state == StateBackingOff && c.charged:
		m.begin(m.groupRestart(c))
	case c.state == StateBackingOff: // OTP counts the next try when it comes to it
		m.restart(c)
	}
}

// startAgain handles a start that failed in a restart. Without backoff the next try is a message to oneself, which stands
// behind requests and exits that have come meanwhile, and is charged when its turn comes.
func (m *Machine) startAgain(c *child) {
	c.becomeWaiting(m.now, m.now, false)
	if c.parked || c.spec.Backoff.Enabled() {
		m.restart(c)
		return
	}
	m.tell(c, Action{Kind: ActionRetry})
}
