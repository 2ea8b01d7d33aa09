package pick

import (
	"math/bits"
	"slices"
	"sort"

	"github.com/firebreak-go/firebreak/registry"
)

// Candidate is one instance that may be picked. The zero value is none.
type Candidate struct {
	// Row is shared with the snapshot: change nothing in it.
	Row *registry.Row
	// Slot is a number below [Table.Slots] that stays with the instance's key for
	// as long as it can be picked; later another key may have it.
	Slot uint32
}

// chunkSize balances what a change copies, one chunk, with what each table
// copies, a pointer and a sum for each chunk.
const chunkSize = 256

// chunk is a run of candidates. Once a vector shows it, it is not changed.
type chunk struct {
	candidates [chunkSize]Candidate
	// sums are running totals of the weights, within the chunk.
	sums [chunkSize]uint32
}

// vector is an immutable sequence of candidates, in no order that means
// anything. All chunks but the last are full.
type vector struct {
	chunks []*chunk
	// sums are running totals of the chunks' weights.
	sums []uint64
	n    int
}

func (v *vector) at(i int) Candidate { return v.chunks[i/chunkSize].candidates[i%chunkSize] }

func (v *vector) weight() uint64 {
	if len(v.sums) == 0 {
		return 0
	}
	return v.sums[len(v.sums)-1]
}

// atWeight returns the candidate that the point is in, when each takes as much
// room as its weight. The point is below weight().
func (v *vector) atWeight(point uint64) Candidate {
	i := sort.Search(len(v.sums), func(i int) bool { return point < v.sums[i] })
	if i > 0 {
		point -= v.sums[i-1]
	}
	c, low, high := v.chunks[i], 0, min(chunkSize, v.n-i*chunkSize)-1
	for low < high {
		middle := (low + high) / 2
		if point < uint64(c.sums[middle]) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return c.candidates[low]
}

// list is a vector in the making: its owner changes it and shows it from time to
// time.
type list struct {
	chunks []*chunk
	sums   []uint64 // of each chunk alone
	own    []bool   // the chunk has not been shown
	n      int
}

func (l *list) get(i int) Candidate { return l.chunks[i/chunkSize].candidates[i%chunkSize] }

// set replaces a candidate, in a copy of its chunk if readers have that.
func (l *list) set(i int, c Candidate) {
	at := i / chunkSize
	if !l.own[at] {
		mine := *l.chunks[at]
		l.chunks[at], l.own[at] = &mine, true
	}
	l.chunks[at].candidates[i%chunkSize] = c
}

// push adds a candidate and returns its place.
func (l *list) push(c Candidate) int {
	if l.n == len(l.chunks)*chunkSize {
		l.chunks, l.sums, l.own = append(l.chunks, new(chunk)), append(l.sums, 0), append(l.own, true)
	}
	l.n++
	l.set(l.n-1, c)
	return l.n - 1
}

// remove takes a candidate out and moves the last one into its place: the
// candidate that it returns, unless it was the last itself.
func (l *list) remove(i int) (moved Candidate, ok bool) {
	last := l.n - 1
	if i != last {
		moved, ok = l.get(last), true
		l.set(i, moved)
	}
	l.set(last, Candidate{})
	l.n--
	if last%chunkSize == 0 {
		at := len(l.chunks) - 1
		l.chunks[at] = nil
		l.chunks, l.sums, l.own = l.chunks[:at], l.sums[:at], l.own[:at]
	}
	return moved, ok
}

// show makes what the list has now a vector.
func (l *list) show() vector {
	v := vector{n: l.n, chunks: slices.Clone(l.chunks), sums: make([]uint64, len(l.chunks))}
	total := uint64(0)
	for i := range l.chunks {
		if l.own[i] {
			l.own[i] = false
			l.sums[i] = l.chunks[i].addUp(min(chunkSize, l.n-i*chunkSize))
		}
		total += l.sums[i]
		v.sums[i] = total
	}
	return v
}

func (c *chunk) addUp(n int) uint64 {
	sum := uint32(0) // at most chunkSize times a weight of 16 bits
	for i := range n {
		sum += weightOf(c.candidates[i].Row)
		c.sums[i] = sum
	}
	return uint64(sum)
}

// weightOf is a row's share of the picks; a record that gives none has the
// default, and none has less than one.
func weightOf(row *registry.Row) uint32 {
	if row.Instance.Weight == 0 {
		return registry.DefaultWeight
	}
	return uint32(min(max(row.Instance.Weight, 1), 1<<16-1))
}

// below maps a random word to a number below n, each as likely as any other.
func below(word, n uint64) uint64 {
	high, _ := bits.Mul64(word, n)
	return high
}
