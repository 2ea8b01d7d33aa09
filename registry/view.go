package registry

import (
	"maps"
	"slices"
	"time"
)

// Config tunes a [View]. The zero value is usable.
type Config struct {
	// QuarantineRows bounds the table of bad keys; 0 means 1024. Keys beyond it
	// are isolated just the same, but counted instead of listed.
	QuarantineRows int
}

// View is what one node believes of one directory. It is fed listings, changes
// and verdicts, and answers with steps; see the package comment. It belongs to
// one goroutine.
type View struct {
	directory string
	records   map[string]*record
	bads      quarantine

	index Index // the newest position seen
	// floor is the newest position at which a key that is not known here was
	// known not to exist: a put at or before it is old news. Only listings and
	// removals raise it, so that a key that is read out of turn, ahead of the
	// changes, hides no other key's change.
	floor     Index
	listed    bool
	unsettled int // keys of the first listing without a verdict

	changed bool                // something visible, in the present call
	dirty   map[string]struct{} // keys whose rows may differ from those in last
	// last is the last snapshot that was made; it is of the generation below
	// while nothing visible changed.
	last       *Snapshot
	generation uint64
}

// NewView returns the view of a directory (with the slash at its end) of which
// nothing is known yet.
func NewView(directory string, cfg Config) *View {
	return &View{
		directory: directory,
		records:   make(map[string]*record),
		bads:      newQuarantine(cfg.QuarantineRows),
		dirty:     make(map[string]struct{}),
		last:      &Snapshot{Directory: directory},
	}
}

// Restore takes over the snapshot of an earlier view of the same directory, so
// that its last good values stay in service until the next listing. It does
// nothing to a view that knows something already, or with a snapshot of another
// directory or nil.
func (v *View) Restore(s *Snapshot) {
	if s == nil || s.Directory != v.directory || len(v.records) > 0 || v.listed {
		return
	}
	for _, row := range s.Rows {
		v.records[row.Key] = &record{newest: Entry{Key: row.Key, Index: row.Index}, row: &row}
	}
	for _, b := range s.Quarantined {
		r := v.record(b.Key)
		r.newest.Index = b.Index
		r.fault, r.faultAt, r.badSince = &Fault{Class: b.Class, Reason: b.Reason}, b.Index, b.FirstSeen
		v.bads.keys++
		v.bads.put(b)
	}
	v.index, v.generation = s.Index, s.Generation
	v.last = s
}

// Resync takes a fresh listing, which is the whole truth about which keys
// exist: keys that are missing from it are gone, also when the listing's index
// is lower than the view's. It asks for verdicts only on values that differ
// from the known ones or still lack one. Keys that are no instance's (see
// [SplitKey]) are left out.
func (v *View) Resync(l Listing, _ time.Time) []Step {
	var steps []Step
	first := !v.listed
	v.listed, v.index, v.floor = true, l.Index, l.Index
	present := make(map[string]struct{}, len(l.Entries))
	for _, e := range l.Entries {
		if _, twice := present[e.Key]; twice || !v.ours(e.Key) {
			continue
		}
		present[e.Key] = struct{}{}
		steps = v.take(steps, e)
		if r := v.records[e.Key]; first && r.verdict == unjudged {
			r.unsettled = true
			v.unsettled++
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v.records)) {
		if _, there := present[key]; !there {
			steps = v.drop(steps, key, 0, l.Index)
		}
	}
	return v.finish(steps)
}

// Observe takes one change. One that is older than what is known of its key is
// ignored, and so is one of a whole directory: that calls for a listing. A key
// that was read on its own may be given as a put; it moves no other key.
func (v *View) Observe(c Change, _ time.Time) []Step {
	e := c.Entry
	if e.Index == 0 {
		e.Index = c.Index
	}
	switch c.Kind {
	case ChangePut:
		v.index = max(v.index, e.Index)
		return v.finish(v.observePut(e))
	case ChangeDeleted, ChangeExpired:
		v.index = max(v.index, e.Index)
		v.floor = max(v.floor, e.Index)
		if r := v.records[e.Key]; r != nil && e.Index > r.newest.Index {
			return v.finish(v.drop(nil, e.Key, c.Kind, e.Index))
		}
	case ChangeDirectory:
	}
	return nil
}

func (v *View) observePut(e Entry) []Step {
	if !v.ours(e.Key) {
		return nil
	}
	known := v.floor
	if r := v.records[e.Key]; r != nil {
		known = r.newest.Index
	}
	if e.Index <= known {
		return nil
	}
	return v.take(nil, e)
}

// Index is the newest position in the source's history that was seen.
func (v *View) Index() Index { return v.index }

// Synced reports whether every key of the first listing has had its verdict or
// has gone since. It stays true.
func (v *View) Synced() bool { return v.listed && v.unsettled == 0 }

// ours reports whether a key can be an instance's.
func (v *View) ours(key string) bool {
	_, ok := SplitKey(v.directory, key)
	return ok
}

// take notes a write and asks for a verdict, unless there is one.
func (v *View) take(steps []Step, e Entry) []Step {
	e.Value = bounded(e.Value)
	r := v.record(e.Key)
	if !r.holds(e) {
		r.becomeUnjudged(e)
	}
	if r.verdict == unjudged {
		steps = append(steps, Judge{r.newest})
	}
	return steps
}

func (v *View) record(key string) *record {
	r := v.records[key]
	if r == nil {
		r = &record{newest: Entry{Key: key}}
		v.records[key] = r
	}
	return r
}

// drop forgets a key that is gone.
func (v *View) drop(steps []Step, key string, kind ChangeKind, index Index) []Step {
	r := v.records[key]
	delete(v.records, key)
	v.settle(r)
	if r.row != nil {
		steps = append(steps, Removed{Key: key, Kind: kind, Index: index})
	}
	if r.fault != nil {
		v.bads.leave(key)
	}
	if r.row != nil || r.fault != nil {
		v.touch(key)
	}
	return append(steps, Drop{key})
}

func (v *View) settle(r *record) {
	if r.unsettled {
		r.unsettled = false
		v.unsettled--
	}
}

// touch notes that a key's part of the snapshot is another one. Only this does,
// so that what is shown of one key depends on the history of no other.
func (v *View) touch(key string) {
	v.dirty[key] = struct{}{}
	v.changed = true
}

// finish ends an answer.
func (v *View) finish(steps []Step) []Step {
	if v.changed {
		v.changed = false
		v.generation++
		steps = append(steps, Republish{})
	}
	return steps
}
