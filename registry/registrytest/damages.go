package registrytest

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
)

// longBytes is the length of long input: far more than a registry should hold.
const longBytes = 1 << 20

// byteOrderMark is U+FEFF in UTF-8.
const byteOrderMark = "\ufeff"

// damages yields every case of a sample. The random ones come last, so that
// the others are the same in every run.
func (s subject) damages(random *rand.Rand, mutations int) iter.Seq[damage] {
	parts := []func(yield func(damage) bool) bool{
		s.prefixes, s.deletions, s.wholes, s.swaps, s.duplicates, s.marks, s.encodings, s.longs, s.misplaced,
		func(yield func(damage) bool) bool { return s.mutations(random, mutations, yield) },
	}
	return func(yield func(damage) bool) {
		for _, part := range parts {
			if !part(yield) {
				return
			}
		}
	}
}

// replaced is the sample with text in place of the bytes from start to end.
func (s subject) replaced(k kind, start, end int, text string) damage {
	return damage{
		kind: k, at: start, service: s.Service, id: s.ID,
		value: s.Value[:start] + text + s.Value[end:],
	}
}

func (s subject) prefixes(yield func(damage) bool) bool {
	for n := range len(s.Value) {
		if !yield(s.replaced(kindPrefix, n, len(s.Value), "")) {
			return false
		}
	}
	return true
}

func (s subject) deletions(yield func(damage) bool) bool {
	for i := range len(s.Value) {
		if !yield(s.replaced(kindDeletion, i, i+1, "")) {
			return false
		}
	}
	return true
}

// wholes are values that hold nothing of the sample: what lost bodies, foreign
// writers and error pages leave behind.
func (s subject) wholes(yield func(damage) bool) bool {
	for _, text := range []string{
		"", " ", "\n", "\x00", "null", "{}", "[]", "[{}]", "[null]", `""`, `"x"`, "true", "false", "0", "-1", "1e999",
		"{", "}", "[", `"`, "nul", "NaN", "undefined", `{"":""}`, "{}{}", "<html></html>", `{"errorCode":100}`,
		"[" + s.Value + "]", s.Value + s.Value,
	} {
		m := s.replaced(kindWhole, 0, len(s.Value), text)
		if text != s.Value && !yield(m) {
			return false
		}
	}
	return true
}

// marks are byte order marks, which editors add.
func (s subject) marks(yield func(damage) bool) bool {
	for _, mark := range []string{byteOrderMark, "\xfe\xff", "\xff\xfe"} {
		if !yield(s.replaced(kindMark, 0, 0, mark)) || !yield(s.replaced(kindMark, len(s.Value), len(s.Value), mark)) {
			return false
		}
	}
	return true
}

// encodings are bytes that are no UTF-8, at every place: one that never occurs,
// a sequence that is cut off, half of a surrogate pair.
func (s subject) encodings(yield func(damage) bool) bool {
	for i := range len(s.Value) + 1 {
		for _, bad := range []string{"\xff", "\xc3", "\xed\xa0\x80"} {
			if !yield(s.replaced(kindEncoding, i, i, bad)) {
				return false
			}
		}
	}
	return true
}

// longs are inputs of 1 MiB and a little more.
func (s subject) longs(yield func(damage) bool) bool {
	for _, piece := range []string{"x", " ", "\x00", "9", "[", `{"a":`, "[{},", `"`, `\`, "\xff"} {
		m := s.replaced(kindLong, 0, len(s.Value), strings.Repeat(piece, longBytes/len(piece)+1))
		m.note = "of " + excerpt(piece, 0)
		if !yield(m) {
			return false
		}
	}
	blank := strings.Repeat(" ", longBytes)
	if !yield(s.replaced(kindLong, 0, 0, blank)) || !yield(s.replaced(kindLong, len(s.Value), len(s.Value), blank)) {
		return false
	}
	if !s.object || len(s.members) == 0 {
		return true
	}
	start := s.members[0].nameStart
	filled := strings.Repeat("x", longBytes)
	return yield(s.replaced(kindLong, start, start, `"filler":"`+filled+`",`)) &&
		yield(s.replaced(kindLong, start, start, `"`+filled+`":0,`)) &&
		yield(s.replaced(kindLong, start, start, `"filler":[`+strings.Repeat("0,", longBytes/2)+"0],")) &&
		yield(s.replaced(kindLong, start, start, s.manyMembers()))
}

// manyMembers are members of different names, for decoders that compare each
// name with all before it.
func (s subject) manyMembers() string {
	var b strings.Builder
	for i := 0; b.Len() < longBytes; i++ {
		fmt.Fprintf(&b, `"filler%d":0,`, i)
	}
	return b.String()
}

// misplaced is the sample itself under keys that are not its own.
func (s subject) misplaced(yield func(damage) bool) bool {
	m := damage{kind: kindMisplaced, service: s.Service + "x", id: s.ID, value: s.Value, note: "service " + excerpt(s.Service+"x", 0)}
	if !yield(m) {
		return false
	}
	m = damage{kind: kindMisplaced, service: s.Service, id: s.ID + "x", value: s.Value, note: "id " + excerpt(s.ID+"x", 0)}
	return yield(m)
}
