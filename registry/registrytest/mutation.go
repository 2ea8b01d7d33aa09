package registrytest

import (
	"math/rand/v2"
	"strings"
)

const (
	// maxEdits is how many edits one mutation consists of; half have one.
	maxEdits = 4
	// maxRun is how many bytes one edit removes, repeats or moves.
	maxRun = 32
)

// mutations are random edits of the sample. The few that change nothing are left
// out.
func (s subject) mutations(random *rand.Rand, count int, yield func(damage) bool) bool {
	for n := range count {
		text, at := s.Value, len(s.Value)
		for edits := 1; ; edits++ {
			var place int
			text, place = edited(random, text)
			at = min(at, place)
			if edits == maxEdits || text != s.Value && random.IntN(2) == 0 {
				break
			}
		}
		m := damage{kind: kindRandom, at: at, number: n, service: s.Service, id: s.ID, value: text}
		if text != s.Value && !yield(m) {
			return false
		}
	}
	return true
}

// edited makes one edit and says where.
func edited(random *rand.Rand, text string) (result string, at int) {
	at = random.IntN(len(text) + 1)
	end := min(len(text), at+1+random.IntN(maxRun))
	if at == len(text) {
		return text + token(random), at
	}
	switch random.IntN(8) {
	case 0: // one bit
		return text[:at] + string([]byte{text[at] ^ 1<<random.IntN(8)}) + text[at+1:], at
	case 1: // one byte
		return text[:at] + string([]byte{byte(random.Uint32())}) + text[at+1:], at
	case 2: // a byte of the text at another place
		other := random.IntN(len(text))
		return text[:at] + text[other:other+1] + text[at+1:], at
	case 3: // a byte more
		return text[:at] + string([]byte{byte(random.Uint32())}) + text[at:], at
	case 4: // a run lost
		return text[:at] + text[end:], at
	case 5: // a run twice
		return text[:end] + text[at:], end
	case 6: // a run overwritten by zeros, as in a file after a crash
		return text[:at] + strings.Repeat("\x00", end-at) + text[end:], at
	default: // a token more
		return text[:at] + token(random) + text[at:], at
	}
}

// token is a piece of text that means something in JSON, or ought not to.
func token(random *rand.Rand) string {
	tokens := []string{
		"{", "}", "[", "]", ",", ":", `"`, `\`, "null", "true", "0", "-", "1e999", "99999999999999999999",
		`""`, `"x"`, `\u0000`, `\ud800`, "\n", " ", "/*", "//", byteOrderMark, "\x7f",
	}
	return tokens[random.IntN(len(tokens))]
}
