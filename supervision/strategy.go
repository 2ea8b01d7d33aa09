package supervision

import "math"

// Strategy says which siblings an exit touches.
type Strategy uint8

// The strategies.
const (
	// OneForOne starts only the child that ended.
	OneForOne Strategy = iota
	// OneForAll stops all other children and starts all of them again.
	OneForAll
	// RestForOne stops the children started after the one that ended and starts it and them again.
	RestForOne
	// Dynamic is one-for-one for many children of one kind: they come and go at run time, one that ends for good is
	// forgotten, and when the supervisor stops, all are told at once.
	Dynamic
)

// String returns the strategy's name.
func (s Strategy) String() string {
	return word("strategy", uint8(s), "one-for-one", "one-for-all", "rest-for-one", "dynamic")
}

func (s Strategy) known() bool { return s <= Dynamic }

// span is a stretch of the start order, both ends included. The first child ever added is number 1.
type span struct{ from, to uint64 }

func (s span) contains(position uint64) bool { return s.from <= position && position <= s.to }

func everyone() span               { return span{0, math.MaxUint64} }
func onlyOne(position uint64) span { return span{position, position} }

// touches returns the children that stop and start when the one at the given position is restarted.
func (s Strategy) touches(position uint64) span {
	switch s {
	case OneForOne, Dynamic:
		return onlyOne(position)
	case OneForAll:
		return everyone()
	case RestForOne:
		return span{position, math.MaxUint64}
	}
	return onlyOne(position)
}
