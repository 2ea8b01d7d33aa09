package pick

import "github.com/firebreak-go/firebreak/registry"

// Table is what can be picked at one moment. It is immutable, and each of its
// methods returns the zero [Candidate] when there is nothing.
type Table struct {
	snapshot *registry.Snapshot
	// groups are the instances by zone, the caller's own first; a pool that is not
	// by zone has one group.
	groups []group
	n      int    // candidates that are picked
	weight uint64 // of those
	local  uint64 // words below it stay in the first group
	tally  Tally
	slots  int
}

// group is the instances of a zone: those in use, and those that are set aside.
type group struct {
	use, aside vector
	n          int    // candidates that are picked: of use, or of both
	weight     uint64 // of those
	// spill is a running total: which words that leave the caller's zone go here.
	spill uint64
}

// Tally counts what a table is made of.
type Tally struct {
	// Usable are neither ejected nor in limbo.
	Usable int
	// Limbo and Ejected are set aside, unless Panicking, when all are picked.
	Limbo, Ejected int
	Panicking      bool
}

// Snapshot is the one that the table was made from.
func (t *Table) Snapshot() *registry.Snapshot { return t.snapshot }

// Tally returns what the table is made of.
func (t *Table) Tally() Tally { return t.tally }

// Len returns how many instances are picked.
func (t *Table) Len() int { return t.n }

// Slots bounds the [Candidate.Slot] of every candidate.
func (t *Table) Slots() int { return t.slots }

// at returns one of the candidates, numbered from 0.
func (t *Table) at(i int) Candidate {
	for g := range t.groups {
		if group := &t.groups[g]; i < group.n {
			return group.at(i)
		}
		i -= t.groups[g].n
	}
	return Candidate{}
}

func (g *group) at(i int) Candidate {
	if i < g.use.n {
		return g.use.at(i)
	}
	return g.aside.at(i - g.use.n)
}

func (g *group) atWeight(point uint64) Candidate {
	if use := g.use.weight(); point >= use {
		return g.aside.atWeight(point - use)
	}
	return g.use.atWeight(point)
}

// Turn is round robin: equal counters give equal instances, and counters that
// follow each other give all of them in turn, for as long as the table is the same.
func (t *Table) Turn(counter uint64) Candidate {
	if t.n == 0 {
		return Candidate{}
	}
	return t.at(int(counter % uint64(t.n)))
}

// Random gives each instance for as many words as any other.
func (t *Table) Random(word uint64) Candidate {
	return t.at(int(below(word, uint64(t.n))))
}

// Two gives two different instances to compare, as likely as any other two; one
// twice where there is only one.
func (t *Table) Two(word uint64) (Candidate, Candidate) {
	if t.n < 2 {
		return t.at(0), t.at(0)
	}
	first := int(below(word, uint64(t.n)))
	second := int(below(scramble(word), uint64(t.n-1)))
	if second >= first {
		second++
	}
	return t.at(first), t.at(second)
}

// scramble makes a second word of one: the finalizer of MurmurHash3.
func scramble(word uint64) uint64 {
	word ^= word >> 33
	word *= 0xff51afd7ed558ccd
	word ^= word >> 33
	word *= 0xc4ceb9fe1a85ec53
	return word ^ word>>33
}

// Weighted gives each instance for as many words as its weight says.
func (t *Table) Weighted(word uint64) Candidate {
	point := below(word, t.weight)
	for g := range t.groups {
		if group := &t.groups[g]; point < group.weight {
			return group.atWeight(point)
		}
		point -= t.groups[g].weight
	}
	return Candidate{}
}

// Near keeps to the caller's zone. While that has as much weight as a zone has on
// average, all its callers stay in it. With less, only as many as its weight
// says; the others go where there is more than the average, in proportion to the
// excess. So, when every zone has as many callers as any other, every instance has
// the load that its weight says, and nobody leaves a zone without need. Within a
// zone it is [Table.Weighted].
//
// The first word decides on the zone, the second on the instance. A pool that is
// not ByZone has one zone.
func (t *Table) Near(zone, word uint64) Candidate {
	if t.weight == 0 {
		return Candidate{}
	}
	at := 0
	if zone >= t.local && t.groups[len(t.groups)-1].spill > 0 {
		at = t.away(scramble(zone))
	}
	g := &t.groups[at]
	return g.atWeight(below(word, g.weight))
}

// away chooses a zone other than the caller's, for one that spills.
func (t *Table) away(word uint64) int {
	last := len(t.groups) - 1
	point := below(word, t.groups[last].spill)
	for g := 1; g < last; g++ {
		if point < t.groups[g].spill {
			return g
		}
	}
	return last
}
