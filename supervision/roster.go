package supervision

import "iter"

// noSlot ends a list of slots.
const noSlot = ^uint32(0)

// roster holds the children: by slot for events, by ID for requests, linked in start order. Everything but walking the
// order is O(1), whatever the number of children.
//
// A forgotten child's slot is used again, and goes on counting its generations, so that an old Ref never fits a new child.
type roster struct {
	slots      []child
	byID       map[string]uint32
	free       uint32 // chained through next
	head, tail uint32
	added      uint64
}

func newRoster(children int) roster {
	return roster{
		slots: make([]child, 0, children), byID: make(map[string]uint32, children),
		free: noSlot, head: noSlot, tail: noSlot,
	}
}

// add appends a child to the start order. It may move the records: pointers to children do not survive it.
func (r *roster) add(spec ChildSpec) *child {
	slot := r.free
	if slot == noSlot {
		slot = uint32(len(r.slots))
		r.slots = append(r.slots, child{ref: Ref{slot: slot}})
	} else {
		r.free = r.slots[slot].next
	}
	r.added++
	c := &r.slots[slot]
	*c = child{ref: c.ref, prev: r.tail, next: noSlot, position: r.added, spec: spec}
	if r.tail == noSlot {
		r.head = slot
	} else {
		r.slots[r.tail].next = slot
	}
	r.tail = slot
	r.byID[spec.ID] = slot
	return c
}

// remove takes a child out and lets go of all that it held.
func (r *roster) remove(c *child) {
	slot := c.ref.slot
	delete(r.byID, c.spec.ID)
	if c.prev == noSlot {
		r.head = c.next
	} else {
		r.slots[c.prev].next = c.next
	}
	if c.next == noSlot {
		r.tail = c.prev
	} else {
		r.slots[c.next].prev = c.prev
	}
	*c = child{ref: c.ref.following(), next: r.free, prev: noSlot}
	r.free = slot
}

// current returns the child that the Ref is the current identity of, else nil.
func (r *roster) current(ref Ref) *child {
	if !r.issued(ref) {
		return nil
	}
	if c := &r.slots[ref.slot]; c.ref == ref {
		return c
	}
	return nil
}

// issued reports whether the Ref can have come from here.
func (r *roster) issued(ref Ref) bool { return !ref.IsZero() && int64(ref.slot) < int64(len(r.slots)) }

// running returns the child whose process the Ref means or, while it waits for its restart, meant last; else nil.
func (r *roster) running(ref Ref) *child {
	if !r.issued(ref) {
		return nil
	}
	if c := &r.slots[ref.slot]; c.ref == ref || c.waiting() && c.ran == ref {
		return c
	}
	return nil
}

// anySignificant reports whether a significant child is up or waits for its restart. It walks only until it finds one: in
// a crowd of one kind, that is the first.
func (r *roster) anySignificant() bool {
	for c := range r.inOrder() {
		if c.spec.Significant && c.state != StateDown {
			return true
		}
	}
	return false
}

func (r *roster) named(id string) *child {
	if slot, ok := r.byID[id]; ok {
		return &r.slots[slot]
	}
	return nil
}

func (r *roster) len() int { return len(r.byID) }

// inOrder yields the children in start order.
func (r *roster) inOrder() iter.Seq[*child] {
	return func(yield func(*child) bool) {
		for slot := r.head; slot != noSlot; slot = r.slots[slot].next {
			if !yield(&r.slots[slot]) {
				return
			}
		}
	}
}
