package cluster

import (
	"maps"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

// nodeViews is what each chat node knew at one point of the record.
type nodeViews struct {
	life      map[string]int // of the chat nodes that run
	ready     map[string]bool
	instances map[string]int
	bad       map[string]map[string]bool
}

func newNodeViews() *nodeViews {
	return &nodeViews{
		life: map[string]int{}, ready: map[string]bool{},
		instances: map[string]int{}, bad: map[string]map[string]bool{},
	}
}

// apply folds one event in; it says whether the event is one of a chat node
// that runs, so that what it changed counts.
func (v *nodeViews) apply(e event) (node string, counts bool) {
	switch e := e.(type) {
	case processStarted:
		if e.Role == roleNode {
			v.life[e.Name] = e.Life
		}
	case processReady:
		if e.Role == roleNode {
			v.ready[e.Name] = true
			return e.Name, true
		}
	case processExited:
		for _, m := range []map[string]int{v.life, v.instances} {
			delete(m, e.Name)
		}
		delete(v.ready, e.Name)
		delete(v.bad, e.Name)
	case nodeReported:
		if v.life[e.Node] != e.Life {
			return "", false // the last words of a life that is over
		}
		v.applyReport(e)
		return e.Node, true
	case processFailed, loadSampled, putCut, putForwarded, recordSeen, fleetScaled, clusterMeasured:
	}
	return "", false
}

func (v *nodeViews) applyReport(e nodeReported) {
	if e.Kind == actors.EventPublished {
		v.instances[e.Node] = e.Instances
	}
	if e.Kind == actors.EventKeyQuarantined {
		if v.bad[e.Node] == nil {
			v.bad[e.Node] = map[string]bool{}
		}
		v.bad[e.Node][e.Key] = true
	}
	if e.Kind == actors.EventKeyReleased {
		delete(v.bad[e.Node], e.Key)
	}
}

// choice is how many instances a chat node can pick from; a node that is not
// ready serves nobody and has no say.
func (v *nodeViews) choice(node string) (n int, ok bool) {
	n, ok = v.instances[node]
	return n, ok && v.ready[node]
}

type instanceFigures struct{ before, fewest int }

// instances computes the fewest API instances that a living chat node could
// pick from: at the moment of the cut, and from serving to the end of the act.
func (r *record) instances(cut time.Time) instanceFigures {
	v := newNodeViews()
	var before, during minimum
	served, poisoned := false, cut.IsZero()
	for _, e := range r.events {
		if !served && !e.when().Before(r.serving) {
			served = true
			v.lookAll(&during)
		}
		if !poisoned && e.when().After(cut) {
			poisoned = true
			v.lookAll(&before)
		}
		node, counts := v.apply(e)
		if n, ok := v.choice(node); counts && ok && served {
			during.see(n)
		}
	}
	return instanceFigures{before: before.value, fewest: during.value}
}

func (v *nodeViews) lookAll(m *minimum) {
	for node := range maps.Keys(v.life) {
		if n, ok := v.choice(node); ok {
			m.see(n)
		}
	}
}

// minimum is the smallest number seen, 0 before the first.
type minimum struct {
	value int
	any   bool
}

func (m *minimum) see(n int) {
	if !m.any || n < m.value {
		m.value, m.any = n, true
	}
}

type quarantineFigures struct {
	most, nodes     int
	entered, healed time.Duration
}

// quarantine computes how many keys the chat nodes held back at most, and how
// fast the poisoned one went in and came out again.
func (r *record) quarantine(p poisoning) quarantineFigures {
	var f quarantineFigures
	v := newNodeViews()
	entered := map[string]bool{}
	for _, e := range r.events {
		node, counts := v.apply(e)
		report, ok := e.(nodeReported)
		if !counts || !ok {
			continue
		}
		f.most = max(f.most, len(v.bad[node]))
		if report.Key != r.key || p.cut.IsZero() || report.At.Before(p.cut) {
			continue
		}
		switch {
		case report.Kind == actors.EventKeyQuarantined && !entered[node]:
			entered[node] = true
			f.entered = max(f.entered, report.At.Sub(p.cut))
		case report.Kind == actors.EventKeyReleased && !p.forwarded.IsZero():
			f.healed = max(f.healed, report.At.Sub(p.forwarded))
		}
	}
	f.nodes = len(entered)
	return f
}
