package ring

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func differences(a, b []string) int {
	n := 0
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// TestMovesKeepTheirBudget: who comes takes its parts a few at a time.
func TestMovesKeepTheirBudget(t *testing.T) {
	f := fleetOf(4)
	r := newRing(t, Config{MoveParts: 5000, MoveEvery: time.Second}, f)
	if _, due := r.Due(); due || r.Table().Pending() != 0 {
		t.Fatalf("the first placement: got %d parts that wait, want none: it is no move", r.Table().Pending())
	}
	was := owners(r.Table())
	f["node-4"] = registry.Instance{}
	r.Follow(f.snapshot(), at(0))
	for second := range 3 {
		is := owners(r.Table())
		want := min(5000, 5000+r.Table().Pending())
		if r.Table().Pending() > 0 && differences(was, is) != want {
			t.Errorf("second %d: got %d moves, want %d", second, differences(was, is), want)
		}
		if due, waits := r.Due(); waits && !due.Equal(at(1000*(second+1))) {
			t.Errorf("due: got %v, want a second later", due)
		}
		r.Tick(at(1000*second + 999))
		if got := differences(is, owners(r.Table())); got != 0 {
			t.Errorf("before the second is over: got %d moves, want none", got)
		}
		was = is
		r.Tick(at(1000 * (second + 1)))
	}
	if r.Table().Pending() != 0 || !slices.Equal(owners(r.Table()), owners(newRing(t, atOnce, f).Table())) {
		t.Errorf("in the end: got %d parts that wait, want all where they belong", r.Table().Pending())
	}
}

// TestWhatIsGoneMovesAtOnce, and uses up the budget of the others.
func TestWhatIsGoneMovesAtOnce(t *testing.T) {
	f := fleetOf(4)
	r := newRing(t, Config{MoveParts: 100, MoveEvery: time.Second}, f)
	had := 0
	for _, id := range owners(r.Table()) {
		if id == "node-0" {
			had++
		}
	}
	delete(f, "node-0")
	f["node-9"] = registry.Instance{}
	was := owners(r.Table())
	r.Follow(f.snapshot(), at(0))
	is := owners(r.Table())
	if got := differences(was, is); got != had || slices.Contains(is, "node-0") {
		t.Errorf("moves: got %d, want the %d of the instance that is gone", got, had)
	}
	if r.Tick(at(999)); differences(is, owners(r.Table())) != 0 || r.Table().Pending() == 0 {
		t.Error("within the second: got others moved, want them to wait")
	}
	if r.Tick(at(1000)); differences(is, owners(r.Table())) != 100 {
		t.Errorf("after it: got %d moves, want 100", differences(is, owners(r.Table())))
	}
}

// TestDrainingGivesAwaySlowly: it has its parts until they are elsewhere.
func TestDrainingGivesAwaySlowly(t *testing.T) {
	f := fleetOf(2)
	r := newRing(t, Config{MoveParts: 1000}, f)
	f["node-0"] = registry.Instance{State: registry.StateDraining}
	was := owners(r.Table())
	r.Follow(f.snapshot(), at(0))
	if got := differences(was, owners(r.Table())); got != 1000 {
		t.Errorf("moves: got %d, want 1000", got)
	}
	f["node-1"] = registry.Instance{State: registry.StateDraining}
	r.Follow(f.snapshot(), at(5000))
	is := owners(r.Table())
	if _, due := r.Due(); due || slices.Contains(is, "") {
		t.Error("all drain: got parts with nobody, or a due moment, want everything as it is")
	}
	f["node-1"] = registry.Instance{}
	r.Follow(f.snapshot(), at(9000))
	if slices.Equal(is, owners(r.Table())) {
		t.Error("one is back: got nothing moved, want it to go on")
	}
}

// TestBudgetAtRandom: within any second no more than the budget moves of its own
// accord, and nothing is ever with somebody who is gone.
func TestBudgetAtRandom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 5))
	for range 6 {
		cfg := Config{Parts: 1024, VirtualNodes: 20, MoveParts: 1 + rng.IntN(200), MoveEvery: time.Second}
		f := fleetOf(1 + rng.IntN(8))
		r := newRing(t, cfg, f)
		first, atFirst := r.Table(), owners(r.Table())
		var moved []int // by its own accord, a step of 100 ms each
		for step := range 150 {
			was := owners(r.Table())
			if rng.IntN(8) == 0 {
				id := fmt.Sprint("node-", rng.IntN(10))
				if _, there := f[id]; there && len(f) > 1 {
					delete(f, id)
				} else {
					f[id] = registry.Instance{Weight: 1 + rng.IntN(300)}
				}
				r.Follow(f.snapshot(), at(100*step))
			} else {
				r.Tick(at(100 * step))
			}
			voluntary := 0
			for part, id := range owners(r.Table()) {
				if _, there := f[id]; !there {
					t.Fatalf("part %d: is with %q, which is gone", part, id)
				}
				if _, there := f[was[part]]; there && was[part] != id {
					voluntary++
				}
			}
			if due, waits := r.Due(); waits && !due.After(at(100*step)) {
				t.Fatalf("step %d: got it due at %v, want that to be later", step, due)
			}
			moved = append(moved, voluntary)
			sum := 0
			for _, n := range moved[max(0, len(moved)-10):] {
				sum += n
			}
			if sum > cfg.MoveParts {
				t.Fatalf("moves within a second: got %d, want at most %d", sum, cfg.MoveParts)
			}
		}
		for due, waits := r.Due(); waits; due, waits = r.Due() {
			before := r.Table().Pending()
			if r.Tick(due.Add(-1)); r.Table().Pending() != before {
				t.Fatal("before it is due: got parts moved, want none")
			}
			if r.Tick(due); r.Table().Pending() >= before {
				t.Fatal("when it is due: got nothing moved")
			}
		}
		if !slices.Equal(owners(first), atFirst) {
			t.Fatal("the first table: got it changed")
		}
		if !slices.Equal(owners(r.Table()), naive(f, cfg)) {
			t.Fatal("in the end: got parts that are not where they belong")
		}
	}
}

// TestHistory: a key that moved can be looked for where it was.
func TestHistory(t *testing.T) {
	f := fleetOf(3)
	r := newRing(t, Config{MoveParts: 10}, f)
	var placements []*Table
	change := func(id string, in *registry.Instance) {
		placements = append(placements, r.Table())
		if delete(f, id); in != nil {
			f[id] = *in
		}
		r.Follow(f.snapshot(), at(10_000*len(placements)))
	}
	change("node-0", &registry.Instance{Port: 7}) // begins no placement
	if r.Table().History() != 0 || r.Table().Owner("x") == nil {
		t.Errorf("history: got %d placements, want none before the first", r.Table().History())
	}
	change("node-3", &registry.Instance{})
	change("node-1", nil)
	change("node-4", &registry.Instance{})
	r.Tick(at(99_000))
	table := r.Table()
	if table.History() != 2 || table.Generation() != 4 {
		t.Errorf("history: got %d of generation %d, want 2 of generation 4", table.History(), table.Generation())
	}
	for i := range 1000 {
		key := fmt.Sprint("guild-", i)
		for back := 1; back <= 2; back++ {
			want := placements[len(placements)-back].Owner(key).Instance.ID
			if got := table.Previous(key, back).Instance.ID; got != want {
				t.Fatalf("%s, %d placements ago: got %s, want %s", key, back, got, want)
			}
		}
	}
	for _, past := range table.past {
		if past.past != nil {
			t.Error("a placement of before: got it with its own history, which never ends")
		}
	}
	if table.Previous("x", 0) != nil || table.Previous("x", 3) != nil {
		t.Error("what is not remembered: got an instance, want none")
	}
}

// TestNumbersAreGivenAwayOnce: instances that come and go leave nothing behind.
func TestNumbersAreGivenAwayOnce(t *testing.T) {
	f := fleetOf(3)
	r := newRing(t, Config{MoveParts: 10}, f)
	for i := range 200 {
		delete(f, fmt.Sprint("n", i-1))
		f[fmt.Sprint("n", i)] = registry.Instance{}
		r.Follow(f.snapshot(), at(i))
	}
	if len(r.nodes) > 6 || r.points.count != 4*512 {
		t.Errorf("numbers: got %d with %d points, want those of four instances", len(r.nodes), r.points.count)
	}
}

// TestBudgetIsDue: when enough of what was spent is over.
func TestBudgetIsDue(t *testing.T) {
	for _, test := range []struct {
		name  string
		spent []int // a step of 100 ms each
		want  int   // ms; -1: never
	}{
		{"nothing spent", nil, -1},
		{"all at once", []int{100}, 1000},
		{"bit by bit", []int{30, 30, 40}, 1000},
		{"twice as much", []int{100, 100}, 1100},
		{"more than all", []int{40, 100, 100}, 1200},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := budget{limit: 100, every: time.Second}
			for step, moves := range test.spent {
				b.spend(moves, at(100*step))
			}
			due, waits := b.due()
			if waits != (test.want >= 0) || waits && !due.Equal(at(test.want)) {
				t.Fatalf("due: got %v, %v, want %d ms", due, waits, test.want)
			}
			if waits && (b.left(due.Add(-1)) != 0 || b.left(due) == 0) {
				t.Error("left: got some too early, or none when it is due")
			}
		})
	}
}
