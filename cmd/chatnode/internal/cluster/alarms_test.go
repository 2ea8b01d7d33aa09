package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident/monitor"
)

// steadily adds readings of the load, ten a second, until a time.
func (s *script) steadily(from, until float64, connected int, lost int64) *script {
	for at := from; at < until; at += 0.1 {
		s.load(at, 1, connected, lost, 0)
	}
	return s
}

// TestAlarms: four nodes, of which three exit, with a throttle and a pause of repairs.
func TestAlarms(t *testing.T) {
	s := newScript(4).steadily(10, 20, 100, 0).poisoned().steadily(20.1, 21, 100, 0)
	for n := range 3 {
		s.exited(21, fmt.Sprintf("node-%d", n+1), 1, 70)
	}
	s.steadily(21, 22, 25, 75)
	s.add(clusterMeasured{At: instant(22), Facts: []incident.Fact{{Kind: incident.Throttled, Value: 20}, {Kind: incident.RepairsPaused}}})
	s.healed().steadily(22.1, 25, 25, 75)
	for n := range 3 {
		s.started(24, fmt.Sprintf("node-%d", n+1), 2).ready(25, fmt.Sprintf("node-%d", n+1), 2)
	}
	s.steadily(25, 28, 100, 75)

	got := s.r.result().Alarms
	if len(got.Incidents) != 1 {
		t.Fatalf("incidents: got %d, want one", len(got.Incidents))
	}
	i := got.Incidents[0]
	var kinds []string
	for _, e := range i.Timeline {
		kinds = append(kinds, string(e.Kind))
	}
	if got, want := strings.Join(kinds, " "), "poisoned exited paged throttled repairs_paused healed returned recovered closed"; got != want {
		t.Errorf("timeline: got %s, want %s", got, want)
	}
	if i.Severity != incident.SEV1 || i.Open() {
		t.Errorf("incident: got %v, open %v, want a closed SEV1", i.Severity, i.Open())
	}
	for _, row := range []struct {
		name     string
		got      *int64
		from, to int64
	}{
		{"page", got.PoisonToPageMS, 1100, 1500},
		{"brakes", got.PoisonToBrakesMS, 2000, 2000},
		{"recovery", got.PoisonToRecoveryMS, 5100, 5700},
		{"page from its beginning", i.ToPage, 1100, 1500},
	} {
		if row.got == nil || *row.got < row.from || *row.got > row.to {
			t.Errorf("to the %s: got %v ms, want %d to %d", row.name, row.got, row.from, row.to)
		}
	}
	// What was told while it ran is what the record says.
	b := newBoard(s.r.nodes)
	for _, e := range s.r.events {
		b.apply(e)
	}
	v := b.alarms.view(s.r.ended)
	if len(v.Incidents) != 1 || len(v.Incidents[0].Timeline) != len(i.Timeline) || v.State != incident.Operational {
		t.Errorf("live: got %s and %d incidents, want the same one, and all well", v.State, len(v.Incidents))
	}
	if len(v.Components) != 1 || v.Components[0] != (incident.Component{Role: incident.ChatNode, Known: 4, Ready: 4}) {
		t.Errorf("components: got %v, want four chat nodes", v.Components)
	}
}

// TestNobodyIsPaged for a bad record that costs nothing, nor for an act that is stopped.
func TestNobodyIsPaged(t *testing.T) {
	s := newScript(4).steadily(10, 20, 100, 0).poisoned().steadily(20.1, 22, 100, 0).healed().steadily(22.1, 28, 100, 0)
	got := s.r.result().Alarms
	if len(got.Incidents) != 0 || got.PoisonToPageMS != nil || got.PoisonToBrakesMS != nil || got.PoisonToRecoveryMS != nil {
		t.Errorf("alarms: got %+v, want none", got)
	}
	if got := whenTold(got.PoisonToPageMS); got != "nobody was" {
		t.Errorf("table: got %q, want that nobody was", got)
	}
}

// TestWhatWasAskedForIsNotMissed: a node that was told to end lowers no capacity.
func TestWhatWasAskedForIsNotMissed(t *testing.T) {
	s := newScript(4).steadily(10, 20, 100, 0)
	s.add(processExited{At: instant(20), Name: "node-1", Role: roleNode, Life: 1, Asked: true}).steadily(20, 22, 100, 0)
	if got := s.r.result().Incidents; len(got) != 0 {
		t.Errorf("incidents: got %v, want none", got[0].Timeline)
	}
}

// TestWhatWasBeforeThePoison is no answer to it.
func TestWhatWasBeforeThePoison(t *testing.T) {
	s := newScript(4).steadily(10, 14, 100, 0).steadily(14, 16, 10, 90).steadily(16, 20, 100, 90).poisoned().steadily(20.1, 22, 100, 90).healed()
	got := s.r.result().Alarms
	if len(got.Incidents) != 1 || got.PoisonToPageMS != nil {
		t.Errorf("alarms: got %d incidents and a page %v, want one of before, and no page", len(got.Incidents), got.PoisonToPageMS)
	}
}

func TestMeasured(t *testing.T) {
	fleet := incident.NewFleet()
	targets := []monitor.Target{
		{Target: incident.Target{ID: "node-1", Role: incident.ChatNode}}, {Target: incident.Target{ID: "store", Role: incident.Store}},
	}
	node := incident.Report{Target: "node-1", Answer: incident.Answered, Ready: true, Started: 1, Throttle: -1}
	store := incident.Report{Target: "store", Answer: incident.Answered, Ready: true, Started: 1, Throttle: -1, Repairs: incident.RepairsRun}
	now := instant(1)
	round := func() clusterMeasured {
		now = now.Add(time.Second)
		e, _ := measured(now, fleet, targets, []incident.Report{node, store})
		return e
	}
	round()
	node.Throttle, node.Calls, node.Failed, store.Repairs = 50, 100, 25, incident.RepairsStopped
	e := round()
	if len(e.Facts) != 2 || e.Facts[0] != (incident.Fact{Kind: incident.Throttled, Value: 50}) || e.Facts[1].Kind != incident.RepairsPaused {
		t.Errorf("facts: got %v, want the throttle and the pause", e.Facts)
	}
	if len(e.Readings) != 2 || e.Readings[1] != (incident.Reading{Signal: incident.Calls, Value: 0.75}) {
		t.Errorf("readings: got %v, want restarts, and three calls of four", e.Readings)
	}
	node.Answer = incident.Refused
	if e := round(); len(e.Facts) != 0 && e.Facts[0].Kind == incident.Exited {
		t.Errorf("an exit: got %v, want it left to the controller, which sees it better", e.Facts)
	}
}
