package registry

import (
	"cmp"
	"iter"
	"slices"
)

// Rows are the served instances of one snapshot, sorted by key. They never
// change: share them freely. The next snapshot shares what is equal, so that a
// change in a directory of a hundred thousand keys costs a block of rows, and
// not all of them.
type Rows struct {
	blocks []rowBlock
	count  int
	picks  int // rows that can be picked
}

// rowBlock is a run of neighbours. No block is empty, and none is changed after
// it was made.
type rowBlock struct {
	rows  []Row
	picks int
}

// blockRows is how many rows a block has when it is made; one that has grown to
// twice as many is parted, one that has shrunk to a quarter joins its neighbour.
const blockRows = 32

// NewRows returns the rows, which must be sorted by key and each key be there
// once.
func NewRows(rows []Row) Rows {
	var b rowsBuilder
	b.addAll(slices.Clone(rows))
	return b.built()
}

// Len returns how many there are, the draining ones included.
func (r Rows) Len() int { return r.count }

// All yields the rows in the order of their keys.
func (r Rows) All() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for _, b := range r.blocks {
			for i := range b.rows {
				if !yield(b.rows[i]) {
					return
				}
			}
		}
	}
}

// Get returns the row of a key.
func (r Rows) Get(key string) (Row, bool) {
	if len(r.blocks) == 0 {
		return Row{}, false
	}
	b := r.blocks[r.blockOf(key)]
	at, found := b.search(key)
	if !found {
		return Row{}, false
	}
	return b.rows[at], true
}

// blockOf is where a key is, if it is anywhere. There must be a block.
func (r Rows) blockOf(key string) int {
	at, found := slices.BinarySearchFunc(r.blocks, key, func(b rowBlock, key string) int { return cmp.Compare(b.rows[0].Key, key) })
	if found {
		return at
	}
	return max(at-1, 0)
}

func (b rowBlock) search(key string) (int, bool) {
	return slices.BinarySearchFunc(b.rows, key, func(r Row, key string) int { return cmp.Compare(r.Key, key) })
}

// with returns the rows after changes: for each of the keys, which are sorted,
// the row that row returns, or none.
func (r Rows) with(keys []string, row func(key string) *Row) Rows {
	if len(r.blocks) == 0 {
		var fresh []Row
		for _, key := range keys {
			if now := row(key); now != nil {
				fresh = append(fresh, *now)
			}
		}
		var b rowsBuilder
		b.addAll(fresh)
		return b.built()
	}
	b := rowsBuilder{blocks: make([]rowBlock, 0, len(r.blocks)+1)}
	for at := range r.blocks {
		last := at == len(r.blocks)-1
		if len(keys) == 0 || !last && keys[0] >= r.blocks[at+1].rows[0].Key {
			b.share(r.blocks[at])
			continue
		}
		mine := len(keys) // those that belong here: all up to the next block's first
		if !last {
			mine, _ = slices.BinarySearch(keys, r.blocks[at+1].rows[0].Key)
		}
		b.addAll(r.blocks[at].merged(keys[:mine], row))
		keys = keys[mine:]
	}
	return b.built()
}

// merged is a block's rows after changes.
func (b rowBlock) merged(keys []string, row func(key string) *Row) []Row {
	old := b.rows
	rows := make([]Row, 0, len(old)+len(keys))
	for _, key := range keys {
		at, found := rowBlock{rows: old}.search(key)
		rows = append(rows, old[:at]...)
		if now := row(key); now != nil {
			rows = append(rows, *now)
		}
		if found {
			at++
		}
		old = old[at:]
	}
	return append(rows, old...)
}

// rowsBuilder puts blocks together.
type rowsBuilder struct {
	blocks []rowBlock
	rest   []Row // too few for a block of their own, so far
}

// share takes a block as it is, unless rows wait for a neighbour.
func (b *rowsBuilder) share(block rowBlock) {
	if len(b.rest) > 0 {
		b.addAll(block.rows)
		return
	}
	b.blocks = append(b.blocks, block)
}

// addAll takes rows that come next. They become the builder's.
func (b *rowsBuilder) addAll(rows []Row) {
	if len(b.rest) > 0 {
		rows, b.rest = slices.Concat(b.rest, rows), nil
	}
	for len(rows) > 2*blockRows {
		b.add(rows[:blockRows:blockRows])
		rows = rows[blockRows:]
	}
	if len(rows) < blockRows/4 {
		b.rest = slices.Clip(rows)
		return
	}
	b.add(rows)
}

func (b *rowsBuilder) add(rows []Row) {
	block := rowBlock{rows: rows}
	for i := range rows {
		if rows[i].Instance.State != StateDraining {
			block.picks++
		}
	}
	b.blocks = append(b.blocks, block)
}

func (b *rowsBuilder) built() Rows {
	if len(b.rest) > 0 {
		b.add(b.rest)
	}
	r := Rows{blocks: b.blocks}
	for _, block := range b.blocks {
		r.count += len(block.rows)
		r.picks += block.picks
	}
	return r
}
