package registry

import (
	"cmp"
	"iter"
	"slices"
)

// topped puts one root over nodes of one level.
func topped(nodes []*rowNode) *rowNode {
	for len(nodes) > 1 {
		nodes = innersOf(nodes)
	}
	if len(nodes) == 0 {
		return nil
	}
	root := nodes[0]
	for len(root.below) == 1 {
		root = root.below[0]
	}
	return root
}

// maxFan is the most rows or nodes that a node has directly below it, minFan the
// fewest, but for the last ones of all. A change copies the node of its row and
// those above: smaller ones make a change cheaper and the tree higher.
const (
	maxFan = 32
	minFan = maxFan / 4
)

// rowNode is a node of the tree, none of which is changed after it was made. All
// leaves are equally deep.
type rowNode struct {
	rows []*Row // of a leaf, sorted by key

	// below are the nodes of an inner one, in order. leasts are the first keys in
	// each: a key is looked up among them without a look into the nodes.
	below  []*rowNode
	leasts []string

	count int // rows in and below
	picks int // those that can be picked
}

func (n *rowNode) fan() int { return len(n.rows) + len(n.below) }

func (n *rowNode) least() string {
	if len(n.below) > 0 {
		return n.leasts[0]
	}
	return n.rows[0].Key
}

// beginsAs reports whether two nodes have the same first row, as far as that can
// be told without a look at it.
func (n *rowNode) beginsAs(other *rowNode) bool {
	if len(n.below) > 0 || len(other.below) > 0 {
		return len(n.below) > 0 && len(other.below) > 0 && n.leasts[0] == other.leasts[0]
	}
	return n.rows[0] == other.rows[0]
}

func (n *rowNode) each(yield func(*Row) bool) bool {
	for _, row := range n.rows {
		if !yield(row) {
			return false
		}
	}
	for _, child := range n.below {
		if !child.each(yield) {
			return false
		}
	}
	return true
}

// childOf is where below an inner node a key is, if it is anywhere.
func (n *rowNode) childOf(key string) int {
	at, found := slices.BinarySearch(n.leasts, key)
	if found {
		return at
	}
	return max(at-1, 0)
}

// search finds a key in a leaf.
func (n *rowNode) search(key string) (int, bool) {
	return slices.BinarySearchFunc(n.rows, key, func(r *Row, key string) int { return cmp.Compare(r.Key, key) })
}

// with appends what takes the node's place: nothing, one node or several of the
// same level.
func (n *rowNode) with(to []*rowNode, changes []rowChange) []*rowNode {
	if len(n.below) == 0 {
		return n.leafWith(to, changes)
	}
	next := &rowNode{
		below:  make([]*rowNode, 0, len(n.below)+1),
		leasts: make([]string, 0, len(n.below)+1),
		count:  n.count, picks: n.picks,
	}
	small, from := false, 0 // what is below from on is yet to be taken over
	for len(changes) > 0 {
		at := n.childOf(changes[0].key)
		next.share(n, from, at)
		from = at + 1
		child, mine := n.below[at], len(changes) // those that belong here: all up to the next child's first
		if from < len(n.below) {
			mine = before(changes, n.leasts[from])
		}
		known := len(next.below)
		next.below = child.with(next.below, changes[:mine])
		changes = changes[mine:]
		next.count -= child.count
		next.picks -= child.picks
		for i, fresh := range next.below[known:] {
			least := n.leasts[at]
			if i > 0 || !fresh.beginsAs(child) {
				least = fresh.least()
			}
			next.leasts = append(next.leasts, least)
			next.count += fresh.count
			next.picks += fresh.picks
			small = small || fresh.fan() < minFan
		}
	}
	next.share(n, from, len(n.below))
	switch {
	case len(next.below) == 0:
		return to
	case small && len(next.below) > 1, len(next.below) > maxFan:
		return append(to, innersOf(joined(next.below))...)
	}
	return append(to, next) // without a look at the nodes that are shared
}

// share takes over a part of what is below another node. The caller counts it.
func (n *rowNode) share(old *rowNode, from, to int) {
	n.below = append(n.below, old.below[from:to]...)
	n.leasts = append(n.leasts, old.leasts[from:to]...)
}

// before counts the changes to keys before one. They are few, or most are.
func before(changes []rowChange, key string) int {
	for i := range changes {
		if changes[i].key >= key {
			return i
		}
	}
	return len(changes)
}

// leafWith finds the row that is replaced by its address, which needs no look at
// the rows: reading their keys would cost more than all the rest.
func (n *rowNode) leafWith(to []*rowNode, changes []rowChange) []*rowNode {
	rows := make([]*Row, 0, len(n.rows)+len(changes))
	picks, old := n.picks, n.rows
	for _, c := range changes {
		at, found := 0, false
		if c.was != nil {
			at = slices.Index(old, c.was)
			found = true
		} else {
			at, found = (&rowNode{rows: old}).search(c.key)
		}
		rows = append(rows, old[:at]...)
		if found {
			at++
		}
		old = old[at:]
		if c.was.pickable() {
			picks--
		}
		if c.now != nil {
			rows = append(rows, c.now)
		}
		if c.now.pickable() {
			picks++
		}
	}
	rows = append(rows, old...)
	if len(rows) <= maxFan {
		return appendLeaf(to, rows, picks)
	}
	return append(to, leavesOf(rows, picks)...)
}

// joined parts with nodes that have become small: each joins a neighbour.
func joined(nodes []*rowNode) []*rowNode {
	var all []*rowNode
	for _, n := range nodes {
		if last := len(all) - 1; last >= 0 && min(all[last].fan(), n.fan()) < minFan {
			all = appendJoint(all[:last], all[last], n)
			continue
		}
		all = append(all, n)
	}
	return all
}

// appendJoint appends what two neighbours have below them, as one node or two.
func appendJoint(to []*rowNode, a, b *rowNode) []*rowNode {
	if len(a.below)+len(b.below) > 0 {
		return append(to, innersOf(joined(slices.Concat(a.below, b.below)))...)
	}
	return append(to, leavesOf(slices.Concat(a.rows, b.rows), a.picks+b.picks)...)
}

// leavesOf parts rows evenly among as few leaves as can have them, with room to
// grow. picks is how many of all can be picked.
func leavesOf(rows []*Row, picks int) []*rowNode {
	if len(rows) <= maxFan {
		return appendLeaf(nil, rows, picks)
	}
	var leaves []*rowNode
	for part := range parts(rows) {
		leaves = appendLeaf(leaves, part, countPicks(part))
	}
	return leaves
}

func appendLeaf(to []*rowNode, rows []*Row, picks int) []*rowNode {
	if len(rows) == 0 {
		return to
	}
	return append(to, &rowNode{rows: rows, count: len(rows), picks: picks})
}

// innersOf parts nodes evenly among inner nodes of the next level.
func innersOf(below []*rowNode) []*rowNode {
	var inners []*rowNode
	for part := range parts(below) {
		inners = appendInner(inners, part)
	}
	return inners
}

func appendInner(to, below []*rowNode) []*rowNode {
	if len(below) == 0 {
		return to
	}
	n := &rowNode{below: below, leasts: make([]string, len(below))}
	for i, child := range below {
		n.leasts[i] = child.least()
		n.count += child.count
		n.picks += child.picks
	}
	return append(to, n)
}

// parts yields things in as few even parts as nodes can have below them, with
// room to grow.
func parts[T any](all []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		const roomy = maxFan * 3 / 4
		n, nodes := len(all), 1
		if n > maxFan {
			nodes = (n + roomy - 1) / roomy
		}
		for i := range nodes {
			if part := all[i*n/nodes : (i+1)*n/nodes]; len(part) > 0 && !yield(slices.Clip(part)) {
				return
			}
		}
	}
}

func countPicks(rows []*Row) int {
	picks := 0
	for _, row := range rows {
		if row.pickable() {
			picks++
		}
	}
	return picks
}
