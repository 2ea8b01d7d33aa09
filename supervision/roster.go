package supervision

import "iter"

// noSlot ends a list of slots.
const noSlot = ^uint32(0)

// roster holds the children: by slot for events, by ID for requests, linked in start order. Everything but walking the
// order is O(1), whatever the number of children.
//
// A forgotten child's slot is used again, and goes on counting its generations, so that an old Ref never fits a new child.
type roster struct {
	first      []child   // the slots of the initial children
	more       [][]child // and those of later ones, moreSlots each, so that none is ever moved
	issuedTo   uint32    // slots below it exist
	latest     *ChildSpec
	byID       map[string]uint32
	free       uint32 // chained through next
	head, tail uint32
	added      uint64
}

func newRoster(children int) roster {
	return roster{
		first: make([]child, children), byID: make(map[string]uint32, children),
		free: noSlot, head: noSlot, tail: noSlot,
	}
}

// moreSlots is how many slots are made at once. Those of the initial children are as many as they are.
const moreSlots = 64

// at returns the record in a slot that exists. It never moves.
func (r *roster) at(slot uint32) *child {
	if int64(slot) < int64(len(r.first)) {
		return &r.first[slot]
	}
	slot -= uint32(len(r.first))
	return &r.more[slot/moreSlots][slot%moreSlots]
}

// newSlot makes one more slot.
func (r *roster) newSlot() uint32 {
	slot := r.issuedTo
	r.issuedTo++
	if beyond := int64(slot) - int64(len(r.first)); beyond >= 0 && beyond/moreSlots == int64(len(r.more)) {
		r.more = append(r.more, make([]child, moreSlots))
	}
	r.at(slot).ref = Ref{slot: slot}
	return slot
}

// shared returns the spec without its ID. Children of one kind, as those of a dynamic supervisor are, share one: it stays in
// the processor's cache, and their records are smaller.
func (r *roster) shared(spec ChildSpec) *ChildSpec {
	spec.ID = ""
	if r.latest == nil || *r.latest != spec {
		r.latest = &spec
	}
	return r.latest
}

// add appends a child to the start order.
func (r *roster) add(spec ChildSpec) *child {
	slot := r.free
	if slot == noSlot {
		slot = r.newSlot()
	} else {
		r.free = r.at(slot).next
	}
	r.added++
	c := r.at(slot)
	*c = child{ref: c.ref, prev: r.tail, next: noSlot, position: r.added, id: spec.ID, spec: r.shared(spec)}
	if r.tail == noSlot {
		r.head = slot
	} else {
		r.at(r.tail).next = slot
	}
	r.tail = slot
	r.byID[spec.ID] = slot
	return c
}

// remove takes a child out and lets go of all that it held.
func (r *roster) remove(c *child) {
	slot := c.ref.slot
	delete(r.byID, c.id)
	if c.prev == noSlot {
		r.head = c.next
	} else {
		r.at(c.prev).next = c.next
	}
	if c.next == noSlot {
		r.tail = c.prev
	} else {
		r.at(c.next).prev = c.prev
	}
	*c = child{ref: c.ref.following(), next: r.free, prev: noSlot}
	r.free = slot
}

// current returns the child that the Ref is the current identity of, else nil.
func (r *roster) current(ref Ref) *child {
	if !r.issued(ref) {
		return nil
	}
	if c := r.at(ref.slot); c.ref == ref {
		return c
	}
	return nil
}

// issued reports whether the Ref can have come from here.
func (r *roster) issued(ref Ref) bool { return !ref.IsZero() && ref.slot < r.issuedTo }

// running returns the child whose process the Ref means or, while it waits for its restart, meant last; else nil.
func (r *roster) running(ref Ref) *child {
	if !r.issued(ref) {
		return nil
	}
	if c := r.at(ref.slot); c.ref == ref || c.waiting() && c.ran == ref {
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
		return r.at(slot)
	}
	return nil
}

func (r *roster) len() int { return len(r.byID) }

// inOrder yields the children in start order.
func (r *roster) inOrder() iter.Seq[*child] {
	return func(yield func(*child) bool) {
		for slot := r.head; slot != noSlot; slot = r.at(slot).next {
			if !yield(r.at(slot)) {
				return
			}
		}
	}
}
