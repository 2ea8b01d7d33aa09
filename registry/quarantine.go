package registry

import (
	"cmp"
	"hash/crc32"
	"slices"
	"strings"
	"time"
)

// Bad is a key whose newest judged value is bad, as diagnostics show it.
type Bad struct {
	Key   string
	Class Class
	// Reason is the fault's, at most [MaxReasonBytes].
	Reason string
	// Sample is the beginning of the value, quoted, in ASCII, at most
	// [MaxReasonBytes].
	Sample string
	// Index is where in the history the bad value was written.
	Index Index
	// Hash tells values apart: a length and a CRC32C. It is no proof against
	// forgery.
	Hash uint64
	// FirstSeen is when the key's present quarantine began, LastSeen when its
	// value was last rejected.
	FirstSeen, LastSeen time.Time
	// Attempts counts the rejections since FirstSeen.
	Attempts int
	// ServingIndex is the index of the last good value, which is served; 0 means
	// that there is nothing to serve.
	ServingIndex Index
	// Doubted is set while the newest value is good and the key flaps: when it
	// will be believed, unless it turns bad again.
	Doubted time.Time
	// Degraded says that the last good value has been served for longer than
	// [Config.MaxServe].
	Degraded bool
}

// quarantine is the table of bad keys. It is bounded: a bad key that finds it
// full is counted and not listed. Its row may come later, with a rejection that
// finds room again.
type quarantine struct {
	limit int
	rows  map[string]Bad
	keys  int // bad keys, listed or not
}

func newQuarantine(limit int) quarantine {
	return quarantine{limit: limit, rows: make(map[string]Bad)}
}

// put writes a key's row, and reports whether there was room.
func (q *quarantine) put(b Bad) bool {
	if _, listed := q.rows[b.Key]; !listed && len(q.rows) >= q.limit {
		return false
	}
	q.rows[b.Key] = b
	return true
}

// update changes the row of a key that has one.
func (q *quarantine) update(b Bad) {
	if _, listed := q.rows[b.Key]; listed {
		q.rows[b.Key] = b
	}
}

// leave takes a bad key out.
func (q *quarantine) leave(key string) {
	delete(q.rows, key)
	q.keys--
}

func (q *quarantine) overflow() int { return q.keys - len(q.rows) }

func (q *quarantine) sorted() []Bad {
	rows := make([]Bad, 0, len(q.rows))
	for _, b := range q.rows {
		rows = append(rows, b)
	}
	slices.SortFunc(rows, func(a, b Bad) int { return cmp.Compare(a.Key, b.Key) })
	return rows
}

// fingerprint tells the values of one key apart. It is never 0, which stands
// for a value that was not seen.
func fingerprint(value string) uint64 {
	sum := crc32.Checksum(bytesOf(value), crc32.MakeTable(crc32.Castagnoli))
	return uint64(len(value)+1)<<32 | uint64(sum)
}

// bounded cuts a value that is too long to be decoded, in a way that it stays
// too long: the verdict is the same and the memory is bounded.
func bounded(value string) string {
	if len(value) <= MaxValueBytes+1 {
		return value
	}
	return strings.Clone(value[:MaxValueBytes+1])
}
