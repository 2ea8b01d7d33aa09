package history

import (
	"cmp"
	"slices"

	"github.com/firebreak-go/firebreak/registry"
)

// Size is how many changes are remembered, as many as etcd's v2 store does:
// [registry.Config] takes that for granted.
const Size = 1000

// History is a count of changes and the newest of them. Made by [New].
type History struct {
	index   registry.Index
	lost    registry.Index // the newest position of which a change may be forgotten
	records []record       // the newest ones, oldest first
}

type record struct {
	directory string
	change    registry.Change
}

// New returns a history in which nothing has happened after the given index.
func New(first registry.Index) *History { return &History{index: first, lost: first} }

// Index is the newest position.
func (h *History) Index() registry.Index { return h.index }

// Skip goes on by one position at which there is no change to tell.
func (h *History) Skip() registry.Index {
	h.index++
	return h.index
}

// Append gives a change of a directory the next position, and forgets the oldest.
func (h *History) Append(directory string, c registry.Change) registry.Index {
	h.index++
	c.Index, c.Entry.Index = h.index, h.index
	h.records = append(h.records, record{directory, c})
	if extra := len(h.records) - Size; extra > 0 {
		h.lost = h.records[extra-1].change.Index
		h.records = h.records[extra:]
	}
	return h.index
}

// After is the first change of a directory after a position, if there is one. The
// error is [registry.ErrHistoryLost].
func (h *History) After(directory string, after registry.Index) (c registry.Change, found bool, err error) {
	if after < h.lost {
		return registry.Change{}, false, registry.ErrHistoryLost
	}
	from, _ := slices.BinarySearchFunc(h.records, after+1, func(r record, index registry.Index) int {
		return cmp.Compare(r.change.Index, index)
	})
	for _, r := range h.records[from:] {
		if r.directory == directory {
			r.change.Head = h.index
			return r.change, true, nil
		}
	}
	return registry.Change{}, false, nil
}
