package registry

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestDiffAgainstAMap: what Diff yields turns the older rows into the newer, and
// nothing that is equal is in it.
func TestDiffAgainstAMap(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	for range 40 {
		var rows Rows
		known := map[string]Index{}
		last := rows
		space := 1 + rng.IntN(2000)
		for range 30 {
			dirty := map[string]*Row{}
			for range 1 + rng.IntN(1+space/(1+rng.IntN(space))) {
				key := fmt.Sprintf("/services/api/%05d", rng.IntN(space))
				dirty[key] = nil
				if rng.IntN(3) > 0 {
					dirty[key] = &Row{Key: key, Index: Index(rng.Uint64())}
				}
			}
			rows = rows.with(changesOf(rows, dirty))
			if rng.IntN(3) == 0 {
				continue // a reader may leave snapshots out
			}
			applyDiff(t, known, last, rows)
			want := map[string]Index{}
			for row := range rows.All() {
				want[row.Key] = row.Index
			}
			if !maps.Equal(known, want) {
				t.Fatalf("after the differences: got %d rows, want the %d that are there", len(known), len(want))
			}
			last = rows
		}
	}
}

// changesOf are the changes that put rows in the place of what is there; nil
// takes it out.
func changesOf(rows Rows, dirty map[string]*Row) []rowChange {
	there := map[string]*Row{}
	rows.each(func(row *Row) bool { there[row.Key] = row; return true })
	var changes []rowChange
	for _, key := range slices.Sorted(maps.Keys(dirty)) {
		if there[key] != nil || dirty[key] != nil {
			changes = append(changes, rowChange{key: key, was: there[key], now: dirty[key]})
		}
	}
	return changes
}

func applyDiff(t *testing.T, known map[string]Index, older, newer Rows) {
	t.Helper()
	previous := ""
	for was, is := range newer.Diff(older) {
		var key string
		if was != nil {
			key = was.Key
			if known[key] != was.Index {
				t.Fatalf("%s was: got index %d, want %d", key, was.Index, known[key])
			}
			delete(known, key)
		}
		if is != nil {
			key = is.Key
			known[key] = is.Index
		}
		if key <= previous || was != nil && is != nil && was.Key != is.Key {
			t.Fatalf("got %q after %q, want keys in order and of one row", key, previous)
		}
		previous = key
	}
}

// TestDiffLooksAtWhatChanged: one change of ten thousand is one pair.
func TestDiffLooksAtWhatChanged(t *testing.T) {
	var all []Row
	for i := range 10_000 {
		all = append(all, Row{Key: fmt.Sprintf("/services/api/%05d", i)})
	}
	before := NewRows(all)
	key := all[5000].Key
	after := before.with(changesOf(before, map[string]*Row{key: {Key: key, Index: 7}}))
	pairs := 0
	for was, is := range after.Diff(before) {
		if pairs++; was.Key != all[5000].Key || is.Index != 7 {
			t.Errorf("got %v and %v, want the row that changed", was, is)
		}
	}
	if pairs != 1 {
		t.Errorf("pairs: got %d, want 1", pairs)
	}
}

// TestDiffLooksIntoFewNodes: a difference of one row is found without a walk
// through all, whatever the height of the two trees.
func TestDiffLooksIntoFewNodes(t *testing.T) {
	var all []Row
	for i := range 100_000 {
		all = append(all, Row{Key: fmt.Sprintf("/services/api/%06d", i)})
	}
	before := NewRows(all)
	key := all[777].Key
	after := before.with(changesOf(before, map[string]*Row{key: {Key: key}, "/services/api/zz": {Key: "/services/api/zz"}}))
	a, b := walkOf(before.root), walkOf(after.root)
	opened := 0
	for !a.done() || !b.done() {
		if a.skip(&b) {
			continue
		}
		order := a.compare(&b)
		if a.open(order <= 0, &b, order == 0) || b.open(order >= 0, &a, order == 0) {
			opened++
			continue
		}
		if order <= 0 {
			a.next()
		}
		if order >= 0 {
			b.next()
		}
	}
	if opened > 50 {
		t.Errorf("nodes looked into: got %d of %d rows' worth, want a few", opened, before.Len())
	}
}
