package actors

import (
	"context"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// maxListedChildren is how many children of one supervisor a [Node] lists.
// Those that are not simply running come first when there are more.
const maxListedChildren = 1000

// Node is one supervisor or worker of a tree at one moment: values, nothing
// live.
type Node struct {
	ID   string `json:"id"`
	Path string `json:"path"`
	// State is the machine's word: running, starting, backing off, parked,
	// probation, stopping or down.
	State       string `json:"state"`
	Incarnation int    `json:"incarnation"`
	// Restarts is how many incarnations followed the first.
	Restarts int `json:"restarts"`
	// SinceMS is how long it has been in that state; a parked child, since it was
	// parked, however often it was probed. The root's is that of its start.
	SinceMS int64 `json:"since_ms"`
	// UntilMS is how long a wait or a probation still takes.
	UntilMS int64 `json:"until_ms,omitzero"`
	// LastExit is how the last incarnation that ended did so, and LastTrace
	// where, if it panicked.
	LastExit  string `json:"last_exit,omitzero"`
	LastTrace string `json:"last_trace,omitzero"`
	// Abandoned is how many of its incarnations were given up on and are still
	// there.
	Abandoned int `json:"abandoned,omitzero"`
	// Supervisor is what a supervisor has beyond that, nil for a worker.
	Supervisor *SupervisorNode `json:"supervisor,omitzero"`
}

// SupervisorNode is the part of a [Node] that only a supervisor has.
type SupervisorNode struct {
	Strategy string `json:"strategy"`
	// Used is how many restarts of the Allowed ones lie inside the period; it
	// may be a fraction, where restarts cost less than one. Allowed is -1 where
	// there is no bound.
	Used     float64 `json:"restarts_used"`
	Allowed  float64 `json:"restarts_allowed"`
	PeriodMS int64   `json:"period_ms"`
	// Children are in start order, or, where there are more than a thousand,
	// those that are not running before those that are.
	Children []Node `json:"children"`
	// Omitted is how many children are not listed.
	Omitted int `json:"omitted,omitzero"`
	// Decisions are the last 50, oldest first.
	Decisions []Decision `json:"decisions"`
}

// sight is what one supervisor shows of itself.
type sight struct {
	node   *SupervisorNode
	nested map[string]*process // of the listed children, by ID
	age    time.Duration       // since its start began
}

// sight is read in the supervisor's turn.
func (s *supervisor) sight() sight {
	now := s.kernel.monotonic(s.at)
	used, allowed := s.machine.Window(now)
	seen := sight{nested: make(map[string]*process), age: now - s.began, node: &SupervisorNode{
		Strategy: s.plan.spec.Strategy.String(), Used: used, Allowed: allowed,
		PeriodMS: s.machine.Period().Milliseconds(), Decisions: s.journal.decisions(now),
	}}
	infos := s.listed()
	seen.node.Children, seen.node.Omitted = make([]Node, 0, len(infos)), s.machine.Len()-len(infos)
	for _, info := range infos {
		seen.node.Children = append(seen.node.Children, s.childNode(info, now))
		if c := s.of(info.Ref); c != nil && c.nested {
			seen.nested[info.ID], _ = c.runner.(*process)
		}
	}
	return seen
}

// listed are the children that a [Node] names. Where there are too many they are
// walked over twice rather than collected: it is the supervisor's turn, and it
// may have a hundred thousand.
func (s *supervisor) listed() []supervision.ChildInfo {
	limit := min(s.machine.Len(), maxListedChildren)
	all := limit == s.machine.Len()
	infos := make([]supervision.ChildInfo, 0, limit)
	for _, running := range []bool{false, true} {
		for info := range s.machine.Children() {
			switch {
			case len(infos) == limit:
				return infos
			case all || running == (info.State == supervision.StateRunning):
				infos = append(infos, info)
			}
		}
	}
	return infos
}

func (s *supervisor) childNode(info supervision.ChildInfo, now time.Duration) Node {
	path := s.childPath(info.ID)
	node := Node{
		ID: info.ID, Path: path, State: info.State.String(), Incarnation: info.Incarnation, Restarts: info.Restarts,
		SinceMS: max(0, now-info.Since).Milliseconds(), UntilMS: max(0, info.Until-now).Milliseconds(),
		LastTrace: traceOf(info.LastExit).String(),
	}
	if info.Until == 0 {
		node.UntilMS = 0
	}
	if info.LastExit != (supervision.Exit{}) {
		node.LastExit = info.LastExit.String()
	}
	node.Abandoned = s.kernel.ghosts.count(path)
	return node
}

// tree reads a whole tree, one supervisor after another: each part is of one
// moment, and the parts of moments close together.
func tree(ctx context.Context, id, path string, p *process) (Node, error) {
	node := Node{ID: id, Path: path, State: supervision.StateRunning.String(), Incarnation: 1}
	seen, err := lookAt(ctx, p)
	if err != nil {
		return node, err
	}
	node.Supervisor, node.SinceMS = seen.node, seen.age.Milliseconds()
	for i := range seen.node.Children {
		child := &seen.node.Children[i]
		nested := seen.nested[child.ID]
		if nested == nil {
			continue
		}
		below, err := tree(ctx, child.ID, child.Path, nested)
		if ctx.Err() != nil {
			return node, err
		}
		child.Supervisor = below.Supervisor // nil, if it has ended since
	}
	return node, nil
}

func lookAt(ctx context.Context, p *process) (sight, error) {
	reply := make(chan sight, 1)
	p.tell(&look{reply: reply}, nil)
	select {
	case seen, ok := <-reply:
		if !ok {
			return sight{}, ErrNotRunning
		}
		return seen, nil
	case <-ctx.Done():
		return sight{}, ctx.Err()
	}
}
