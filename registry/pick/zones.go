package pick

import "math"

// maxZones bounds the zones that are kept apart, beside the caller's own. The
// instances of others are taken together as one more: what the registry says is
// not to make each table dearer than the directory is large.
const maxZones = 64

// zones keeps the instances of a pool by zone. The caller's own has number 0.
type zones struct {
	byName map[string]int
	lists  []*zone // by number; nil: free
	rest   int     // the number of the zone for all that are too many; 0 while there is none
}

// zone is the instances of one.
type zone struct {
	name       string
	use, aside list
	n          int
}

func (z *zones) begin(own string) {
	z.byName = map[string]int{own: 0}
	z.lists = []*zone{{name: own}}
}

// join returns the number of the zone in which one more instance is.
func (z *zones) join(name string) int {
	at, known := z.byName[name]
	switch {
	case known:
	case len(z.byName) <= maxZones:
		at = z.add(name)
		z.byName[name] = at
	case z.rest == 0:
		z.rest = z.add("")
		at = z.rest
	default:
		at = z.rest
	}
	z.lists[at].n++
	return at
}

func (z *zones) add(name string) int {
	for at, there := range z.lists {
		if there == nil {
			z.lists[at] = &zone{name: name}
			return at
		}
	}
	z.lists = append(z.lists, &zone{name: name})
	return len(z.lists) - 1
}

// leave takes one instance out of a zone, and the zone away with its last.
func (z *zones) leave(at int) {
	there := z.lists[at]
	there.n--
	switch {
	case there.n > 0 || at == 0:
		return
	case at == z.rest:
		z.rest = 0
	default:
		delete(z.byName, there.name)
	}
	z.lists[at] = nil
}

func (z *zones) list(at int, aside bool) *list {
	if aside {
		return &z.lists[at].aside
	}
	return &z.lists[at].use
}

// show makes the groups of a table: with everybody, or without those set aside.
func (z *zones) show(everybody bool) []group {
	groups := make([]group, 0, len(z.lists))
	for _, there := range z.lists {
		if there == nil {
			continue
		}
		g := group{use: there.use.show(), aside: there.aside.show()}
		g.n, g.weight = g.use.n, g.use.weight()
		if everybody {
			g.n, g.weight = g.n+g.aside.n, g.weight+g.aside.weight()
		}
		groups = append(groups, g)
	}
	return groups
}

// share works out what leaves the caller's zone, as running totals in the groups,
// and returns the word from which on it does. See [Table.Near].
func share(groups []group, total uint64) uint64 {
	peers := uint64(1) // zones that have callers, as far as is known
	for g := range groups[1:] {
		if groups[1+g].weight > 0 {
			peers++
		}
	}
	own := groups[0].weight
	if own*peers >= total {
		return math.MaxUint64 // all totals are 0: nothing leaves
	}
	spill := uint64(0)
	for g := range groups[1:] {
		if has := groups[1+g].weight * peers; has > total {
			spill += has - total
		}
		groups[1+g].spill = spill
	}
	return uint64(float64(own*peers) / float64(total) * (1 << 63) * 2)
}
