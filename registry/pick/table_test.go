package pick

import (
	"fmt"
	"math"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

// words are evenly spaced over all there are: what a fair rule makes of them is
// fair to within one.
func words(n int) func(func(uint64) bool) {
	return func(yield func(uint64) bool) {
		step := math.MaxUint64 / uint64(n)
		for i := range uint64(n) {
			if !yield(i*step + step/2) {
				return
			}
		}
	}
}

func TestTurnTakesOneAfterTheOther(t *testing.T) {
	table := newPool(t, Config{}, several(2*chunkSize+7)...).Table()
	seen := map[string]int{}
	for i := range 3 * table.Len() {
		seen[table.Turn(math.MaxUint32+uint64(i)).Row.Key]++
	}
	for key, times := range seen {
		if times != 3 {
			t.Fatalf("%s in three rounds: got it %d times, want 3", key, times)
		}
	}
}

func TestRandomIsFair(t *testing.T) {
	const each = 50
	table := newPool(t, Config{}, several(chunkSize+44)...).Table()
	seen := map[string]int{}
	for word := range words(each * table.Len()) {
		seen[table.Random(word).Row.Key]++
	}
	for key, times := range seen {
		if times < each-1 || times > each+1 {
			t.Fatalf("%s: got it %d times, want %d", key, times, each)
		}
	}
}

func TestTwoAreDifferentAndFair(t *testing.T) {
	table := newPool(t, Config{}, several(5)...).Table()
	const draws = 100_000
	pairs := map[[2]uint32]int{}
	for word := range words(draws) {
		a, b := table.Two(scramble(word))
		if a.Slot == b.Slot {
			t.Fatalf("two of five: got one twice")
		}
		pairs[[2]uint32{a.Slot, b.Slot}]++
	}
	for pair, times := range pairs {
		if off := math.Abs(float64(times)*20/draws - 1); len(pairs) != 20 || off > 0.05 {
			t.Errorf("pair %v of %d pairs: got it %d times, want %d", pair, len(pairs), times, draws/20)
		}
	}
	one := newPool(t, Config{}, row("a")).Table()
	if a, b := one.Two(7); a.Row == nil || a != b {
		t.Errorf("two of one: got %v and %v, want it twice", a, b)
	}
}

func TestWeightedGoesByWeight(t *testing.T) {
	var rows []registry.Row
	total := 0
	for i := range chunkSize + 90 {
		weight := 1 + i%7*i/4
		total += weight
		rows = append(rows, row(fmt.Sprintf("a%04d", i), weighing(weight)))
	}
	rows = append(rows, row("b", weighing(0))) // a record without one has the default
	total += registry.DefaultWeight
	table := newPool(t, Config{}, rows...).Table()
	seen := map[string]int{}
	const each = 3
	for word := range words(each * total) {
		seen[table.Weighted(word).Row.Instance.ID]++
	}
	for _, r := range rows {
		want := each * r.Instance.Weight
		if r.Instance.ID == "b" {
			want = each * registry.DefaultWeight
		}
		if got := seen[r.Instance.ID]; got < want-2 || got > want+2 {
			t.Fatalf("%s: got it %d times, want %d", r.Key, got, want)
		}
	}
}

// TestNearSharesTheLoad: with as many callers in each zone, each instance gets
// what its weight says, and nobody leaves a zone that has its share.
func TestNearSharesTheLoad(t *testing.T) {
	for _, test := range []struct {
		name  string
		zones map[string][]int // weights
	}{
		{"even", map[string][]int{"a": {100, 100}, "b": {50, 150}, "c": {200}}},
		{"one is short", map[string][]int{"a": {100}, "b": {100, 100, 100}, "c": {100, 100, 100}}},
		{"one has it all but little", map[string][]int{"a": {10}, "b": {1}, "c": {1000}}},
		{"alone", map[string][]int{"a": {1, 2, 3}}},
		{"of all sizes", map[string][]int{"a": {100}, "b": {100, 100}, "c": {100, 100, 100}, "d": {100, 100, 100, 100}, "": {5}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var rows []registry.Row
			total := 0.0
			for zone, weights := range test.zones {
				for i, w := range weights {
					rows = append(rows, row(fmt.Sprint("x", zone, i), inZone(zone), weighing(w)))
					total += float64(w)
				}
			}
			const draws = 20_000
			load := map[string]float64{}
			for own := range test.zones {
				table := newPool(t, Config{ByZone: true, Zone: own}, rows...).Table()
				left := 0
				for word := range words(draws) {
					in := table.Near(word, scramble(^word)).Row.Instance
					if load[in.ID]++; in.Zone != own {
						left++
					}
				}
				has := float64(table.groups[0].weight) / total * float64(len(test.zones))
				if want := draws * max(0, 1-has); math.Abs(float64(left)-want) > 2 {
					t.Errorf("left zone %q: got %d of %d, want %.0f", own, left, draws, want)
				}
			}
			for _, r := range rows {
				want := float64(r.Instance.Weight) / total * float64(len(test.zones)) * draws
				if got := load[r.Instance.ID]; math.Abs(got-want) > 0.05*want+50 {
					t.Errorf("load of %s in %q: got %.0f, want %.0f", r.Instance.ID, r.Instance.Zone, got, want)
				}
			}
		})
	}
}

func TestNearWithNobodyNear(t *testing.T) {
	rows := append(several(4, inZone("b")), row("x", inZone("a")), row("y", inZone("a"), limbo))
	p := newPool(t, Config{ByZone: true, Zone: "a"}, rows...)
	near := func(want string) {
		t.Helper()
		for word := range words(999) {
			if got := p.Table().Near(math.MaxUint64-word, word).Row.Instance.Zone; got != want {
				t.Fatalf("zone: got %q, want %q", got, want)
			}
		}
	}
	fail(p, "x", at(0))
	r := rows[4]
	p.NoteError(&r, at(0))
	near("b")
	elsewhere := newPool(t, Config{ByZone: true, Zone: "c"}, rows[:5]...).Table()
	if got := elsewhere.Near(0, 0); got.Row == nil {
		t.Error("a caller whose zone has nobody: got nothing, want somebody elsewhere")
	}
	for word := range words(9) {
		if got := newPool(t, Config{}, rows...).Table().Near(math.MaxUint64, word); got.Row == nil {
			t.Error("a pool without zones: got nothing, want one by weight")
		}
	}
}

// TestNothingToPick: the zero candidate, whatever is asked.
func TestNothingToPick(t *testing.T) {
	for _, p := range []*Pool{newPool(t, Config{}), newPool(t, Config{ByZone: true}, row("a", draining))} {
		table := p.Table()
		a, b := table.Two(math.MaxUint64)
		for _, c := range []Candidate{a, b, table.Turn(7), table.Random(math.MaxUint64), table.Weighted(0), table.Near(math.MaxUint64, 0)} {
			if c != (Candidate{}) {
				t.Errorf("candidate: got %v, want none", c)
			}
		}
	}
}

// TestPicksAllocateNothing, in a directory of any size.
func TestPicksAllocateNothing(t *testing.T) {
	table := newPool(t, Config{ByZone: true, Zone: "a"}, append(several(1000, inZone("b")), row("x", inZone("a")))...).Table()
	word := uint64(1)
	for name, choose := range map[string]func() Candidate{
		"turn":     func() Candidate { return table.Turn(word) },
		"random":   func() Candidate { return table.Random(word) },
		"two":      func() Candidate { c, _ := table.Two(word); return c },
		"weighted": func() Candidate { return table.Weighted(word) },
		"near":     func() Candidate { return table.Near(word, scramble(word)) },
	} {
		if allocs := testing.AllocsPerRun(1000, func() {
			word = scramble(word)
			if choose().Row == nil {
				t.Error("got nothing")
			}
		}); allocs != 0 {
			t.Errorf("%s: got %v allocations, want none", name, allocs)
		}
	}
}
