package registry

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Snapshot is what was believed of one directory at one moment. It is
// immutable: share it freely, and change nothing in it.
type Snapshot struct {
	Directory string
	// Generation counts the visible changes of the view; 0 is a view that never
	// saw an instance or a bad value.
	Generation uint64
	// Index is the position in the source's history when the snapshot was made.
	// What came later and changed nothing made no new snapshot.
	Index Index
	// At is when it was made; zero for generation 0.
	At time.Time
	// Cluster is the registry that was listed last, when it says who it is; Epoch
	// counts how often it was found to have forgotten. Index grows within an epoch.
	Cluster string
	Epoch   uint64
	// Guards are the guards that are engaged, the most severe first.
	Guards []GuardState
	// Rows are the served instances, also the draining ones, sorted by key.
	Rows Rows
	// Quarantined are the keys whose newest judged value is bad, sorted by key.
	// Snapshots share them, as they share rows.
	Quarantined []*Bad
	// Orders are what operators said of single keys, sorted by key.
	Orders []OrderState
	// QuarantineOverflow is how many more bad keys there are than fit into
	// Quarantined.
	QuarantineOverflow int
}

// Len returns how many instances can be picked.
func (s *Snapshot) Len() int { return s.Rows.pickable() }

// Instances yields the instances that can be picked: all but the draining ones,
// in the order of their keys, those in limbo behind the others.
func (s *Snapshot) Instances() iter.Seq[Instance] {
	return func(yield func(Instance) bool) {
		for _, limbo := range []bool{false, true} {
			on := true
			s.Rows.each(func(r *Row) bool {
				if r.pickable() && (r.Status == StatusLimbo) == limbo {
					on = yield(r.Instance)
				}
				return on
			})
			if !on {
				return
			}
		}
	}
}

// Guarded returns the state of a guard, the first one where there is one a zone.
func (s *Snapshot) Guarded(which Guard) (GuardState, bool) {
	for _, state := range s.Guards {
		if state.Guard == which {
			return state, true
		}
	}
	return GuardState{}, false
}

// Snapshot returns what is believed now. It is the same pointer while nothing
// visible changed: no instance, no status, no quarantined key or its fault, no
// guard.
func (v *View) Snapshot(now time.Time) *Snapshot {
	if v.last.Generation == v.generation {
		return v.last
	}
	v.last = &Snapshot{
		Directory:          v.directory,
		Generation:         v.generation,
		Index:              v.index,
		At:                 now,
		Cluster:            v.amnesia.cluster,
		Epoch:              v.amnesia.epoch,
		Guards:             v.Guards(),
		Rows:               v.mergedRows(v.last.Rows),
		Quarantined:        v.bads.sorted(),
		Orders:             v.orderStates(),
		QuarantineOverflow: v.bads.overflow(),
	}
	return v.last
}

// mergedRows puts the rows of the dirty records in place of the old ones. From
// then on the snapshot and its record share the row, see [record.edit].
func (v *View) mergedRows(old Rows) Rows {
	slices.SortFunc(v.dirty, func(a, b *record) int { return cmp.Compare(a.newest.Key, b.newest.Key) })
	changes := make([]rowChange, 0, len(v.dirty))
	ordered := v.orderedKeys()
	for _, r := range v.dirty {
		r.dirty = false
		if _, apart := ordered[r.newest.Key]; apart {
			continue
		}
		c := rowChange{r.newest.Key, r.shown, nil}
		if !r.forgotten {
			c.now = r.row
		}
		r.shown = c.now
		if last := len(changes) - 1; last >= 0 && changes[last].key == c.key { // a record and its successor
			changes[last].was = cmp.Or(changes[last].was, c.was)
			changes[last].now = cmp.Or(changes[last].now, c.now)
			continue
		}
		changes = append(changes, c)
	}
	changes = v.withOrdered(changes, old, ordered)
	v.dirty = resetRoom(v.dirty)
	return old.with(changes)
}

// resetRoom empties a list, and gives up the room of an uncommon burst.
func resetRoom[T any](list []T) []T {
	if cap(list) > 4096 {
		return nil
	}
	clear(list) // it must keep nothing alive
	return list[:0]
}
