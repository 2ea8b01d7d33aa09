package cluster

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// apiFleet is a load that is spread over the API nodes that are there.
type apiFleet struct {
	mu      sync.Mutex
	load    float64 // in nodes
	workers int
	nodes   int
	busy    map[string]float64
	at      map[string]time.Time
}

// read is what a node says of itself: each spends its part of the load.
func (f *apiFleet) read(_ context.Context, admin string) apiLoad {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if last, ok := f.at[admin]; ok {
		f.busy[admin] += now.Sub(last).Seconds() * min(1, f.load/float64(max(f.nodes, 1))) * float64(f.workers)
	}
	f.at[admin] = now
	return apiLoad{at: now, Lanes: map[string]desk.Report{"users": {BusySeconds: f.busy[admin], Limit: f.workers}, "rest": {Limit: f.workers}}}
}

// TestAPINodesFollowTheirLoad plays a storm in the time of a bubble: nodes come when
// there is too much load, are no more than there may be, which is said, and go, one
// after the other and when asked, once there has been too little for a while.
func TestAPINodesFollowTheirLoad(t *testing.T) {
	dir := t.TempDir()
	p := newPorts()
	synctest.Test(t, func(t *testing.T) {
		system := &fakeSystem{began: time.Now(), polite: true}
		var told []fleetScaled
		cfg := Config{Autoscale: true, APIs: 3, APIMax: 6, Boot: 3 * time.Second}.withDefaults()
		a, err := newAct(t.Context(), cfg, ProfileIsolated, dir+"/act", p, newTeller(ProfileIsolated, nil), system.start)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range append(slices.Clone(a.layout.apis), a.layout.joiner) {
			a.launch(t.Context(), spec{Name: s.name, Role: roleAPI})
		}
		fleet := &apiFleet{load: 1, workers: 8, busy: map[string]float64{}, at: map[string]time.Time{}}
		m, err := newManager(a, fleet.read)
		if err != nil {
			t.Fatal(err)
		}
		seconds := func(n int) int {
			for range n {
				time.Sleep(time.Second)
				synctest.Wait()
				fleet.nodes = len(m.running())
				m.look(t.Context(), time.Now())
			}
			synctest.Wait()
			return len(m.running())
		}
		if got := seconds(20); got != 3 {
			t.Errorf("a third of the load: got %d nodes, want 3, the least", got)
		}
		fleet.load = 3.5 // more than all of them can do
		if got := seconds(20); got != 6 {
			t.Errorf("more than they can do: got %d nodes, want 6", got)
		}
		fleet.load = 6
		seconds(10)
		fleet.load = 1
		if got := seconds(20); got != 6 {
			t.Errorf("less for twenty seconds: got %d nodes, want 6 still", got)
		}
		if got := seconds(60); got != 3 {
			t.Errorf("less for a while: got %d nodes, want 3 again", got)
		}
		for _, e := range a.journal.finish() {
			if e, ok := e.(fleetScaled); ok {
				told = append(told, e)
			}
		}
		r := record{}
		for _, e := range told {
			r.events = append(r.events, e)
		}
		if s := r.scaling(); s.APINodesMax != 6 || s.ScaleOuts < 2 || s.ScaleIns != 3 || !s.ScaleLimited {
			t.Errorf("scaling: got %+v of %+v, want up to 6, limited, and three times one less", s, told)
		}
		last := told[len(told)-1]
		if last.To != 3 || !strings.Contains(last.Why, "want 3") {
			t.Errorf("last decision: got %+v, want three nodes in words", last)
		}
		if got := slices.IndexFunc(a.present().apis, func(s server) bool { return s.name == "api-5" }); got < 0 || len(a.present().apis) != 6 {
			t.Errorf("present: got %v, want those that were added, under names of their own", names(a.present().apis))
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
}

// A node that somebody adds by hand is not taken out at the next look.
func TestTheManagerGoesOnFromWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	p := newPorts()
	synctest.Test(t, func(t *testing.T) {
		system := &fakeSystem{began: time.Now(), polite: true}
		a, err := newAct(t.Context(), Config{APIs: 2, APIMax: 5}.withDefaults(), ProfileIsolated, dir+"/act", p, newTeller(ProfileIsolated, nil), system.start)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"api-1", "api-2", "api-9"} {
			a.launch(t.Context(), spec{Name: name, Role: roleAPI})
		}
		m, err := newManager(a, func(context.Context, string) apiLoad { return apiLoad{} })
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		m.look(t.Context(), time.Now())
		if got := len(m.running()); got != 3 || m.scaler.Want() != 3 {
			t.Errorf("after a look: got %d nodes and %d wanted, want 3", got, m.scaler.Want())
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
}

func TestUtilisationBetweenTwoReadings(t *testing.T) {
	reading := func(at, busy float64, waiting int) apiLoad {
		return apiLoad{at: instant(at), since: instant(0), Lanes: map[string]desk.Report{"users": {BusySeconds: busy, Limit: 4, Waiting: waiting}, "rest": {Limit: 4}}}
	}
	for _, row := range []struct {
		name        string
		before, now apiLoad
		utilisation float64
		known       bool
	}{
		{"the first", apiLoad{}, reading(1, 1, 0), 0, false},
		{"no answer", reading(1, 1, 0), apiLoad{}, 0, false},
		{"too early", reading(0.5, 0, 0), reading(1.5, 2, 0), 0.5, false},
		{"half busy", reading(2, 2, 0), reading(3, 4, 0), 0.5, true},
		{"with a queue", reading(2, 2, 0), reading(3, 6, 8), 3, true},
		{"another life", reading(2, 2, 0), reading(3, 1, 0), 0, false},
	} {
		got, _ := compare(row.before, row.now)
		if got.Utilisation != row.utilisation || got.Known != row.known {
			t.Errorf("%s: got %+v, want %v, known: %v", row.name, got, row.utilisation, row.known)
		}
	}
}
