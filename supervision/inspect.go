package supervision

import (
	"iter"
	"slices"
	"time"
)

// ChildInfo is what can be seen of one child: values, nothing live.
type ChildInfo struct {
	ID  string
	Ref Ref
	// Incarnation is the number of successful starts; while starting, that of the coming one.
	Incarnation int
	State       State
	// Since is when the child came into its state, on the clock that Step is given; a child that is parked, when it was
	// parked, however often it was probed. It tells nothing of a child that was never started.
	Since time.Duration
	// Until is when a wait or a probation ends, on the clock that Step is given. Zero in other states.
	Until time.Duration
	// LastExit is how the child last ended or failed to start. Zero until then.
	LastExit Exit
	// Restarts is how many successful starts followed the first.
	Restarts int
}

// Children yields the children in start order. The machine must not be stepped meanwhile.
func (m *Machine) Children() iter.Seq[ChildInfo] {
	return func(yield func(ChildInfo) bool) {
		for c := range m.children.inOrder() {
			if !yield(c.info()) {
				return
			}
		}
	}
}

// Child returns what is known of the child with the ID.
func (m *Machine) Child(id string) (ChildInfo, bool) {
	if c := m.children.named(id); c != nil {
		return c.info(), true
	}
	return ChildInfo{}, false
}

// View is how a supervisor stands, as values.
type View struct {
	Counts   Counts
	Children []ChildInfo // in start order
}

func (m *Machine) view() *View {
	return &View{Counts: m.Counts(), Children: slices.Collect(m.Children())}
}

// Len returns the number of children, running or not.
func (m *Machine) Len() int { return m.children.len() }

// Counts is what OTP's count_children says.
type Counts struct {
	// Specs is the number of child specs, which is 1 for a Dynamic supervisor.
	Specs int
	// Active is how many children are up. The machine knows of an exit when it is told: a shell that holds one back
	// takes it off.
	Active int
	// Supervisors and Workers are the children by kind, up or not.
	Supervisors, Workers int
}

// Counts counts the children, in a walk over all of them.
func (m *Machine) Counts() Counts {
	n := Counts{Specs: m.Len()}
	if m.spec.Strategy == Dynamic {
		n.Specs = 1
	}
	for c := range m.children.inOrder() {
		if c.up() && !c.unread {
			n.Active++
		}
		if c.spec.Supervisor {
			n.Supervisors++
		} else {
			n.Workers++
		}
	}
	return n
}

// Incarnation returns the number of the incarnation that the Ref means, 0 once the Ref is no longer current.
func (m *Machine) Incarnation(ref Ref) int {
	if c := m.children.current(ref); c != nil {
		return c.number()
	}
	return 0
}

// Window returns how much of the intensity is used up at the given time, in restarts, and how many are allowed, which is
// Unlimited if there is no bound.
func (m *Machine) Window(now time.Duration) (used, allowed float64) {
	if m.window.limit < 0 {
		return 0, Unlimited
	}
	return float64(m.window.usedAt(max(now, m.now))) / quartersPerRestart, float64(m.window.limit) / quartersPerRestart
}

// Period returns the length of the sliding window, 0 if restarts are not bounded.
func (m *Machine) Period() time.Duration { return m.window.period }

func (c *child) info() ChildInfo {
	since := c.since
	if c.state == StateParked {
		since = c.parkedSince
	}
	return ChildInfo{
		ID: c.id, Ref: c.ref, Incarnation: c.number(), State: c.state, Since: since, Until: c.until,
		LastExit: c.exit, Restarts: max(c.incarnation-1, 0),
	}
}
