package registrytest

// kind is a way to damage a value.
type kind uint8

const (
	kindIntact kind = iota // before all others
	kindPrefix
	kindDeletion
	kindWhole
	kindSwap
	kindDuplicate
	kindMark
	kindEncoding
	kindLong
	kindMisplaced
	kindRandom
	kindAgain // after all others
)

// String returns the kind in the words of a failure.
func (k kind) String() string {
	switch k {
	case kindIntact:
		return "intact"
	case kindPrefix:
		return "prefix"
	case kindDeletion:
		return "deletion"
	case kindWhole:
		return "whole value"
	case kindSwap:
		return "type swap"
	case kindDuplicate:
		return "duplicate"
	case kindMark:
		return "byte order mark"
	case kindEncoding:
		return "invalid UTF-8"
	case kindLong:
		return "long input"
	case kindMisplaced:
		return "other key"
	case kindRandom:
		return "mutation"
	case kindAgain:
		return "intact again"
	}
	return "unknown"
}

// damage is one case: a value and the key that it is said to be under.
type damage struct {
	kind        kind
	at          int    // where the value begins to differ
	note        string // what was put there
	number      int    // of a mutation
	service, id string
	value       string
}

// subject is a sample and what is known of its text.
type subject struct {
	Sample
	number  int
	members []member
	object  bool // the text is one JSON object
	summed  bool // with a sum
}

func newSubject(number int, s Sample) subject {
	all, object := members(s.Value)
	m, there := sum(all)
	return subject{
		Sample: s, number: number, members: all, object: object,
		summed: object && there && isSum(s.Value[m.start:m.end]),
	}
}

// mustEqual says whether the damage must be found or be without effect.
func (s subject) mustEqual(m damage) bool {
	switch m.kind {
	case kindIntact, kindAgain:
		return true
	case kindPrefix:
		return s.object
	case kindDeletion, kindSwap, kindDuplicate, kindMark, kindEncoding, kindLong:
		return s.summed
	case kindRandom:
		return s.summed && !lostSum(m.value)
	case kindWhole, kindMisplaced:
		return false
	}
	return false
}

// lostSum reports whether a text is still an object, but one without a sum.
func lostSum(text string) bool {
	all, object := members(text)
	_, there := sum(all)
	return object && !there
}
