package registry

import (
	"container/heap"
	"time"
)

// agenda orders records by when something is to be done about them. Each is in
// one agenda at most, once.
type agenda struct{ queue dueQueue }

// set puts a record in, or moves it, also from another agenda.
func (a *agenda) set(r *record, at time.Duration) {
	if r.in != nil && r.in != a {
		r.in.cancel(r)
	}
	r.dueAt = at
	if r.in == a {
		heap.Fix(&a.queue, r.slot)
		return
	}
	r.in = a
	heap.Push(&a.queue, r)
}

// cancel takes a record out, if it is in this one.
func (a *agenda) cancel(r *record) {
	if r.in == a {
		heap.Remove(&a.queue, r.slot)
		r.in = nil
	}
}

// first is the record that is due first, or nil.
func (a *agenda) first() *record {
	if len(a.queue) == 0 {
		return nil
	}
	return a.queue[0]
}

// due is the first record that is due at a moment, or nil.
func (a *agenda) due(at time.Duration) *record {
	if r := a.first(); r != nil && r.dueAt <= at {
		return r
	}
	return nil
}

// dueQueue is a heap; a record's slot is its place in it.
type dueQueue []*record

// Len implements heap.Interface.
func (q dueQueue) Len() int { return len(q) }

// Less implements heap.Interface. Names decide between equal moments, so that
// the order depends on nothing else.
func (q dueQueue) Less(i, j int) bool {
	if q[i].dueAt != q[j].dueAt {
		return q[i].dueAt < q[j].dueAt
	}
	return q[i].newest.Key < q[j].newest.Key
}

// Swap implements heap.Interface.
func (q dueQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].slot, q[j].slot = i, j
}

// Push implements heap.Interface.
func (q *dueQueue) Push(x any) {
	r, _ := x.(*record) // nothing else is pushed
	r.slot = len(*q)
	*q = append(*q, r)
}

// Pop implements heap.Interface.
func (q *dueQueue) Pop() any {
	last := len(*q) - 1
	r := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return r
}

// budget allows a number of actions per second, and as many at once.
type budget struct {
	spent float64
	at    time.Duration
}

// take uses one action up, if there is one.
func (b *budget) take(at time.Duration, perSecond, burst float64) bool {
	b.spent = max(0, b.spent-perSecond*(at-b.at).Seconds())
	b.at = at
	if b.spent+1 > burst+1e-9 {
		return false
	}
	b.spent++
	return true
}
