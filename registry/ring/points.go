package ring

import (
	"cmp"
	"slices"
)

// nobody is the number of no instance.
const nobody = 0

// point is one virtual node, in its part.
type point struct {
	within uint32 // where in the part, as a fraction of 1<<32
	node   uint32
}

// points are all the virtual nodes, and the parts that follow from them.
type points struct {
	shift   int       // a hash without its part
	byPart  [][]point // sorted
	belongs []uint32  // by part: the node that it is to have
	count   int
	moved   func(part uint32)
	id      func(node uint32) string // tells points at one place apart
}

// add puts a point down.
func (ps *points) add(hash uint64, node uint32) {
	part, p := ps.place(hash, node)
	list := ps.byPart[part]
	at, _ := slices.BinarySearchFunc(list, p, ps.compare)
	ps.byPart[part] = slices.Insert(list, at, p)
	if ps.count++; at == 0 {
		ps.settle(part)
	}
}

// remove takes a point away that is there.
func (ps *points) remove(hash uint64, node uint32) {
	part, p := ps.place(hash, node)
	at, found := slices.BinarySearchFunc(ps.byPart[part], p, ps.compare)
	if !found {
		return
	}
	ps.byPart[part] = slices.Delete(ps.byPart[part], at, at+1)
	switch ps.count--; {
	case ps.count == 0:
		ps.belong(part, nobody)
	case at == 0:
		ps.settle(part)
	}
}

func (ps *points) place(hash uint64, node uint32) (uint32, point) {
	part := hash >> ps.shift
	return uint32(part), point{within: uint32((hash << (64 - ps.shift)) >> 32), node: node}
}

func (ps *points) compare(a, b point) int {
	if order := cmp.Compare(a.within, b.within); order != 0 || a.node == b.node {
		return order
	}
	return cmp.Compare(ps.id(a.node), ps.id(b.node))
}

// settle finds out to whom a part belongs whose first point is another one, and
// those before it that have no point.
func (ps *points) settle(part uint32) {
	last := uint32(len(ps.byPart)) - 1
	owner := ps.belongs[(part+1)&last]
	if list := ps.byPart[part]; len(list) > 0 {
		owner = list[0].node
	}
	ps.belong(part, owner)
}

// belong gives a part, and those before it that have no point, to a node.
func (ps *points) belong(part, owner uint32) {
	last := uint32(len(ps.byPart)) - 1
	for range ps.byPart {
		if ps.belongs[part] == owner {
			return // so do those before it
		}
		ps.belongs[part] = owner
		ps.moved(part)
		if part = (part - 1) & last; len(ps.byPart[part]) > 0 {
			return
		}
	}
}
