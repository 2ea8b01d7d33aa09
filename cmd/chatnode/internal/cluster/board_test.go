package cluster

import (
	"testing"

	"github.com/firebreak-go/firebreak/actors"
)

// What the acts wait for must agree with what the results say.
func TestBoardAgreesWithTheResults(t *testing.T) {
	s := newScript(2).poisoned()
	s.exited(20.2, "node-1", 1, 70).load(21, 1, 50, 50, 1600).healed().started(23, "node-1", 2).ready(24, "node-1", 2)
	s.load(25, 1, 98, 50, 1900).load(25.1, 1, 99, 50, 1900).load(27, 1, 99, 50, 2100).load(27.1, 1, 99, 50, 2100)
	b := newBoard(s.r.nodes)
	waited := 0.0
	for _, e := range s.r.events {
		b.apply(e)
		if e, ok := e.(loadSampled); ok && b.before == 0 {
			b.before = e.Connected
		}
		if !b.recovered() {
			waited = e.when().Sub(instant(0)).Seconds()
		}
	}
	if !b.recovered() || waited != 27 {
		t.Errorf("recovered: got %v, waited until %v, want recovered with the reading after 27", b.recovered(), waited)
	}
	if r := s.r.result(); r.RecoveredMS != 3100 {
		t.Errorf("recovered in the results: got %d ms, want 3100", r.RecoveredMS)
	}
}

func TestBoardSaysWhatIsMissing(t *testing.T) {
	b := newBoard([]string{"node-1", "node-2"})
	b.before = 1000
	for _, e := range []event{
		processStarted{Name: "node-1", Role: roleNode, Life: 1, PID: 5},
		processReady{Name: "node-1", Role: roleNode, Life: 1},
		nodeReported{Node: "node-1", Life: 1, Kind: actors.EventKeyQuarantined, Key: badKey},
		loadSampled{Connected: 10},
	} {
		b.apply(e)
	}
	want := "no good announcement, 10 of 1,000 users connected, 1 of 2 chat nodes ready, a bad key still in quarantine"
	if got := b.missing(); got != want {
		t.Errorf("missing:\n got %s\nwant %s", got, want)
	}
}
