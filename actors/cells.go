package actors

import "sync/atomic"

// cell is what pickers count of one instance: twice the calls under way, under
// PowerOfTwo, and one more while an error is held against it, so that a success is
// news. It is one word, for a call touches it twice.
type cell struct{ word atomic.Uint32 }

func (c *cell) begin()          { c.word.Add(2) }
func (c *cell) end()            { c.word.Add(^uint32(1)) }
func (c *cell) pending() uint32 { return c.word.Load() / 2 }
func (c *cell) noted() bool     { return c.word.Load()%2 == 1 }
func (c *cell) note()           { c.word.Or(1) }
func (c *cell) forget()         { c.word.And(^uint32(1)) }

// cells are those of all slots. They only grow: the cell of a slot stays where it
// is.
//
// In a small directory each has a cache line to itself, since neighbours are
// counted on other processors. In a large one that is rare, and room in the caches
// is what counts.
type cells struct {
	near *[nearSlots]nearCell
	far  []*[farSlots]cell
}

const (
	nearSlots = 256
	farSlots  = 1024
)

type nearCell struct {
	cell
	_ [60]byte
}

func (c *cells) at(slot uint32) *cell {
	if slot < nearSlots {
		return &c.near[slot].cell
	}
	return &c.far[slot/farSlots][slot%farSlots]
}

// grown returns cells for so many slots; those that were there are shared.
func (c cells) grown(slots int) cells {
	if c.near == nil {
		c.near = new([nearSlots]nearCell)
	}
	for slots > nearSlots && len(c.far)*farSlots < slots {
		c.far = append(c.far, new([farSlots]cell))
	}
	return c
}
