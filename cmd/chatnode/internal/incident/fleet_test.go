package incident

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// yard drives a fleet of three chat nodes, two API nodes and a store.
type yard struct {
	t       *testing.T
	fleet   *Fleet
	now     time.Time
	targets []Target
	reports map[string]Report
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{t: t, fleet: NewFleet(), now: start, reports: map[string]Report{}}
	for _, row := range []struct {
		role Role
		n    int
	}{{ChatNode, 3}, {APINode, 2}, {Store, 1}} {
		for n := range row.n {
			id := fmt.Sprintf("%s-%d", row.role, n)
			y.targets = append(y.targets, Target{ID: id, Role: row.role})
			r := Report{Target: id, Answer: Answered, Ready: true, Started: 100, Sessions: -1, Throttle: -1}
			if row.role == ChatNode {
				r.Sessions = 100
			}
			y.reports[id] = r
		}
	}
	return y
}

func (y *yard) edit(id string, f func(*Report)) {
	r := y.reports[id]
	f(&r)
	y.reports[id] = r
}

// round asks everybody once, two seconds later.
func (y *yard) round() (map[Signal]float64, []Fact) {
	y.now = y.now.Add(2 * time.Second)
	y.fleet.Expect(y.now, y.targets)
	var told []Fact
	for _, t := range y.fleet.Targets() {
		told = append(told, y.fleet.Take(y.now, y.reports[t.ID])...)
	}
	readings, more := y.fleet.Sweep(y.now)
	values := map[Signal]float64{}
	for _, r := range readings {
		values[r.Signal] = r.Value
	}
	return values, append(told, more...)
}

func kinds(facts []Fact) []Kind {
	var all []Kind
	for _, f := range facts {
		all = append(all, f.Kind)
	}
	return all
}

func TestFleet(t *testing.T) {
	const first, api, store = "chat_nodes-0", "api_nodes-1", "store-0"
	for _, row := range []struct {
		name  string
		play  func(*yard)
		facts []Kind
		want  map[Signal]float64
	}{
		{"all is well", func(*yard) {}, nil, map[Signal]float64{Capacity: 1, Sessions: 300, Restarts: 0}},
		{"a node is refused", func(y *yard) { y.edit(first, func(r *Report) { r.Answer = Refused }) }, []Kind{Exited}, map[Signal]float64{Capacity: 2.0 / 3, Sessions: 200, Restarts: 0}},
		{"a node is silent: its users may be there", func(y *yard) { y.edit(first, func(r *Report) { r.Answer = Silent }) }, nil, map[Signal]float64{Capacity: 2.0 / 3, Sessions: 300, Restarts: 0}},
		{"a node says that it is not ready", func(y *yard) { y.edit(first, func(r *Report) { r.Ready = false }) }, nil, map[Signal]float64{Capacity: 2.0 / 3, Sessions: 300, Restarts: 0}},
		{"a node died and is back", func(y *yard) { y.edit(first, func(r *Report) { r.Started, r.Restarts = 200, 3 }) }, []Kind{Exited, Returned}, map[Signal]float64{Capacity: 1, Sessions: 300, Restarts: 2}},
		{"a node drains and ends", func(y *yard) {
			y.targets[0].Draining = true
			y.edit(first, func(r *Report) { r.Answer = Refused })
		}, nil, map[Signal]float64{Capacity: 1, Sessions: 200, Restarts: 0}},
		{"a node is gone without a word", func(y *yard) { y.targets = y.targets[1:] }, nil, map[Signal]float64{Capacity: 2.0 / 3, Sessions: 300, Restarts: 0}},
		{"calls fail", func(y *yard) { y.edit(first, func(r *Report) { r.Calls, r.Failed = 40, 10 }) }, nil, map[Signal]float64{Capacity: 1, Sessions: 300, Restarts: 0, Calls: 0.75}},
		{"a few calls fail", func(y *yard) { y.edit(first, func(r *Report) { r.Calls, r.Failed = 10, 10 }) }, nil, map[Signal]float64{Capacity: 1, Sessions: 300, Restarts: 0}},
		{"supervisors restart", func(y *yard) { y.edit(api, func(r *Report) { r.Restarts = 8 }) }, nil, map[Signal]float64{Capacity: 1, Sessions: 300, Restarts: 4}},
		{"a clock is ahead", func(y *yard) { y.edit(first, func(r *Report) { r.Skew = 35 * time.Second }) }, []Kind{Skewed}, map[Signal]float64{Capacity: 1, Sessions: 300, Restarts: 0}},
		{"a throttle", func(y *yard) { y.edit(first, func(r *Report) { r.Throttle = 0 }) }, []Kind{Throttled}, map[Signal]float64{Capacity: 1, Sessions: 300, Restarts: 0}},
		{"repairs are paused", func(y *yard) { y.edit(store, func(r *Report) { r.Repairs = RepairsStopped }) }, []Kind{RepairsPaused}, map[Signal]float64{Capacity: 1, Sessions: 300, Restarts: 0}},
		{"an API node more", func(y *yard) { y.targets = append(y.targets, Target{ID: "new", Role: APINode}) }, []Kind{Scaled}, map[Signal]float64{Capacity: 1, Sessions: 300, Restarts: 0}},
		{"nothing answers", func(y *yard) {
			for id := range y.reports {
				y.edit(id, func(r *Report) { r.Answer = Silent })
			}
		}, []Kind{Blind}, map[Signal]float64{Capacity: 0}},
		{"nobody is watched", func(y *yard) { y.fleet, y.targets = NewFleet(), nil }, nil, map[Signal]float64{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			y := newYard(t)
			for range 3 {
				if _, facts := y.round(); len(facts) > 0 {
					t.Fatalf("at first: got %v, want no facts", facts)
				}
			}
			row.play(y)
			values, facts := y.round()
			if got := kinds(facts); !slices.Equal(got, row.facts) {
				t.Errorf("facts: got %v, want %v", got, row.facts)
			}
			if fmt.Sprint(values) != fmt.Sprint(row.want) {
				t.Errorf("readings: got %v, want %v", values, row.want)
			}
			if _, facts := y.round(); len(facts) > 0 {
				t.Errorf("told again: got %v, want nothing", facts)
			}
		})
	}
}

// TestFleetTellsTheEndOfThings: what was told is told to be over.
func TestFleetTellsTheEndOfThings(t *testing.T) {
	y := newYard(t)
	y.round()
	y.edit("chat_nodes-0", func(r *Report) { r.Answer, r.Throttle = Refused, -1 })
	y.edit("chat_nodes-1", func(r *Report) { r.Throttle = 50 })
	y.edit("store-0", func(r *Report) { r.Repairs = RepairsStopped })
	y.round()
	y.edit("chat_nodes-0", func(r *Report) { r.Answer, r.Started = Answered, 300 })
	y.edit("chat_nodes-1", func(r *Report) { r.Throttle = -1 })
	y.edit("store-0", func(r *Report) { r.Repairs = RepairsRun })
	_, facts := y.round()
	if got, want := kinds(facts), []Kind{Returned, Unthrottled, RepairsReleased}; !slices.Equal(got, want) {
		t.Errorf("facts: got %v, want %v", got, want)
	}
}

// TestAutomaticThrottle: a limit that moves all the time is told when it has halved
// or doubled.
func TestAutomaticThrottle(t *testing.T) {
	y := newYard(t)
	var told []float64
	for _, rate := range []float64{100, 90, 60, 51, 50, 99, 100, 0, 0, 10} {
		for id := range y.reports {
			y.edit(id, func(r *Report) { r.Throttle, r.Automatic = rate, true })
		}
		_, facts := y.round()
		for _, f := range facts {
			told = append(told, f.Value)
		}
	}
	if want := []float64{100, 50, 100, 0, 10}; !slices.Equal(told, want) {
		t.Errorf("told: got %v, want %v", told, want)
	}
}

// TestAnExpectedNodeThatNeverCame is no exit: it never was there.
func TestAnExpectedNodeThatNeverCame(t *testing.T) {
	y := newYard(t)
	y.edit("chat_nodes-0", func(r *Report) { r.Answer = Refused })
	for range 5 {
		if values, facts := y.round(); len(facts) > 0 || values[Capacity] > 0.7 {
			t.Fatalf("got %v and %v, want a capacity of two thirds and no facts", values, facts)
		}
	}
	y.edit("chat_nodes-0", func(r *Report) { r.Answer = Answered })
	if _, facts := y.round(); len(facts) > 0 {
		t.Errorf("it came: got %v, want no facts", facts)
	}
}

func TestMissedForTenMinutes(t *testing.T) {
	y := newYard(t)
	y.round()
	y.targets = y.targets[1:]
	if values, _ := y.round(); values[Capacity] > 0.7 {
		t.Errorf("gone: got %v, want it missed", values)
	}
	y.now = y.now.Add(missedFor)
	if values, _ := y.round(); values[Capacity] != 1 {
		t.Errorf("gone for ten minutes: got %v, want it forgotten", values)
	}
}

func TestFleetIsBounded(t *testing.T) {
	y := newYard(t)
	for n := range 300 {
		y.targets = append(y.targets, Target{ID: fmt.Sprint(n), Role: ChatNode})
	}
	y.round()
	if got := len(y.fleet.Targets()); got != MaxTargets {
		t.Errorf("targets: got %d, want %d", got, MaxTargets)
	}
	if got := y.fleet.Dropped(); got != 306-MaxTargets {
		t.Errorf("dropped: got %d, want %d", got, 306-MaxTargets)
	}
}

// TestFleetNeverLies: whatever is reported, readings are numbers that can be.
func TestFleetNeverLies(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 3))
		y := newYard(t)
		for range 100 {
			for _, target := range y.targets {
				y.reports[target.ID] = Report{
					Target: target.ID, Answer: Answer(random.IntN(3)), Ready: random.IntN(2) == 0,
					Started: float64(random.IntN(3)), Sessions: float64(random.IntN(100) - 1), Restarts: float64(random.IntN(50)),
					Calls: float64(random.IntN(100)), Failed: float64(random.IntN(100)), Throttle: float64(random.IntN(5) - 1),
					Skew: time.Duration(random.IntN(10)-5) * time.Second, Repairs: Repairs(random.IntN(3)),
				}
			}
			random.Shuffle(len(y.targets), func(i, j int) { y.targets[i], y.targets[j] = y.targets[j], y.targets[i] })
			y.targets[0].Draining = random.IntN(2) == 0
			values, facts := y.round()
			for s, v := range values {
				if !s.valid(v) {
					t.Fatalf("seed %d: got %v of %s, want a value that can be", seed, v, s)
				}
			}
			for _, c := range y.fleet.Components() {
				if c.Ready > c.Known {
					t.Fatalf("seed %d: got %+v, want no more ready than known", seed, c)
				}
			}
			if len(facts) > 3*len(y.targets)+4 {
				t.Fatalf("seed %d: got %d facts of a round, want three for each and four of the whole at most", seed, len(facts))
			}
		}
	}
}
