package supervision

import "time"

// State is where a child stands.
type State uint8

// The states of a child.
const (
	// StateDown has no process and waits for nothing.
	StateDown State = iota
	// StateStarting was told to start and has not answered.
	StateStarting
	// StateRunning is up.
	StateRunning
	// StateBackingOff has failed and waits for its restart, or for the next try after a start that failed.
	StateBackingOff
	// StateParked used up the budget and waits for its next probe.
	StateParked
	// StateProbation is up after a probe and has not yet run long enough to leave parking.
	StateProbation
	// StateStopping was told to stop and has not ended.
	StateStopping
)

// String returns the state's words.
func (s State) String() string {
	return word("state", uint8(s), "down", "starting", "running", "backing off", "parked", "probation", "stopping")
}

// child is the record of one child. Its state is changed by the become methods alone.
type child struct {
	ref         Ref
	ran         Ref    // of the last incarnation that was up
	prev, next  uint32 // start order
	state       State
	unread      bool // it has ended, and the event waits its turn
	charged     bool // the restart it waits for is paid; it is not after a start that failed without backoff
	parked      bool // from parking until the healthy time of a probe
	position    uint64
	incarnation int
	attempts    int           // restarts in a row without a healthy time: the backoff's argument
	probes      int           // likewise for a parked child
	since       time.Duration // of the state; a probation that ends well is part of the run
	parkedSince time.Duration
	until       time.Duration
	exit        Exit
	id          string
	spec        *ChildSpec // without the ID; never changed
}

// live reports whether there is a process that an exit is still to come from.
func (c *child) live() bool {
	switch c.state {
	case StateRunning, StateProbation:
		return !c.unread
	case StateStarting, StateStopping:
		return true
	case StateDown, StateBackingOff, StateParked:
		return false
	}
	return false
}

// up reports whether the child was started and nothing has been done about it since.
func (c *child) up() bool { return c.state == StateRunning || c.state == StateProbation }

// waiting reports whether a retry is in force.
func (c *child) waiting() bool { return c.state == StateBackingOff || c.state == StateParked }

// becomeStarting makes a new incarnation; false when there is a process already.
func (c *child) becomeStarting(now time.Duration) bool {
	if c.live() || c.unread {
		return false
	}
	c.ref = c.ref.following()
	c.state, c.since, c.until, c.charged = StateStarting, now, 0, false
	return true
}

// becomeRunning counts the incarnation; false when none was starting. A parked child is on probation until then.
func (c *child) becomeRunning(now, until time.Duration) bool {
	if c.state != StateStarting {
		return false
	}
	c.state, c.since, c.ran = StateRunning, now, c.ref
	if c.parked {
		c.state, c.until = StateProbation, until
	}
	c.incarnation++
	return true
}

// becomeWaiting enters a wait with an identity of its own, so that a retry for an earlier wait is told from this one's.
func (c *child) becomeWaiting(now, until time.Duration, charged bool) {
	c.ref = c.ref.following()
	c.state, c.since, c.until, c.charged = StateBackingOff, now, until, charged
	if c.parked {
		c.state = StateParked
	}
}

// becomeStopping reports whether the child is to be told: not if it has been, nor if there is no process.
func (c *child) becomeStopping(now time.Duration) bool {
	if !c.live() || c.state == StateStopping {
		return false
	}
	c.state, c.since, c.until = StateStopping, now, 0
	return true
}

// becomeDown ends a process or a wait; whatever still comes for it is stale.
func (c *child) becomeDown(now time.Duration) {
	if c.state != StateDown {
		c.since = now
	}
	c.state, c.until, c.unread, c.charged = StateDown, 0, false, false
}

// pardon forgets past failures: the child ended in order, or by request.
func (c *child) pardon() { c.attempts, c.probes, c.parked = 0, 0, false }

// number is the incarnation of the current or, while starting, the coming process.
func (c *child) number() int {
	if c.state == StateStarting {
		return c.incarnation + 1
	}
	return c.incarnation
}
