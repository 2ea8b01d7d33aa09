package ring

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// fleet is the instances of a directory by ID.
type fleet map[string]registry.Instance

func fleetOf(n int) fleet {
	f := fleet{}
	for i := range n {
		f[fmt.Sprintf("node-%d", i)] = registry.Instance{Weight: 100}
	}
	return f
}

func (f fleet) snapshot() *registry.Snapshot {
	const directory = "/services/guild/"
	var rows []registry.Row
	for id, in := range f {
		in.Service, in.ID = "guild", id
		rows = append(rows, registry.Row{Key: directory + id, Instance: in, Status: registry.StatusLive})
	}
	slices.SortFunc(rows, func(a, b registry.Row) int { return strings.Compare(a.Key, b.Key) })
	return &registry.Snapshot{Directory: directory, Rows: registry.NewRows(rows)}
}

// atOnce moves everything where it belongs.
var atOnce = Config{MoveParts: -1}

func newRing(t *testing.T, cfg Config, f fleet) *Ring {
	t.Helper()
	r, err := New(cfg)
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	r.Follow(f.snapshot(), at(0))
	return r
}

func at(milliseconds int) time.Time { return time.UnixMilli(int64(milliseconds)) }

// owners are the IDs by part, empty for nobody.
func owners(t *Table) []string {
	ids := make([]string, 1<<(64-t.shift))
	for part := range ids {
		if row := t.OwnerOf(uint64(part) << t.shift); row != nil {
			ids[part] = row.Instance.ID
		}
	}
	return ids
}

// TestWhereThingsAre is what processes of other versions have to agree with.
// These numbers may not change.
func TestWhereThingsAre(t *testing.T) {
	for key, want := range map[string]uint64{
		"": 0xefd01f60ba992926, "a": 0x82a2a958a9bece5b, "guild-175928847299117063": 0x590c2e21585148ea,
	} {
		if got := Hash(key); got != want {
			t.Errorf("Hash(%q): got %#x, want %#x", key, got, want)
		}
	}
	f := fleetOf(5)
	f["node-3"] = registry.Instance{Weight: 250}
	f["node-4"] = registry.Instance{Weight: 1}
	table := newRing(t, atOnce, f).Table()
	if got, want := Hash(strings.Join(owners(table), " ")), uint64(0xf568303e761028d6); got != want {
		t.Errorf("hash of all owners: got %#x, want %#x", got, want)
	}
	for key, want := range map[string]string{"81384788765712384": "node-3", "guild-7": "node-1", "": "node-0"} {
		if got := table.Owner(key).Instance.ID; got != want {
			t.Errorf("owner of %q: got %s, want %s", key, got, want)
		}
	}
}

// naive puts all points of a fleet on one list and reads off who has each part.
func naive(f fleet, cfg Config) []string {
	type mark struct {
		hash uint64
		id   string
	}
	var marks []mark
	for id, in := range f {
		if in.State == registry.StateDraining {
			continue
		}
		weight := in.Weight
		if weight == 0 {
			weight = 100
		}
		n := int(math.Round(float64(cfg.VirtualNodes*weight) / 100))
		for i := range min(max(n, 1), 16*cfg.VirtualNodes) {
			marks = append(marks, mark{pointAt(Hash(id), i), id})
		}
	}
	slices.SortFunc(marks, func(a, b mark) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
	ids := make([]string, cfg.Parts)
	if len(marks) == 0 {
		return ids
	}
	next := 0
	for part := range ids {
		for next < len(marks) && marks[next].hash < uint64(part)*(math.MaxUint64/uint64(cfg.Parts)+1) {
			next++
		}
		ids[part] = marks[next%len(marks)].id
	}
	return ids
}

// TestRingAgainstANaiveOne changes a fleet at random. Whatever came before, parts
// are where a list of all points says; and each change moves only what it must.
func TestRingAgainstANaiveOne(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 4))
	for range 8 {
		cfg := Config{Parts: 256 << rng.IntN(3), VirtualNodes: 1 + rng.IntN(40), MoveParts: -1}
		f := fleet{}
		r := newRing(t, cfg, f)
		space := 1 + rng.IntN(12)
		for range 30 {
			before, was := maps.Clone(f), owners(r.Table())
			for range 1 + rng.IntN(2) {
				id := fmt.Sprint("n", rng.IntN(space))
				switch rng.IntN(4) {
				case 0:
					delete(f, id)
				case 1:
					f[id] = registry.Instance{State: registry.StateDraining}
				default:
					f[id] = registry.Instance{Weight: []int{0, 1, 50, 100, 333, 65535}[rng.IntN(6)]}
				}
			}
			r.Follow(f.snapshot(), at(0))
			is := owners(r.Table())
			if want := naive(f, cfg); !slices.Equal(is, want) && (len(f) == 0 || !drained(f)) {
				t.Fatalf("owners of %v: got\n%v\nwant\n%v", f, is, want)
			}
			for part := range is {
				if is[part] != was[part] && same(before, f, is[part]) && same(before, f, was[part]) {
					t.Fatalf("part %d: moved from %q to %q, which did not change", part, was[part], is[part])
				}
			}
		}
	}
}

// drained says that nobody takes parts, so that those who have them keep them.
func drained(f fleet) bool {
	for _, in := range f {
		if in.State != registry.StateDraining {
			return false
		}
	}
	return true
}

func same(before, after fleet, id string) bool {
	a, knownBefore := before[id]
	b, knownAfter := after[id]
	return id != "" && knownBefore && knownAfter && a.Equal(b)
}

// TestSharesFollowWeights: a share is within a quarter of what it is to be, and
// the parts tell it exactly.
func TestSharesFollowWeights(t *testing.T) {
	for _, n := range []int{2, 10, 50} {
		f := fleetOf(n)
		f["node-0"] = registry.Instance{Weight: 300}
		counts := map[string]int{}
		for _, id := range owners(newRing(t, atOnce, f).Table()) {
			counts[id]++
		}
		for id, in := range f {
			want := float64(1<<16) * float64(in.Weight) / float64(100*n+200)
			if got := float64(counts[id]); math.Abs(got/want-1) > 0.25 {
				t.Errorf("parts of %s among %d: got %.0f, want about %.0f", id, n, got, want)
			}
		}
	}
}

// TestPointsAtOnePlace: who is first there does not depend on who came first.
func TestPointsAtOnePlace(t *testing.T) {
	for _, order := range [][]uint32{{1, 2}, {2, 1}} {
		r := newRing(t, Config{}, fleet{})
		r.nodes = append(r.nodes, node{id: "b"}, node{id: "a"})
		for _, number := range order {
			r.points.add(7, number)
		}
		if got := r.nodes[r.points.belongs[0]].id; got != "a" {
			t.Errorf("order %v: got %s, want a", order, got)
		}
		if r.points.remove(7, 2); r.points.belongs[0] != 1 {
			t.Errorf("order %v, a taken away: got %d, want b", order, r.points.belongs[0])
		}
	}
}

func TestNobody(t *testing.T) {
	for name, f := range map[string]fleet{"empty": {}, "all drain": {"a": {State: registry.StateDraining}}} {
		table := newRing(t, Config{}, f).Table()
		if got := table.Owner("x"); got != nil || table.Len() != len(f) || table.Previous("x", 1) != nil {
			t.Errorf("%s: got owner %v, want none", name, got)
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	r := newRing(t, Config{}, fleetOf(10))
	if err := r.Override(map[string]string{"guild-1": "node-1"}); err != nil {
		t.Fatal(err)
	}
	table := r.Table()
	if allocs := testing.AllocsPerRun(1000, func() {
		if table.Owner("guild-175928847299117063") == nil || table.Previous("guild-1", 1) != nil {
			t.Error("owner: got none, or a previous one, want one and no other")
		}
	}); allocs != 0 {
		t.Errorf("look-up: got %v allocations, want none", allocs)
	}
}

func TestOverrides(t *testing.T) {
	f := fleetOf(3)
	r := newRing(t, Config{}, f)
	key := "guild-1"
	by := r.Table().Owner(key).Instance.ID
	other := "node-0"
	if by == other {
		other = "node-1"
	}
	follow := func() *Table {
		r.Follow(f.snapshot(), at(0))
		return r.Table()
	}
	if err := r.Override(map[string]string{key: other, "guild-2": "unknown"}); err != nil {
		t.Fatal(err)
	}
	if got := r.Table().Owner(key).Instance.ID; got != other {
		t.Errorf("overridden: got %s, want %s", got, other)
	}
	if r.Table().Owner("guild-2") == nil {
		t.Error("put on one that is not there: got nobody, want whose it is")
	}
	f[other] = registry.Instance{State: registry.StateDraining}
	if got := follow().Owner(key).Instance.ID; got != by {
		t.Errorf("while that drains: got %s, want %s", got, by)
	}
	f[other] = registry.Instance{Port: 7}
	if got := follow().Owner(key).Instance; got.ID != other || got.Port != 7 {
		t.Errorf("when it is back: got %v, want %s on port 7", got, other)
	}
	if err := r.Override(nil); err != nil || r.Table().Owner(key).Instance.ID != by {
		t.Errorf("taken back: got %v, want %s", r.Table().Owner(key).Instance.ID, by)
	}
	many := map[string]string{}
	for i := range maxOverrides + 1 {
		many[fmt.Sprint(i)] = other
	}
	if err := r.Override(many); err == nil {
		t.Error("too many: got no error, want one")
	}
}

func TestWrongConfig(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		want string
	}{
		{Config{Parts: 100}, "want a power of two from 256"},
		{Config{Parts: 128}, "want a power of two from 256"},
		{Config{Parts: 1 << 23}, "want a power of two from 256"},
		{Config{VirtualNodes: -1}, "want 1 to 65536"},
		{Config{History: 1}, "want 2 to 64"},
		{Config{MoveEvery: -1}, "want none below zero"},
	} {
		r, err := New(test.cfg)
		if r != nil || err == nil || !strings.HasPrefix(err.Error(), "ring: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("New(%+v): got %v, want an error with %q", test.cfg, err, test.want)
		}
	}
}
