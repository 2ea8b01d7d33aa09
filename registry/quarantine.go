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
	rows  map[string]*Bad // none is changed, for snapshots have them too
	keys  int             // bad keys, listed or not

	order []*Bad // the rows, sorted by key
	shown []*Bad // the same, for snapshots; nil when order has changed since
}

func newQuarantine(limit int) quarantine {
	return quarantine{limit: limit, rows: make(map[string]*Bad)}
}

// row is a key's row, empty where it has none.
func (q *quarantine) row(key string) Bad {
	if b := q.rows[key]; b != nil {
		return *b
	}
	return Bad{Key: key}
}

// put writes a key's row, and reports whether there was room.
func (q *quarantine) put(b Bad) bool {
	at, listed := q.find(b.Key)
	switch {
	case listed:
		q.order[at] = &b
	case len(q.order) >= q.limit:
		return false
	default:
		q.order = slices.Insert(q.order, at, &b)
	}
	q.rows[b.Key], q.shown = &b, nil
	return true
}

// update changes the row of a key that has one.
func (q *quarantine) update(b Bad) {
	if _, listed := q.rows[b.Key]; listed {
		q.put(b)
	}
}

// leave takes a bad key out.
func (q *quarantine) leave(key string) {
	q.keys--
	if _, listed := q.rows[key]; listed {
		delete(q.rows, key)
		at, _ := q.find(key)
		q.order, q.shown = slices.Delete(q.order, at, at+1), nil
	}
}

func (q *quarantine) find(key string) (int, bool) {
	return slices.BinarySearchFunc(q.order, key, func(b *Bad, key string) int { return cmp.Compare(b.Key, key) })
}

func (q *quarantine) overflow() int { return q.keys - len(q.rows) }

// sorted are the rows in the order of their keys, the same list as before while
// none has changed. Whatever is bad, what is good is published often, and that
// must not cost a copy of all the rows.
func (q *quarantine) sorted() []*Bad {
	if q.shown == nil {
		q.shown = append(make([]*Bad, 0, len(q.order)), q.order...)
	}
	return q.shown
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
