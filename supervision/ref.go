package supervision

import "strconv"

// Ref identifies one incarnation of a child, or one wait for it; it is comparable, and the zero Ref means none.
//
// Every start and every retry of a child has a Ref of its own, so that a late answer is told from a current one. It is
// not for people: the number they want is [Action.Incarnation].
type Ref struct{ slot, gen uint32 }

// IsZero reports whether the Ref means none.
func (r Ref) IsZero() bool { return r.gen == 0 }

// Slot is the child's place in a table of a shell's own: the places are dense, and used again for other children once a
// child is forgotten.
func (r Ref) Slot() int { return int(r.slot) }

// String returns the slot and the generation, as in "3.7".
func (r Ref) String() string {
	if r.IsZero() {
		return "none"
	}
	return strconv.FormatUint(uint64(r.slot), 10) + "." + strconv.FormatUint(uint64(r.gen), 10)
}

// following is the next generation of the same slot; zero stays reserved when the counter wraps.
func (r Ref) following() Ref {
	r.gen++
	if r.gen == 0 {
		r.gen = 1
	}
	return r
}

// word returns the name of an enumeration's value, or the kind and the number where the value has none.
func word(kind string, value uint8, words ...string) string {
	if int(value) < len(words) {
		return words[value]
	}
	return kind + "(" + strconv.Itoa(int(value)) + ")"
}
