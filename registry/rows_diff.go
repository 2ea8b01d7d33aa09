package registry

import (
	"iter"
	"strings"
)

// Diff yields what differs from older rows, in the order of keys: the row as it
// was and as it is, nil for none. The rows are shared with the snapshots: change
// nothing in them. Nodes of the tree that both have are not looked into, so that
// following a directory from snapshot to snapshot costs what has changed in it. A
// row that was written again to the same effect may be yielded too.
func (r Rows) Diff(older Rows) iter.Seq2[*Row, *Row] {
	return func(yield func(was, is *Row) bool) {
		before, after := walkOf(older.root), walkOf(r.root)
		for !before.done() || !after.done() {
			if before.skip(&after) {
				continue
			}
			order := before.compare(&after)
			if before.open(order <= 0, &after, order == 0) || after.open(order >= 0, &before, order == 0) {
				continue
			}
			var was, is *Row
			if order <= 0 {
				was = before.next()
			}
			if order >= 0 {
				is = after.next()
			}
			if was != is && !yield(was, is) {
				return
			}
		}
	}
}

// walk is a place in a tree of rows: the rest of a leaf, and then nodes.
type walk struct {
	rows  []*Row
	nodes []*rowNode // yet to come, the next one last
}

func walkOf(root *rowNode) walk {
	if root == nil {
		return walk{}
	}
	return walk{nodes: []*rowNode{root}}
}

func (w *walk) done() bool { return len(w.rows) == 0 && len(w.nodes) == 0 }

// node is the one that comes next, nil in the middle of a leaf or at the end.
func (w *walk) node() *rowNode {
	if len(w.rows) > 0 || len(w.nodes) == 0 {
		return nil
	}
	return w.nodes[len(w.nodes)-1]
}

// skip passes over the node that comes next in both.
func (w *walk) skip(other *walk) bool {
	n := w.node()
	if n == nil || n != other.node() {
		return false
	}
	w.nodes = w.nodes[:len(w.nodes)-1]
	other.nodes = other.nodes[:len(other.nodes)-1]
	return true
}

// compare says whose next row comes first; who has none left comes last.
func (w *walk) compare(other *walk) int {
	switch {
	case w.done():
		return 1
	case other.done():
		return -1
	}
	return strings.Compare(w.key(), other.key())
}

func (w *walk) key() string {
	if n := w.node(); n != nil {
		return n.least()
	}
	return w.rows[0].Key
}

// open goes into the node that comes next, if its first row is wanted. Of two
// nodes the higher one is opened, for the other may be in it.
func (w *walk) open(wanted bool, other *walk, tied bool) bool {
	n := w.node()
	if !wanted || n == nil {
		return false
	}
	if m := other.node(); tied && m != nil && m.height() > n.height() {
		return false
	}
	w.nodes = w.nodes[:len(w.nodes)-1]
	w.rows = n.rows
	for i := range n.below {
		w.nodes = append(w.nodes, n.below[len(n.below)-1-i])
	}
	return true
}

func (w *walk) next() *Row {
	row := w.rows[0]
	w.rows = w.rows[1:]
	return row
}

// height is how many levels are below a node.
func (n *rowNode) height() int {
	h := 0
	for len(n.below) > 0 {
		n = n.below[0]
		h++
	}
	return h
}
