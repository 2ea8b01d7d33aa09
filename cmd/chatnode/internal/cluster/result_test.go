package cluster

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

const badKey = "/services/api/api-4"

// script builds an act's record event by event; times are seconds into the act.
type script struct{ r record }

// newScript is an act of so many chat nodes that are ready, know three API
// nodes each, and serve 100 users; the act serves from second 10 on.
func newScript(nodes int) *script {
	s := &script{r: record{profile: "naive", target: TargetNew, key: badKey, users: 100, serving: instant(10)}}
	for i := range nodes {
		name := fmt.Sprintf("node-%d", i+1)
		s.r.nodes = append(s.r.nodes, name)
		s.started(1, name, 1).published(1.5, name, 1, 0).ready(2, name, 1).published(3, name, 1, 3)
	}
	return s.load(9.9, 1, 100, 0, 500)
}

func (s *script) add(e event) *script {
	s.r.events = append(s.r.events, e)
	s.r.ended = e.when()
	return s
}

func (s *script) started(at float64, node string, life int) *script {
	return s.add(processStarted{At: instant(at), Name: node, Role: roleNode, Life: life, PID: 100 + life})
}

func (s *script) ready(at float64, node string, life int) *script {
	return s.add(processReady{At: instant(at), Name: node, Role: roleNode, Life: life})
}

func (s *script) exited(at float64, node string, life, code int) *script {
	return s.add(processExited{At: instant(at), Name: node, Role: roleNode, Life: life, Code: code, WasReady: true})
}

func (s *script) load(at float64, life, connected int, lost int64, seconds float64) *script {
	return s.add(loadSampled{At: instant(at), Life: life, Connected: connected, Lost: lost, Seconds: seconds})
}

func (s *script) report(at float64, node string, life int, kind actors.EventKind) *script {
	return s.add(nodeReported{At: instant(at), Node: node, Life: life, Kind: kind, Key: badKey})
}

func (s *script) published(at float64, node string, life, instances int) *script {
	return s.add(nodeReported{At: instant(at), Node: node, Life: life, Kind: actors.EventPublished, Instances: instances})
}

// poisoned is the bad write at second 20: stored 10 ms later, repaired at 22.
func (s *script) poisoned() *script {
	return s.add(putCut{instant(20)}).add(recordSeen{At: instant(20.01), Key: badKey, Index: 9})
}

func (s *script) healed() *script {
	return s.add(putForwarded{instant(22)}).
		add(recordSeen{At: instant(22.01), Key: badKey, Value: "{}", TTL: time.Minute, Index: 10, Good: true})
}

func TestPoisonIsReadBack(t *testing.T) {
	s := newScript(1)
	// What was under the key before, and full writes before the cut, are not the poison.
	s.add(recordSeen{At: instant(11), Key: badKey, Value: "bad before"}).add(putForwarded{instant(12)})
	s.add(recordSeen{At: instant(12), Key: badKey, Value: "good", TTL: time.Minute, Good: true})
	s.poisoned().load(21, 1, 0, 100, 1510).healed().load(23, 1, 100, 100, 1520)
	if got := s.r.result().RecoveredMS; got != 1000 {
		t.Errorf("recovered: got %d ms, want 1000 from the write after the cut", got)
	}
	got := s.r.result().Poison
	want := Poison{Key: badKey, Method: "torn-put", Target: "new", DurationMS: 2000}
	if got != want {
		t.Errorf("poison: got %+v, want %+v", got, want)
	}

	s = newScript(1)
	s.add(putCut{instant(20)}).add(recordSeen{At: instant(20), Key: badKey, Value: `{"v":`, TTL: 7 * time.Second})
	s.load(25, 1, 100, 0, 2010)
	got = s.r.result().Poison
	want = Poison{Key: badKey, Method: "torn-put", Target: "new", StoredValue: `{"v":`, StoredTTL: 7, DurationMS: 5000}
	if got != want {
		t.Errorf("poison that never heals: got %+v, want %+v", got, want)
	}
	if r := s.r.result(); r.Recovered {
		t.Error("poison that never heals: got recovered")
	}

	// The proxy is heard of after etcd's watch; the record counts all the same.
	s = newScript(1)
	s.add(recordSeen{At: instant(20.01), Key: badKey, Index: 9}).add(putCut{instant(20)}).healed().load(23, 1, 100, 0, 1500)
	if got := s.r.result().Poison.DurationMS; got != 2000 {
		t.Errorf("poison heard of before its cut: got %d ms, want 2000", got)
	}
	// A bad record from before the cut is still not the poison.
	s = newScript(1)
	s.add(recordSeen{At: instant(19), Key: badKey, Index: 8}).add(putCut{instant(20)}).load(23, 1, 100, 0, 1500)
	if got := s.r.result().Poison.DurationMS; got != 0 {
		t.Errorf("a bad record before the cut: got %d ms of poison, want 0", got)
	}
}

func TestExitsAreCounted(t *testing.T) {
	s := newScript(4).poisoned()
	s.exited(20.1, "node-1", 1, 70).exited(20.2, "node-2", 1, 70)
	s.started(23, "node-1", 2).ready(23.5, "node-1", 2)
	s.started(25, "node-2", 2) // runs, but is not ready: still no capacity
	s.exited(26, "node-3", 1, 70).ready(26.5, "node-2", 2)
	s.exited(26.6, "node-2", 2, 137) // by hand
	s.add(processExited{At: instant(27), Name: "node-4", Role: roleNode, Life: 1, Code: 143, Asked: true})
	s.add(processExited{At: instant(27), Name: "api-1", Role: roleAPI, Life: 1, Code: 137})
	got := s.r.result()
	if got.NodeExits != 4 || got.NodesExited != 3 {
		t.Errorf("exits: got %d on %d nodes, want 4 on 3", got.NodeExits, got.NodesExited)
	}
	if want := map[string]int{"70": 3, "137": 1}; !maps.Equal(got.ExitCodes, want) {
		t.Errorf("exit codes: got %v, want %v", got.ExitCodes, want)
	}
	if got.PeakCapacityLost != 0.5 {
		t.Errorf("peak capacity lost: got %v, want 0.5", got.PeakCapacityLost)
	}
}

func TestWatcherRestartsAreCounted(t *testing.T) {
	s := newScript(2).poisoned()
	s.report(20.1, "node-1", 1, actors.EventChildRestarting).report(20.1, "node-2", 1, actors.EventChildRestarting)
	s.exited(20.2, "node-1", 1, 70)
	s.report(20.15, "node-1", 1, actors.EventChildRestarting) // its last words come after its exit was seen
	if got := s.r.result().WatcherRestarts; got != 3 {
		t.Errorf("watcher restarts: got %d, want 3", got)
	}
}

func TestSessions(t *testing.T) {
	for _, row := range []struct {
		name string
		play func(*script)
		want sessionFigures
	}{
		{
			"nobody is lost",
			func(s *script) { s.poisoned().load(21, 1, 100, 0, 1610).healed().load(24.9, 1, 100, 0, 2000) },
			sessionFigures{before: 100, back: true},
		},
		{
			"all are lost and come back",
			func(s *script) {
				s.load(19.9, 1, 100, 7, 1500) // the seven were lost before
				s.poisoned().load(20.9, 1, 0, 107, 1550).healed()
				s.load(26, 1, 98, 107, 1650).load(26.4, 1, 99, 107, 1690).load(28.4, 1, 100, 107, 1890)
			},
			sessionFigures{before: 100, lost: 100, seconds: 850 - 390, recovery: 4400 * time.Millisecond, back: true},
		},
		{
			"back, but not yet for the hold time",
			func(s *script) {
				s.load(19.9, 1, 100, 0, 1500)
				s.poisoned().healed().load(25, 1, 98, 2, 2000).load(26, 1, 100, 2, 2100).load(27.9, 1, 100, 2, 2290)
			},
			sessionFigures{before: 100, lost: 2, seconds: 10, recovery: 4 * time.Second},
		},
		{
			"never back",
			func(s *script) { s.poisoned().healed().load(29.9, 1, 10, 90, 1000) },
			sessionFigures{before: 100, lost: 90, seconds: 1500, recovery: 7900 * time.Millisecond},
		},
		{
			"back before the good write",
			func(s *script) {
				s.poisoned().load(20.4, 1, 0, 100, 1500).load(21, 1, 100, 100, 1530).healed().load(25, 1, 100, 100, 1930)
			},
			sessionFigures{before: 100, lost: 100, seconds: 1510 - 1430, back: true},
		},
		{
			"98.9 % is too few",
			func(s *script) {
				s.r.events = s.r.events[:0]
				s.load(19, 1, 1000, 0, 0).poisoned().healed().load(22, 1, 989, 0, 0).load(25, 1, 990, 0, 0).load(27, 1, 990, 0, 0)
			},
			sessionFigures{before: 1000, seconds: 8000, recovery: 3 * time.Second, back: true},
		},
		{
			"the load is killed and comes back empty",
			func(s *script) {
				s.load(19.9, 1, 100, 5, 1500).poisoned()
				s.load(20.9, 1, 90, 15, 1595)
				s.load(21, 1, 0, 105, 1595) // what the sampler says at its end
				s.load(24, 2, 0, 0, 0).healed().load(25, 2, 100, 3, 50).load(27, 2, 100, 3, 250)
			},
			sessionFigures{before: 100, lost: 10 + 90 + 3, seconds: 710 - 345, recovery: 3 * time.Second, back: true},
		},
		{
			"the load is killed between two readings",
			func(s *script) {
				s.load(20, 1, 100, 0, 1500).poisoned().load(22, 2, 0, 0, 0).healed().load(25, 2, 100, 0, 200).load(27, 2, 100, 0, 400)
			},
			sessionFigures{before: 100, lost: 100, seconds: 700 - 400, recovery: 3 * time.Second, back: true},
		},
		{"no poison", func(s *script) { s.load(25, 1, 0, 100, 1500) }, sessionFigures{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScript(1)
			row.play(s)
			var p poisoning
			for _, e := range s.r.events {
				p.apply(e)
			}
			if got := s.r.sessions(p); got != row.want {
				t.Errorf("sessions:\n got %+v\nwant %+v", got, row.want)
			}
		})
	}
}

func TestInstancesCountLivingNodesOnly(t *testing.T) {
	for _, row := range []struct {
		name string
		play func(*script)
		want instanceFigures
	}{
		{"nothing shrinks", func(s *script) { s.poisoned().published(22, "node-1", 1, 4) }, instanceFigures{3, 3}},
		{
			"what was before serving does not count",
			func(s *script) {
				s.published(11, "node-1", 1, 4).published(11, "node-2", 1, 4).poisoned().load(25, 1, 100, 0, 0)
			},
			instanceFigures{4, 3},
		},
		{"one node shrinks", func(s *script) { s.poisoned().published(20.1, "node-2", 1, 1).published(20.2, "node-2", 1, 3) }, instanceFigures{3, 1}},
		{
			"a node that restarts counts from when it is ready",
			func(s *script) {
				s.poisoned().exited(20.1, "node-1", 1, 70).started(23, "node-1", 2).published(23.1, "node-1", 2, 0)
				s.published(23.2, "node-1", 2, 2).ready(23.3, "node-1", 2).published(23.4, "node-1", 2, 3)
			},
			instanceFigures{3, 2},
		},
		{
			"the last words of a dead node do not count",
			func(s *script) {
				s.poisoned().exited(20.1, "node-1", 1, 70).published(20, "node-1", 1, 0).started(23, "node-1", 2)
				s.published(23.1, "node-1", 2, 3).published(20, "node-1", 1, 0).ready(24, "node-1", 2)
			},
			instanceFigures{3, 3},
		},
		{"everybody is dead", func(s *script) {
			s.r.serving = instant(30)
			s.poisoned().exited(20.1, "node-1", 1, 70).exited(20.1, "node-2", 1, 70).load(40, 1, 0, 0, 0)
		}, instanceFigures{before: 3}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScript(2)
			row.play(s)
			if got := s.r.instances(instant(20)); got != row.want {
				t.Errorf("instances: got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestQuarantine(t *testing.T) {
	s := newScript(3).poisoned()
	s.report(20.02, "node-1", 1, actors.EventKeyQuarantined).report(20.05, "node-2", 1, actors.EventKeyQuarantined)
	s.add(nodeReported{At: instant(20.1), Node: "node-2", Life: 1, Kind: actors.EventKeyQuarantined, Key: "/services/api/other"})
	s.report(20.07, "node-1", 1, actors.EventKeyQuarantined) // again: neither a second key nor a later entry
	s.healed()
	s.report(22.02, "node-1", 1, actors.EventKeyReleased).report(22.3, "node-2", 1, actors.EventKeyReleased)
	got := s.r.result()
	if got.QuarantinedMax != 2 || got.QuarantinedNodes != 2 {
		t.Errorf("quarantined: got at most %d keys, on %d nodes, want 2 keys on 2 nodes", got.QuarantinedMax, got.QuarantinedNodes)
	}
	if got.QuarantineEnteredMS != 50 || got.QuarantineHealedMS != 300 {
		t.Errorf("quarantine: entered after %d ms, healed after %d ms, want 50, 300", got.QuarantineEnteredMS, got.QuarantineHealedMS)
	}
	if got := newScript(3).poisoned().healed().r.result(); got.QuarantinedMax != 0 || got.QuarantineHealedMS != 0 || got.QuarantineEnteredMS != 0 {
		t.Errorf("no quarantine: got %+v, want zeros", got)
	}
}

// The names and their order are what other programs read.
func TestResultsJSON(t *testing.T) {
	s := newScript(2).poisoned()
	s.report(20.1, "node-1", 1, actors.EventChildRestarting).exited(20.2, "node-1", 1, 70).load(21, 1, 50, 50, 1600).healed()
	s.started(23, "node-1", 2).ready(24, "node-1", 2).load(25, 1, 100, 50, 1900).load(27, 1, 100, 50, 2100)
	s.r.settled = true
	got, err := json.Marshal(Results{Seed: 1, Acts: []ActResult{s.r.result()}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"seed":1,"acts":[{"profile":"naive","nodes":2,"users":100,` +
		`"poison":{"key":"/services/api/api-4","method":"torn-put","target":"new","stored_value":"","stored_ttl":0,"duration_ms":2000},` +
		`"node_exits":1,"exit_codes":{"70":1},"nodes_exited":1,"watcher_restarts":1,"peak_capacity_lost":0.5,` +
		`"sessions_before":100,"sessions_lost":50,"lost_session_seconds":110,"recovered_ms":3000,` +
		`"messages_acked":0,"messages_lost":0,"messages_undelivered":0,"guilds_unavailable_max":0,"reconnect_attempts":0,"resumes_ok":0,` +
		`"api_instances_before":3,"api_instances_min":3,"quarantined_max":0,"quarantine_healed_ms":0,` +
		`"quarantine_entered_ms":0,"quarantined_nodes":0,` +
		`"api_nodes_max":0,"scale_outs":0,"scale_ins":0,"scale_limited":false,` +
		`"incidents":[],"poison_to_page_ms":null,"poison_to_brakes_ms":null,"poison_to_recovery_ms":null,"recovered":true}]}`
	if string(got) != want {
		t.Errorf("results:\n got %s\nwant %s", got, want)
	}
}
