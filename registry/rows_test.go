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
			dirty := map[string]rowChange{}
			grow := rng.Float64()
			for range 1 + rng.IntN(space) {
				key := fmt.Sprintf("/services/api/%05d", rng.IntN(space))
				if _, twice := dirty[key]; !twice {
					dirty[key] = rowChange{key: key, was: want[key]}
				}
				delete(want, key)
				if rng.Float64() < grow {
					want[key] = &Row{Key: key, Index: Index(rng.Uint64()), Instance: Instance{State: []State{StateUp, StateDraining, ""}[rng.IntN(3)]}}
				}
			}
			changes := make([]rowChange, 0, len(dirty))
			for _, key := range slices.Sorted(maps.Keys(dirty)) {
				changes = append(changes, rowChange{key, dirty[key].was, want[key]})
			}
			rows = rows.with(changes)
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
	if len(got) != len(want) || rows.Len() != len(want) || rows.pickable() != picks {
		t.Fatalf("rows: got %d, said to be %d with %d picks, want %d with %d", len(got), rows.Len(), rows.pickable(), len(want), picks)
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
	if rows.root != nil {
		checkNode(t, rows.root, rows.root)
	}
}

// checkNode checks what a node says of itself, and returns how high it is.
func checkNode(t *testing.T, root, n *rowNode) int {
	t.Helper()
	if n.fan() == 0 || n.fan() > maxFan || n != root && n.fan() < minFan || len(n.rows) > 0 && len(n.below) > 0 {
		t.Fatalf("node: got %d rows and %d nodes", len(n.rows), len(n.below))
	}
	if len(n.below) == 0 {
		if n.count != len(n.rows) || n.picks != countPicks(n.rows) {
			t.Fatalf("leaf of %d rows, %d to pick: got it said to have %d, %d", len(n.rows), countPicks(n.rows), n.count, n.picks)
		}
		return 1
	}
	height, count, picks := 0, 0, 0
	for i, child := range n.below {
		h := checkNode(t, root, child)
		if i > 0 && h != height || n.leasts[i] != child.least() {
			t.Fatalf("child %d: got height %d beside %d, first key %s said to be %s", i, h, height, child.least(), n.leasts[i])
		}
		height = h
		count += child.count
		picks += child.picks
	}
	if count != n.count || picks != n.picks || len(n.leasts) != len(n.below) {
		t.Fatalf("node of %d rows, %d to pick: got it said to have %d, %d", count, picks, n.count, n.picks)
	}
	return height + 1
}

// TestRowsShareWhatIsEqual: one changed row of many costs a leaf and what is above it.
func TestRowsShareWhatIsEqual(t *testing.T) {
	var all []Row
	for i := range 10_000 {
		all = append(all, Row{Key: fmt.Sprintf("/services/api/%05d", i)})
	}
	before := NewRows(all)
	was, key := (*Row)(nil), all[5000].Key
	before.each(func(r *Row) bool { was = r; return r.Key != key })
	after := before.with([]rowChange{{key, was, &Row{Key: key, Index: 7}}})
	known := map[*rowNode]bool{}
	var walk func(n *rowNode, visit func(*rowNode))
	walk = func(n *rowNode, visit func(*rowNode)) {
		visit(n)
		for _, child := range n.below {
			walk(child, visit)
		}
	}
	walk(before.root, func(n *rowNode) { known[n] = true })
	other := 0
	walk(after.root, func(n *rowNode) {
		if !known[n] {
			other++
		}
	})
	if other != 3 {
		t.Errorf("nodes that are not shared: got %d of %d, want 3", other, len(known))
	}
	if got, _ := after.Get(key); got.Index != 7 {
		t.Errorf("the changed row: got %+v", got)
	}
}
