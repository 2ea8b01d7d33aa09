package registry

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestRowsAgainstAMap changes rows at random, and compares them with a map after
// every change, and with what they were before.
func TestRowsAgainstAMap(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 60 {
		want := map[string]*Row{}
		var rows Rows
		space := 1 + rng.IntN(3000)
		for range 30 {
			before, copied := rows, slices.Collect(rows.All())
			dirty := map[string]struct{}{}
			grow := rng.Float64()
			for range 1 + rng.IntN(space) {
				key := fmt.Sprintf("/services/api/%05d", rng.IntN(space))
				dirty[key] = struct{}{}
				delete(want, key)
				if rng.Float64() < grow {
					want[key] = &Row{Key: key, Index: Index(rng.Uint64()), Instance: Instance{State: []State{StateUp, StateDraining, ""}[rng.IntN(3)]}}
				}
			}
			rows = rows.with(slices.Sorted(maps.Keys(dirty)), func(key string) *Row { return want[key] })
			check(t, rows, want)
			if !slices.EqualFunc(copied, slices.Collect(before.All()), func(a, b Row) bool { return a.Key == b.Key && a.Index == b.Index }) {
				t.Fatal("the rows of before: got them changed")
			}
		}
	}
}

func check(t *testing.T, rows Rows, want map[string]*Row) {
	t.Helper()
	got := slices.Collect(rows.All())
	picks := 0
	for _, r := range want {
		if r.Instance.State != StateDraining {
			picks++
		}
	}
	if len(got) != len(want) || rows.Len() != len(want) || rows.picks != picks {
		t.Fatalf("rows: got %d, said to be %d with %d picks, want %d with %d", len(got), rows.Len(), rows.picks, len(want), picks)
	}
	if !slices.IsSortedFunc(got, func(a, b Row) int { return cmp.Compare(a.Key, b.Key) }) {
		t.Fatal("rows: got them out of order")
	}
	for _, r := range got {
		if one, found := rows.Get(r.Key); !found || one.Index != want[r.Key].Index || r.Index != one.Index {
			t.Fatalf("row of %s: got %+v, want %+v", r.Key, one, want[r.Key])
		}
	}
	if _, found := rows.Get("/services/api/x"); found {
		t.Fatal("a key that is not there: got a row")
	}
	for i, b := range rows.blocks {
		if len(b.rows) == 0 || len(b.rows) > 2*blockRows || i < len(rows.blocks)-1 && len(b.rows) < blockRows/4 {
			t.Fatalf("block %d of %d: got %d rows", i, len(rows.blocks), len(b.rows))
		}
	}
}

// TestRowsShareWhatIsEqual: one changed row of many costs one block.
func TestRowsShareWhatIsEqual(t *testing.T) {
	var all []Row
	for i := range 10_000 {
		all = append(all, Row{Key: fmt.Sprintf("/services/api/%05d", i)})
	}
	before := NewRows(all)
	after := before.with([]string{all[5000].Key}, func(key string) *Row { return &Row{Key: key, Index: 7} })
	other := 0
	for i := range before.blocks {
		if &before.blocks[i].rows[0] != &after.blocks[i].rows[0] {
			other++
		}
	}
	if other != 1 {
		t.Errorf("blocks that are not shared: got %d of %d, want 1", other, len(before.blocks))
	}
}
