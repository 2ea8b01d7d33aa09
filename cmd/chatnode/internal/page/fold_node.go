package page

import (
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
)

const (
	// silentTime is after what time a node that says nothing counts as hanging.
	silentTime = 4 * time.Second
	// signalCode is the least exit code of a process that a signal ended.
	signalCode = 128
	// recentTime is how long after a restart a node counts as restarting.
	recentTime = 2 * time.Second
	// maxRestarts bounds the restarts remembered of one node.
	maxRestarts = 128
)

// nodeFold is what is known of one chat node.
type nodeFold struct {
	id       string
	life     int
	alive    bool // its process runs
	ready    bool
	leaving  bool // asked to stop
	exits    int
	fell     bool        // it ended by itself, and is not back
	restarts []time.Time // of its watchers, the newest last
	pulse    pulse.Pulse
	beatAt   time.Time // zero: none in this life
}

// process takes in what became of its process.
func (n *nodeFold) process(o ProcessSeen) {
	switch o.Change {
	case ProcessStarted:
		n.becomeAlive(o.Life)
	case ProcessReady:
		n.ready, n.fell = true, false
	case ProcessDraining:
		n.leaving = true
	case ProcessExited:
		n.becomeDown()
		if !o.Asked {
			n.exits++
			n.fell = o.Code < signalCode
		}
	}
}

func (n *nodeFold) becomeAlive(life int) {
	n.life, n.alive, n.ready, n.leaving, n.restarts, n.beatAt = life, true, false, false, nil, time.Time{}
}

func (n *nodeFold) becomeDown() {
	n.alive, n.ready, n.leaving, n.restarts, n.pulse, n.beatAt = false, false, false, nil, pulse.Pulse{}, time.Time{}
}

func (n *nodeFold) beat(o PulseSeen) {
	if n.alive && n.life == o.Life {
		n.pulse, n.beatAt = o.Pulse, o.At
	}
}

func (n *nodeFold) restarted(at time.Time) {
	if !n.alive {
		return
	}
	n.restarts = append(n.restarts, at)
	if len(n.restarts) > maxRestarts {
		n.restarts = n.restarts[1:]
	}
}

// recent counts the restarts inside the window.
func (n *nodeFold) recent(at time.Time, window time.Duration) int {
	for len(n.restarts) > 0 && at.Sub(n.restarts[0]) > window {
		n.restarts = n.restarts[1:]
	}
	return len(n.restarts)
}

// restarting says that its last restart is hardly over.
func (n *nodeFold) restarting(at time.Time) bool {
	return len(n.restarts) > 0 && at.Sub(n.restarts[len(n.restarts)-1]) <= recentTime
}

// silent says that it has not been heard of for long.
func (n *nodeFold) silent(at time.Time) bool {
	return !n.beatAt.IsZero() && at.Sub(n.beatAt) > silentTime
}

// show is the node's cell.
func (n *nodeFold) show(at time.Time, cfg FoldConfig) Node {
	return Node{
		ID: n.id, State: n.state(at), Sessions: n.pulse.Sessions, Restarts: n.recent(at, cfg.Window),
		Intensity: cfg.Intensity, WindowMS: cfg.Window.Milliseconds(), Exits: n.exits,
	}
}

func (n *nodeFold) state(at time.Time) NodeState {
	switch {
	case !n.alive && n.life == 0:
		return NodeStarting
	case !n.alive:
		return NodeDown
	case n.leaving:
		return NodeDraining
	case !n.ready:
		return NodeStarting
	case n.restarting(at), n.silent(at):
		return NodeDegraded
	}
	return NodeUp
}
