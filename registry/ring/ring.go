package ring

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Ring follows one directory and decides where each part of the keyspace is. It
// belongs to one goroutine.
type Ring struct {
	cfg       Config
	snapshot  *registry.Snapshot
	overrides map[string]string

	byKey  map[string]uint32
	nodes  []node   // by number; that of nobody is not used
	vacant []uint32 // numbers to give away
	rows   pages[*registry.Row]

	points points
	owners pages[uint32] // by part: who has it
	// waiting are the parts that are not where they belong, a bit each.
	waiting []uint64
	pending int
	budget  budget

	generation uint64
	table      *Table // the newest; nil when something has changed
	past       []*Table
}

// node is one instance of the directory.
type node struct {
	row    *registry.Row // nil: it is gone, or the number is vacant
	id     string
	hash   uint64
	points int
	parts  int // that it has
}

// New returns a ring that has seen no snapshot. A wrong configuration is an error
// that says where.
func New(cfg Config) (*Ring, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	r := &Ring{
		cfg: cfg, snapshot: &registry.Snapshot{}, byKey: make(map[string]uint32), nodes: make([]node, 1),
		waiting: make([]uint64, cfg.Parts/64),
		budget:  budget{limit: cfg.MoveParts, every: cfg.MoveEvery},
		points: points{
			shift:  64 - bits.TrailingZeros(uint(cfg.Parts)),
			byPart: make([][]point, cfg.Parts), belongs: make([]uint32, cfg.Parts),
		},
	}
	r.points.moved = r.compare
	r.points.id = func(number uint32) string { return r.nodes[number].id }
	r.rows.reach(nobody)
	r.owners.reach(uint32(cfg.Parts - 1))
	return r, nil
}

// Follow takes the newest snapshot and moves what may move.
func (r *Ring) Follow(snapshot *registry.Snapshot, now time.Time) {
	before := r.Table()
	changed := false
	for was, is := range snapshot.Rows.Diff(r.snapshot.Rows) {
		changed = r.take(was, is) || changed
	}
	r.snapshot, r.table = snapshot, nil
	if changed {
		r.remember(before)
	}
	r.move(now)
}

// remember makes a table the newest of the past: another placement begins.
func (r *Ring) remember(table *Table) {
	r.generation++
	if table.Len() == 0 {
		return // there was no placement
	}
	bare := *table
	bare.past = nil // or each would keep all before it
	r.past = slices.Insert(r.past, 0, &bare)
	r.past = r.past[:min(len(r.past), r.cfg.History):min(len(r.past), r.cfg.History)]
}

// take carries one difference of two snapshots out, and reports whether anything
// belongs elsewhere because of it.
func (r *Ring) take(was, is *registry.Row) bool {
	if is == nil {
		return r.drop(was.Key)
	}
	number, known := r.byKey[is.Key]
	if !known {
		number = r.number()
		r.byKey[is.Key] = number
		r.nodes[number] = node{id: is.Instance.ID, hash: Hash(is.Instance.ID)}
	}
	n := &r.nodes[number]
	n.row = is
	r.rows.set(number, is)
	return r.weigh(number, r.pointsOf(is))
}

func (r *Ring) number() uint32 {
	if last := len(r.vacant) - 1; last >= 0 {
		number := r.vacant[last]
		r.vacant = r.vacant[:last]
		return number
	}
	number := uint32(len(r.nodes))
	r.nodes = append(r.nodes, node{})
	r.rows.reach(number)
	return number
}

// drop takes an instance out. Its number is given away when its last part has moved.
func (r *Ring) drop(key string) bool {
	number := r.byKey[key]
	changed := r.weigh(number, 0)
	r.nodes[number].row = nil
	delete(r.byKey, key)
	r.retire(number)
	return changed
}

// retire gives the number of an instance that is gone and has nothing free.
func (r *Ring) retire(number uint32) {
	if n := &r.nodes[number]; number != nobody && n.row == nil && n.parts == 0 {
		*n = node{}
		r.rows.set(number, nil)
		r.vacant = append(r.vacant, number)
	}
}

// pointsOf is how many points an instance is to have.
func (r *Ring) pointsOf(row *registry.Row) int {
	if row.Instance.State == registry.StateDraining {
		return 0
	}
	weight := cmp.Or(row.Instance.Weight, registry.DefaultWeight)
	usual := r.cfg.VirtualNodes
	return min(max((usual*weight+registry.DefaultWeight/2)/registry.DefaultWeight, 1), maxShare*usual)
}

// weigh gives a node so many points.
func (r *Ring) weigh(number uint32, want int) bool {
	n := &r.nodes[number]
	changed := n.points != want
	for ; n.points < want; n.points++ {
		r.points.add(pointAt(n.hash, n.points), number)
	}
	for ; n.points > want; n.points-- {
		r.points.remove(pointAt(n.hash, n.points-1), number)
	}
	return changed
}

// compare notes whether a part is where it belongs.
func (r *Ring) compare(part uint32) {
	bit := uint64(1) << (part % 64)
	there := r.owners.at(part) == r.points.belongs[part]
	if waits := r.waiting[part/64]&bit != 0; waits == there {
		r.waiting[part/64] ^= bit
		if there {
			r.pending--
		} else {
			r.pending++
		}
	}
}

// Override puts keys on instances by hand, each for as long as its instance is
// there and does not drain: by key, the instance's ID. It replaces all overrides
// of before, at once and outside the budget; there may be 1,024.
func (r *Ring) Override(overrides map[string]string) error {
	if len(overrides) > maxOverrides {
		return fmt.Errorf("ring: %d overrides, want at most %d", len(overrides), maxOverrides)
	}
	r.overrides, r.table = maps.Clone(overrides), nil
	return nil
}

// Table returns where everything is now: the same table while nothing changed.
func (r *Ring) Table() *Table {
	if r.table == nil {
		r.table = &Table{
			snapshot: r.snapshot, shift: r.points.shift, owners: r.owners.show(), rows: r.rows.show(), count: len(r.byKey),
			generation: r.generation, pending: r.pending, past: r.past, overrides: r.resolve(),
		}
	}
	return r.table
}

// resolve finds the instances that keys were put on by hand.
func (r *Ring) resolve() map[string]*registry.Row {
	if len(r.overrides) == 0 {
		return nil
	}
	rows := make(map[string]*registry.Row)
	for key, id := range r.overrides {
		if number, there := r.byKey[r.snapshot.Directory+id]; there && r.nodes[number].points > 0 {
			rows[key] = r.nodes[number].row
		}
	}
	return rows
}
