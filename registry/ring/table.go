package ring

import "github.com/firebreak-go/firebreak/registry"

// Table is where everything is at one moment. It is immutable. The rows that it
// returns are shared with the snapshot: change nothing in them.
type Table struct {
	snapshot   *registry.Snapshot
	shift      int
	owners     shown[uint32]        // by part
	rows       shown[*registry.Row] // by number
	overrides  map[string]*registry.Row
	count      int
	generation uint64
	pending    int
	past       []*Table // newest first
}

// Owner returns the instance that a key is on, nil when there is none.
func (t *Table) Owner(key string) *registry.Row {
	if len(t.overrides) > 0 {
		if row := t.overrides[key]; row != nil {
			return row
		}
	}
	return t.OwnerOf(Hash(key))
}

// OwnerOf returns the instance that a hash is on (see [Hash]), nil when there is
// none. It knows of no overrides.
func (t *Table) OwnerOf(hash uint64) *registry.Row {
	return t.rows.at(t.owners.at(uint32(hash >> t.shift)))
}

// Previous returns the instance that a key was on so many placements ago, as it
// was then: 1 is the one before the present. It is nil when that is not remembered,
// or nobody had it. The instance may be gone.
func (t *Table) Previous(key string, back int) *registry.Row {
	if back < 1 || back > len(t.past) {
		return nil
	}
	return t.past[back-1].Owner(key)
}

// History returns how many placements before the present one are remembered.
func (t *Table) History() int { return len(t.past) }

// Generation counts the placements: each change of who is there, or with which
// weight, begins another. What moves within the budget belongs to one.
func (t *Table) Generation() uint64 { return t.generation }

// Pending returns how many parts are not yet where they belong.
func (t *Table) Pending() int { return t.pending }

// Len returns how many instances there are, the draining included.
func (t *Table) Len() int { return t.count }

// Snapshot is the one that the table was made from.
func (t *Table) Snapshot() *registry.Snapshot { return t.snapshot }
