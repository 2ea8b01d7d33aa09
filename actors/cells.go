package actors

import "sync/atomic"

// cell is what pickers count of one instance, by its slot. It has a cache line to
// itself: neighbours are counted on other processors.
type cell struct {
	pending atomic.Int32 // calls under way, under PowerOfTwo
	noted   atomic.Bool  // an error is held against it: a success is news
	_       [56]byte
}

const cellBlock = 256

// cells only grow: the cell of a slot stays where it is.
type cells []*[cellBlock]cell

func (c cells) at(slot uint32) *cell { return &c[slot/cellBlock][slot%cellBlock] }

// grown returns cells for so many slots; those that were there are shared.
func (c cells) grown(slots int) cells {
	for len(c)*cellBlock < slots {
		c = append(c, new([cellBlock]cell))
	}
	return c
}
