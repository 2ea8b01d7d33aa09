package protocol

import (
	"crypto/sha256"
	"maps"
	"time"
)

// window counts what happens in stretches of time, each of which begins with the first thing after the one before: two
// numbers instead of a time for each thing, at the price that a client may spend two windows' worth across a border.
type window struct {
	start time.Time
	count int
}

// allows counts one more, and says whether it is within the limit.
func (w *window) allows(now time.Time, limit int, length time.Duration) bool {
	if w.over(now, length) {
		w.start, w.count = now, 0
	}
	w.count++
	return w.count <= limit
}

func (w *window) over(now time.Time, length time.Duration) bool {
	return w.count == 0 || now.Sub(w.start) >= length
}

const (
	// IdentifyWindow is the time in which a token's Identifies are counted.
	IdentifyWindow = 5 * time.Second
	// maxCountedTokens bounds the memory of an IdentifyLimit. When it is full of tokens that were used within the window,
	// new ones are refused until the window is over.
	maxCountedTokens = 1 << 16
)

// IdentifyLimit counts how often each token identifies, on all connections of one server together. It is not safe for
// concurrent use.
type IdentifyLimit struct {
	limit  int
	tokens map[[16]byte]window // by the beginning of a token's hash: tokens are secrets, and may be long
}

// NewIdentifyLimit allows each token so many Identifies in one IdentifyWindow.
func NewIdentifyLimit(limit int) *IdentifyLimit {
	return &IdentifyLimit{limit: limit, tokens: map[[16]byte]window{}}
}

// Allows counts one Identify, and says whether it may go on.
func (l *IdentifyLimit) Allows(now time.Time, token string) bool {
	hash := sha256.Sum256([]byte(token))
	key := [16]byte(hash[:16])
	w, known := l.tokens[key]
	if !known && len(l.tokens) >= maxCountedTokens {
		maps.DeleteFunc(l.tokens, func(_ [16]byte, w window) bool { return w.over(now, IdentifyWindow) })
		if len(l.tokens) >= maxCountedTokens {
			return false
		}
	}
	allowed := w.allows(now, l.limit, IdentifyWindow)
	l.tokens[key] = w
	return allowed
}
