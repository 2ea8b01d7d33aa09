package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// board is what is true now, folded from the events: what an act waits for and
// the status line shows. The results are computed from the record instead.
type board struct {
	nodes []string // the chat nodes, in order

	pids   map[string]int // of the processes that run
	ready  map[string]bool
	failed *processFailed
	views  *nodeViews

	load   loadSampled // the last reading
	before int         // users connected before the poison; 0 until then
	low    bool        // users are below the recovered part
	back   time.Time   // since when they are not any more

	poison  poisoning
	alarms  *alarms
	bad     bool // etcd holds a bad record now
	changed bool // pids changed since somebody asked
}

func newBoard(nodes []string) *board {
	return &board{nodes: nodes, pids: map[string]int{}, ready: map[string]bool{}, views: newNodeViews(), alarms: newAlarms()}
}

// apply folds one event into the board.
func (b *board) apply(e event) {
	b.views.apply(e)
	b.poison.apply(e)
	b.alarms.apply(e)
	switch e := e.(type) {
	case processStarted:
		b.pids[e.Name], b.changed = e.PID, true
	case processReady:
		b.ready[e.Name] = true
	case processExited:
		delete(b.pids, e.Name)
		delete(b.ready, e.Name)
		b.changed = true
	case processFailed:
		b.failed = &e
	case loadSampled:
		b.load = e
		switch few := !enough(e.Connected, b.before); {
		case few:
			b.low = true
		case b.low:
			b.low, b.back = false, e.At
		}
	case recordSeen:
		b.bad = !e.Good
	case nodeReported, putCut, putForwarded, fleetScaled, clusterMeasured:
	}
}

// allReady says whether every named process is ready.
func (b *board) allReady(names ...string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !b.ready[n] })
}

// allKnow says whether every chat node is ready and can pick from at least n API instances.
func (b *board) allKnow(n int) bool {
	return !slices.ContainsFunc(b.nodes, func(node string) bool {
		known, ok := b.views.choice(node)
		return !ok || known < n
	})
}

func (b *board) nodesReady() int { return len(b.views.ready) }

// badKeys is how many keys are bad: as etcd holds them, or as a node that has
// not heard of the repair yet believes.
func (b *board) badKeys() int {
	if n := b.quarantined(); n > 0 || !b.bad {
		return n
	}
	return 1
}

// quarantined is the most keys that any one chat node holds in quarantine.
func (b *board) quarantined() int {
	n := 0
	for _, keys := range b.views.bad {
		n = max(n, len(keys))
	}
	return n
}

// recovered says whether the poison is over and everything has been back for
// the hold time, counted from the first reading with all users or from the good write.
func (b *board) recovered() bool {
	if b.poison.forwarded.IsZero() || b.before == 0 || !enough(b.load.Connected, b.before) {
		return false
	}
	since := b.poison.forwarded
	if b.back.After(since) {
		since = b.back
	}
	return b.load.At.Sub(since) >= holdTime && b.nodesReady() == len(b.nodes) && b.quarantined() == 0
}

// missing says in words what recovery still lacks.
func (b *board) missing() string {
	var lacks []string
	if b.poison.forwarded.IsZero() {
		lacks = append(lacks, "no good announcement")
	}
	if !enough(b.load.Connected, b.before) {
		lacks = append(lacks, fmt.Sprintf("%s of %s users connected", thousands(b.load.Connected), thousands(b.before)))
	}
	if n := b.nodesReady(); n < len(b.nodes) {
		lacks = append(lacks, fmt.Sprintf("%d of %d chat nodes ready", n, len(b.nodes)))
	}
	if b.quarantined() > 0 {
		lacks = append(lacks, "a bad key still in quarantine")
	}
	if len(lacks) == 0 {
		return "users did not stay connected for " + holdTime.String()
	}
	return strings.Join(lacks, ", ")
}
