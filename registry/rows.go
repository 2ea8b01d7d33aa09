package registry

import "iter"

// Rows are the served instances of one snapshot, sorted by key. They never
// change: share them freely. The next snapshot shares what is equal, so that a
// change costs a few nodes of a tree, however many keys the directory has.
type Rows struct {
	root *rowNode // nil when there are none
}

// NewRows returns the rows, which must be sorted by key and each key be there
// once.
func NewRows(rows []Row) Rows {
	own := make([]*Row, 0, len(rows))
	for _, row := range rows { // one by one: a row that stays for long must not keep all the others
		own = append(own, &row)
	}
	return Rows{topped(leavesOf(own, countPicks(own)))}
}

// Len returns how many there are, the draining ones included.
func (r Rows) Len() int {
	if r.root == nil {
		return 0
	}
	return r.root.count
}

// pickable returns how many of them can be picked.
func (r Rows) pickable() int {
	if r.root == nil {
		return 0
	}
	return r.root.picks
}

// All yields the rows in the order of their keys.
func (r Rows) All() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		r.each(func(row *Row) bool { return yield(*row) })
	}
}

// each yields the rows themselves, which nobody may change.
func (r Rows) each(yield func(*Row) bool) {
	if r.root != nil {
		r.root.each(yield)
	}
}

// Get returns the row of a key.
func (r Rows) Get(key string) (Row, bool) {
	if row := r.find(key); row != nil {
		return *row, true
	}
	return Row{}, false
}

// find returns the row itself, which nobody may change, or nil.
func (r Rows) find(key string) *Row {
	if r.root == nil {
		return nil
	}
	n := r.root
	for len(n.below) > 0 {
		n = n.below[n.childOf(key)]
	}
	at, found := n.search(key)
	if !found {
		return nil
	}
	return n.rows[at]
}

// rowChange is what becomes of one key: was is the very row that the rows have
// now, nil when they have none; now is the one in its place, nil for none.
type rowChange struct {
	key      string
	was, now *Row
}

// with returns the rows after changes, which are sorted by key, each key once.
func (r Rows) with(changes []rowChange) Rows {
	if len(changes) == 0 {
		return r
	}
	root := r.root
	if root == nil {
		root = &rowNode{}
	}
	return Rows{topped(root.with(nil, changes))}
}
