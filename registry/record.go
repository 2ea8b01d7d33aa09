package registry

import "time"

// verdict says what is known of a key's newest value.
type verdict uint8

const (
	unjudged verdict = iota
	good
	bad
)

// record is what a [View] knows of one key.
type record struct {
	// newest is the newest write. Its value is kept while it may be asked for:
	// until a verdict, and while it is bad and has a row in the quarantine.
	newest  Entry
	hash    uint64 // of the newest value; 0 when only its index is known
	verdict verdict

	row *Row // what is served; nil when there never was a good value

	// Set while the key is in quarantine.
	fault    *Fault // of the last rejected value, else nil
	faultAt  Index  // and its index
	badSince time.Time

	// unsettled marks a key of the first listing that has no verdict yet.
	unsettled bool
}

// becomeUnjudged takes a new value. What is served stays until the verdict.
func (r *record) becomeUnjudged(e Entry) {
	r.newest, r.hash, r.verdict = e, fingerprint(e.Value), unjudged
}

// becomeGood serves the newest value, and ends the quarantine.
func (r *record) becomeGood(in Instance, now time.Time) {
	since := now
	if r.row != nil && r.row.Index == r.newest.Index && r.row.Instance.Equal(in) {
		since = r.row.Since // the same verdict again
	}
	r.row = &Row{Key: r.newest.Key, Instance: in, Status: StatusLive, Index: r.newest.Index, Since: since}
	r.newest.Value, r.verdict = "", good
	r.fault, r.faultAt, r.badSince = nil, 0, time.Time{}
}

// becomeBad serves the last good value, if there is one, and begins or goes on
// with the quarantine.
func (r *record) becomeBad(f *Fault, now time.Time) {
	if r.fault == nil {
		r.badSince = now
	}
	r.verdict, r.fault, r.faultAt = bad, f, r.newest.Index
	if r.row != nil {
		r.row.Status = StatusQuarantinedCached
	}
}

// holds reports whether e is the write that is known.
func (r *record) holds(e Entry) bool {
	return r.newest.Index == e.Index && r.hash == fingerprint(e.Value)
}

func (r *record) servingIndex() Index {
	if r.row == nil {
		return 0
	}
	return r.row.Index
}
