package pick

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// row is an instance by its ID, live, up and of weight 100 unless changed.
func row(id string, changes ...func(*registry.Row)) registry.Row {
	r := registry.Row{
		Key: "/services/api/" + id, Status: registry.StatusLive,
		Instance: registry.Instance{Service: "api", ID: id, Host: "10.0.0.7", Port: 50051, Incarnation: "1", Weight: 100, State: registry.StateUp},
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func limbo(r *registry.Row)    { r.Status = registry.StatusLimbo }
func draining(r *registry.Row) { r.Instance.State = registry.StateDraining }
func again(r *registry.Row)    { r.Instance.Incarnation = "2" }

func inZone(name string) func(*registry.Row) { return func(r *registry.Row) { r.Instance.Zone = name } }

func weighing(w int) func(*registry.Row) { return func(r *registry.Row) { r.Instance.Weight = w } }

func snapshot(rows ...registry.Row) *registry.Snapshot {
	slices.SortFunc(rows, func(a, b registry.Row) int { return strings.Compare(a.Key, b.Key) })
	return &registry.Snapshot{Rows: registry.NewRows(rows)}
}

// several are live instances with the IDs a0, a1 and so on.
func several(n int, changes ...func(*registry.Row)) []registry.Row {
	var rows []registry.Row
	for i := range n {
		rows = append(rows, row(fmt.Sprintf("a%04d", i), changes...))
	}
	return rows
}

func newPool(t *testing.T, cfg Config, rows ...registry.Row) *Pool {
	t.Helper()
	p, err := NewPool(cfg)
	if err != nil {
		t.Fatalf("NewPool: got %v, want no error", err)
	}
	p.Follow(snapshot(rows...))
	return p
}

// picked are the IDs that a table picks, sorted.
func picked(t *Table) []string {
	ids := []string{}
	for i := range t.Len() {
		ids = append(ids, t.Turn(uint64(i)).Row.Instance.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestWhoIsPicked(t *testing.T) {
	for _, test := range []struct {
		name  string
		cfg   Config
		rows  []registry.Row
		want  string
		panic bool
	}{
		{"nobody", Config{}, nil, "", false},
		{"all that live", Config{}, []registry.Row{row("a"), row("b")}, "a b", false},
		{"never the draining", Config{}, []registry.Row{row("a", draining), row("b")}, "b", false},
		{"not even alone", Config{}, []registry.Row{row("a", draining)}, "", false},
		{"limbo behind the live", Config{}, []registry.Row{row("a", limbo), row("b"), row("c")}, "b c", false},
		{"limbo while half lives", Config{}, []registry.Row{row("a", limbo), row("b")}, "b", false},
		{"limbo with fewer than half", Config{}, []registry.Row{row("a", limbo), row("b", limbo), row("c")}, "a b c", true},
		{"limbo alone", Config{}, []registry.Row{row("a", limbo), row("b", limbo)}, "a b", true},
		{"strictly behind", Config{PanicFraction: -1}, []registry.Row{row("a", limbo), row("b", limbo), row("c")}, "c", false},
		{"strictly behind nobody", Config{PanicFraction: -1}, []registry.Row{row("a", limbo)}, "a", true},
		{"limbo that drains", Config{}, []registry.Row{row("a", limbo, draining), row("b", limbo)}, "b", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			table := newPool(t, test.cfg, test.rows...).Table()
			if got := strings.Join(picked(table), " "); got != test.want || table.Tally().Panicking != test.panic {
				t.Errorf("picked: got %q, panicking %v, want %q, %v", got, table.Tally().Panicking, test.want, test.panic)
			}
		})
	}
}

// TestPoolAgainstAModel feeds random snapshots and calls, and compares what is
// picked with a plain account of the rules.
func TestPoolAgainstAModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 3))
	for range 12 {
		cfg := Config{ByZone: rng.IntN(2) == 0, Zone: "z0"}
		zones := 1 + rng.IntN(2*maxZones)
		p := newPool(t, cfg)
		now := time.Unix(0, 0)
		state := map[string]registry.Row{}
		ejected := map[string]bool{}
		space := 1 + rng.IntN(700)
		for range 40 {
			for range 1 + rng.IntN(space) {
				id := fmt.Sprintf("a%04d", rng.IntN(space))
				r := row(id, inZone(fmt.Sprint("z", rng.IntN(zones))), weighing(1+rng.IntN(300)))
				switch rng.IntN(6) {
				case 0:
					delete(state, id)
					continue
				case 1:
					r.Status = registry.StatusLimbo
				case 2:
					r.Instance.State = registry.StateDraining
				}
				state[id] = r
			}
			p.Follow(snapshot(slices.Collect(maps.Values(state))...))
			for range rng.IntN(20) {
				r := state[fmt.Sprintf("a%04d", rng.IntN(space))]
				p.NoteError(&r, now)
				p.NoteError(&r, now.Add(time.Second))
			}
			now = now.Add(time.Duration(rng.IntN(20)) * time.Second)
			p.Tick(now)
			clear(ejected)
			for _, e := range p.Ejections() {
				if ejected[e.Row.Instance.ID] = true; !e.Until.After(now) {
					t.Fatalf("%s: ejected until %v at %v, want it back", e.Row.Key, e.Until, now)
				}
			}
			expectModel(t, p.Table(), state, ejected)
			expectGroups(t, p.Table(), cfg.ByZone, zones)
		}
	}
}

func expectModel(t *testing.T, table *Table, state map[string]registry.Row, ejected map[string]bool) {
	t.Helper()
	var want Tally
	usable, all := []string{}, []string{}
	var weight, usableWeight uint64
	for id, r := range state {
		if r.Instance.State == registry.StateDraining {
			continue
		}
		all = append(all, id)
		weight += uint64(r.Instance.Weight)
		switch {
		case r.Status == registry.StatusLimbo:
			want.Limbo++
		case ejected[id]:
			want.Ejected++
		default:
			want.Usable++
			usable = append(usable, id)
			usableWeight += uint64(r.Instance.Weight)
		}
	}
	if want.Panicking = len(all) > len(usable) && 2*len(usable) < len(all); want.Panicking {
		usable, usableWeight = all, weight
	}
	slices.Sort(usable)
	if table.Tally() != want {
		t.Fatalf("tally: got %+v, want %+v", table.Tally(), want)
	}
	if got := picked(table); !slices.Equal(got, usable) || table.weight != usableWeight {
		t.Fatalf("picked: got %d with weight %d, want %d with %d", len(got), table.weight, len(usable), usableWeight)
	}
	if live := want.Usable + want.Ejected; want.Ejected > max(1, live/10) {
		t.Fatalf("ejected: got %d of %d, want a tenth at most", want.Ejected, live)
	}
	slots := map[uint32]bool{}
	for i := range table.Len() {
		c := table.Turn(uint64(i))
		if slots[c.Slot] || int(c.Slot) >= table.Slots() {
			t.Fatalf("slot %d of %s: got it twice or not below %d", c.Slot, c.Row.Key, table.Slots())
		}
		slots[c.Slot] = true
		if r := state[c.Row.Instance.ID]; r.Instance.Weight != c.Row.Instance.Weight || r.Instance.Zone != c.Row.Instance.Zone {
			t.Fatalf("%s: got the row of before", c.Row.Key)
		}
	}
}

// expectGroups: a group is one zone, or all that are too many.
func expectGroups(t *testing.T, table *Table, byZone bool, zones int) {
	t.Helper()
	mixed := 0
	for i := range table.groups {
		g := &table.groups[i]
		names := map[string]bool{}
		for k := range g.n {
			names[g.at(k).Row.Instance.Zone] = true
		}
		if len(names) > 1 {
			mixed++
		}
	}
	want := 0
	if byZone && zones > maxZones {
		want = 1
	}
	if byZone && mixed > want || len(table.groups) > maxZones+2 {
		t.Fatalf("groups of %d zones: got %d, %d of them mixed, want at most %d", zones, len(table.groups), mixed, want)
	}
}

// TestTablesDoNotChange: a reader may keep one for as long as it likes.
func TestTablesDoNotChange(t *testing.T) {
	rows := several(3 * chunkSize)
	p := newPool(t, Config{}, rows...)
	old := p.Table()
	before := picked(old)
	for i := range rows {
		if i%2 == 0 {
			rows[i].Instance.Weight, rows[i].Instance.Port = 7, 1
		}
	}
	p.Follow(snapshot(rows[:2*chunkSize+5]...))
	p.Table()
	if !slices.Equal(picked(old), before) || old.weight != uint64(len(before))*100 {
		t.Errorf("the table of before: got %d with weight %d, want it unchanged", old.Len(), old.weight)
	}
	for word := range uint64(1000) {
		if c := old.Weighted(word << 54); c.Row.Instance.Port != 50051 {
			t.Fatalf("%s: got the row of later", c.Row.Key)
		}
	}
}

// TestSlotsStay: what is counted under a slot is of one key.
func TestSlotsStay(t *testing.T) {
	p := newPool(t, Config{}, several(20)...)
	slots := map[string]uint32{}
	for i := range 20 {
		c := p.Table().Turn(uint64(i))
		slots[c.Row.Key] = c.Slot
	}
	p.Follow(snapshot(append(several(20, weighing(7))[5:], row("b"))...))
	for i := range p.Table().Len() {
		c := p.Table().Turn(uint64(i))
		if slot, known := slots[c.Row.Key]; known && slot != c.Slot {
			t.Errorf("slot of %s: got %d, want %d as before", c.Row.Key, c.Slot, slot)
		}
	}
	if p.Table().Slots() != 20 {
		t.Errorf("slots: got %d, want 20: those that are vacant are given away", p.Table().Slots())
	}
}

func TestTableIsTheSameUntilSomethingChanges(t *testing.T) {
	p := newPool(t, Config{}, several(3)...)
	table := p.Table()
	r := row("a0000")
	p.NoteError(&r, time.Unix(0, 0))
	p.NoteSuccess(&r)
	p.Tick(time.Unix(100, 0))
	if p.Table() != table {
		t.Error("table: got another one although nothing changed")
	}
}
