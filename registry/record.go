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
	// previous is the value before the newest, when the source told it and there
	// is nothing to serve; previousAsked while it waits for its verdict.
	previous      Entry
	previousAsked bool

	row   *Row // what is served; nil when there never was a good value
	shown *Row // what the last snapshot has of it; nil when it has nothing
	dirty bool // row and shown may differ

	forgotten bool // it is no more among the view's records

	// Set while the key is in quarantine.
	fault    *Fault // of the last rejected value, else nil
	faultAt  Index  // and its index
	badSince time.Time
	attempts int             // re-reads since the newest value was rejected
	refusals int             // of the newest value, by its consumer
	flips    []time.Duration // when it turned bad, the newest ones
	proof    *proof          // of a good value that is not believed yet
	tallied  bool            // counts as corrupt, of class tally
	tally    Class

	// Set while the registry and the row differ.
	absent  bool      // the registry has no such key
	limbo   *limbo    // why the row is held
	changed *Instance // the good value whose identity is held back
	went    departure // of a row that was let go and may be brought back

	mortal   bool // its newest write has a TTL
	immortal bool // an older one had, and the newest has not

	enrolled bool   // counts among the instances that are there
	zone     string // under this zone
	scope    *scope // which is counted here; nil: nowhere

	// Its place in an agenda, if it is in one.
	in    *agenda
	slot  int
	dueAt time.Duration

	listing uint64 // the newest one that had the key
	// unsettled marks a key of the first listing that has no verdict yet.
	unsettled bool
}

// becomeUnjudged takes a new value. What is served stays until the verdict; an
// identity that was held back is superseded.
func (r *record) becomeUnjudged(e listed) {
	r.newest, r.hash, r.verdict = e.Entry, e.hash, unjudged
	r.attempts, r.refusals, r.absent, r.changed = 0, 0, false, nil
}

// becomeGood serves the newest value, and ends the quarantine.
func (r *record) becomeGood(in Instance, kept string, now time.Time) {
	since := now
	if r.row != nil && r.row.Index == r.newest.Index && r.row.says(in, kept) {
		since = r.row.Since // the same verdict again
	}
	r.row = &Row{
		Key: r.newest.Key, Instance: in, Value: kept, Status: StatusLive, Index: r.newest.Index, Since: since,
		Immortal: r.immortal,
	}
	r.newest.Value, r.verdict = "", good
	r.clearFault()
}

// becomeBad serves the last good value, if there is one, and begins or goes on
// with the quarantine.
func (r *record) becomeBad(f *Fault, now time.Time) {
	if r.fault == nil {
		r.badSince = now
	}
	r.verdict, r.fault, r.faultAt = bad, f, r.newest.Index
	r.proof, r.changed = nil, nil
	if r.row != nil {
		row := r.edit()
		row.Status, row.Immortal = StatusQuarantinedCached, r.immortal
	}
}

// becomeAbsent forgets everything but what is served.
func (r *record) becomeAbsent(index Index) {
	r.newest, r.hash, r.verdict = Entry{Key: r.newest.Key, Index: index}, 0, unjudged
	r.previous, r.previousAsked = Entry{}, false
	r.absent, r.changed = true, nil
	r.clearFault()
}

// edit returns the row to be changed: a copy, when a snapshot has it too.
func (r *record) edit() *Row {
	if r.row == r.shown {
		row := *r.row
		r.row = &row
	}
	return r.row
}

func (r *record) clearFault() {
	r.fault, r.faultAt, r.badSince, r.proof = nil, 0, time.Time{}, nil
}

// holds reports whether e is the write that is known.
func (r *record) holds(e Entry) bool {
	return r.newest.Index == e.Index && r.sameValue(e)
}

// sameValue reports whether e has the bytes that are known.
func (r *record) sameValue(e Entry) bool { return r.hash == fingerprint(e.Value) }

// wantsPrevious reports whether the value before a bad one is better than what
// there is: nothing, or what another process saved.
func (r *record) wantsPrevious() bool { return r.row == nil || r.row.Origin == OriginDisk }

func (r *record) servingIndex() Index {
	if r.row == nil {
		return 0
	}
	return r.row.Index
}
