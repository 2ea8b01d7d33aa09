package admission

import "time"

// none ends a list.
const none = -1

// waiter is a request that waits. It is in the list of all of its lane, which is in the order of arrival and thus of
// deadlines, and either in the list of those that may be granted or in the one that its bucket holds.
type waiter struct {
	id      uint64
	lane    Lane
	key     bucketKey // zero: no bucket
	arrived time.Duration
	held    bool
	links   [2]link
}

type link struct{ prev, next int32 }

// The lists that a waiter is in.
const (
	byAge = iota
	byTurn
)

// list is one of waiters, linked through their slots.
type list struct {
	which      int // of the links
	head, tail int32
	n          int
}

func newList(which int) list { return list{which: which, head: none, tail: none} }

// slab holds all waiters; vacant slots are used again.
type slab struct {
	waiters []waiter
	vacant  []int32
	byID    map[uint64]int32
}

func (s *slab) add(w waiter) int32 {
	var slot int32
	if last := len(s.vacant) - 1; last >= 0 {
		slot = s.vacant[last]
		s.vacant = s.vacant[:last]
		s.waiters[slot] = w
	} else {
		slot = int32(len(s.waiters)) // Config.Validate keeps it within bounds
		s.waiters = append(s.waiters, w)
	}
	s.byID[w.id] = slot
	return slot
}

func (s *slab) drop(slot int32) {
	delete(s.byID, s.waiters[slot].id)
	s.waiters[slot] = waiter{}
	s.vacant = append(s.vacant, slot)
}

// push puts a waiter at the end of a list.
func (s *slab) push(l *list, slot int32) {
	s.waiters[slot].links[l.which] = link{prev: l.tail, next: none}
	if l.tail == none {
		l.head = slot
	} else {
		s.waiters[l.tail].links[l.which].next = slot
	}
	l.tail = slot
	l.n++
}

// remove takes a waiter out of the list that it is in.
func (s *slab) remove(l *list, slot int32) {
	at := s.waiters[slot].links[l.which]
	if at.prev == none {
		l.head = at.next
	} else {
		s.waiters[at.prev].links[l.which].next = at.next
	}
	if at.next == none {
		l.tail = at.prev
	} else {
		s.waiters[at.next].links[l.which].prev = at.prev
	}
	l.n--
}
