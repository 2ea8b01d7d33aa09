package registry

import (
	"cmp"
	"slices"
	"time"
)

// View is what one node believes of one directory. It is fed listings, changes
// and verdicts, and answers with steps; see the package comment. It belongs to
// one goroutine.
type View struct {
	// Fixed at construction.
	directory string
	cfg       Config

	clock   awake
	swept   time.Duration // when guards were last looked at for their end
	records map[string]*record
	present int // records whose keys the registry has
	bads    quarantine
	digest  Digest
	window  window

	index Index // the newest position seen
	// read is the newest position up to which the changes were read in turn.
	read Index
	// floor is the newest position at which a key that is not known here was
	// known not to exist: a put at or before it is old news. Only listings and
	// removals raise it, so that a key that is read out of turn, ahead of the
	// changes, hides no other key's change.
	floor     Index
	listed    bool
	listings  uint64 // how many there were
	unsettled int    // keys of the first listing without a verdict

	operator   guard
	amnesia    amnesia
	corruption corruption
	expiry     expiry
	contact    contact

	orders    map[string]*order   // what operators said of single keys
	reordered map[string]struct{} // whose orders came or went since the last snapshot

	waiting   agenda // bad keys, by their next re-read
	rereads   budget
	overdue   recent             // bad keys, by when they turned bad
	departing agenda             // held rows, by their next probe
	held      map[string]*record // all that are in limbo
	dead      []string           // held rows that are proved dead
	left      map[string]*record // rows that were let go of late

	room    []Step    // for the next answers; empty, but for its capacity
	changed bool      // something visible, in the present call
	dirty   []*record // those whose rows may differ from those in last, each once
	// last is the last snapshot that was made; it is of the generation below
	// while nothing visible changed.
	last       *Snapshot
	generation uint64
}

// NewView returns the view of a directory (with the slash at its end) of which
// nothing is known yet.
func NewView(directory string, cfg Config) *View {
	cfg = cfg.withDefaults()
	return &View{
		directory:  directory,
		cfg:        cfg,
		records:    make(map[string]*record),
		bads:       newQuarantine(cfg.QuarantineRows),
		corruption: corruption{fresh: newRecent()},
		expiry:     newExpiry(),
		overdue:    newRecent(),
		held:       make(map[string]*record),
		left:       make(map[string]*record),
		last:       &Snapshot{Directory: directory},
	}
}

// Resync takes a fresh listing: keys that are missing from it are gone from the
// registry, also when the listing's index is lower than the view's, and the
// guards decide what that means for what they serve. It asks for verdicts only
// on values that differ from the known ones or still lack one. Keys that are no
// instance's (see [SplitKey]) are left out.
func (v *View) Resync(l Listing, now time.Time) []Step {
	steps := v.confirm(v.begin(now))
	entries := l.instances(v.directory)
	steps = v.diverged(steps, l, entries)
	steps = v.remember(steps, l, len(entries))
	first := !v.listed
	v.listed, v.index, v.floor, v.read = true, l.Index, l.Index, l.Index
	v.window.saw(l.Index, v.clock.at)
	v.listings++
	for _, e := range entries {
		r := v.record(e.Key)
		r.listing = v.listings
		steps = v.take(steps, r, e)
		if first && r.verdict == unjudged {
			r.unsettled = true
			v.unsettled++
		}
	}
	steps = v.drop(steps, v.missing(len(entries), l.Index))
	return v.finish(v.judgeCorruption(steps, false))
}

// missing are the keys that the newest listing has not, sorted.
func (v *View) missing(listed int, index Index) []leaver {
	if listed == len(v.records) {
		return nil
	}
	var gone []leaver
	for _, r := range v.records {
		switch {
		case r.listing == v.listings:
		case r.absent:
			r.newest.Index = min(r.newest.Index, index) // the index may have gone back
		default:
			gone = append(gone, leaver{r, departure{index: index}})
		}
	}
	slices.SortFunc(gone, func(a, b leaver) int { return cmp.Compare(a.r.newest.Key, b.r.newest.Key) })
	return gone
}

// diverged tells when a listing shows that changes were missed.
func (v *View) diverged(steps []Step, l Listing, entries []listed) []Step {
	if !v.listed || l.Index < v.index || l.Cluster != v.amnesia.cluster {
		return steps
	}
	if d := v.compare(entries, l.Index); d.Missed > 0 {
		steps = append(steps, Diverged{d})
	}
	return steps
}

// Observe takes one change. One that is older than what is known of its key is
// ignored, and so is one of a whole directory: that calls for a listing. A key
// that was read on its own may be given as a put; it moves no other key.
func (v *View) Observe(c Change, now time.Time) []Step {
	steps := v.confirm(v.begin(now))
	e := c.Entry
	if e.Index == 0 {
		e.Index = c.Index
	}
	v.window.saw(max(c.Head, c.Index, v.index), v.clock.at)
	if c.Cluster != "" {
		steps = v.remember(steps, Listing{Cluster: c.Cluster, Index: v.index}, 1)
	}
	switch c.Kind {
	case ChangePut:
		v.index, v.read = max(v.index, e.Index), max(v.read, e.Index)
		steps = v.observePut(steps, e, c.Previous)
	case ChangeDeleted, ChangeExpired:
		v.index, v.read = max(v.index, e.Index), max(v.read, e.Index)
		v.floor = max(v.floor, e.Index)
		if r := v.records[e.Key]; r != nil && r.absent {
			r.newest.Index = max(r.newest.Index, e.Index)
		} else if r != nil && e.Index > r.newest.Index {
			steps = v.drop(steps, []leaver{{r, departure{c.Kind, e.Index}}})
		}
	case ChangeDirectory:
	}
	return v.finish(steps)
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

func (v *View) settle(r *record) {
	if r.unsettled {
		r.unsettled = false
		v.unsettled--
	}
}

// touch notes that a key's part of the snapshot is another one. Only this does,
// so that what is shown of one key depends on the history of no other.
func (v *View) touch(r *record) {
	v.changed = true
	if !r.dirty {
		r.dirty = true
		v.dirty = append(v.dirty, r)
	}
}

// answer begins an answer, in a part of a room that many answers share, each
// with a part of its own: nearly all of them are short, and there are many.
func (v *View) answer() []Step {
	if cap(v.room) < 4 {
		v.room = make([]Step, 0, 128)
	}
	return v.room
}

// finish ends an answer.
func (v *View) finish(steps []Step) []Step {
	steps = v.overrule(steps)
	if v.changed {
		v.changed = false
		v.generation++
		steps = append(steps, Republish{})
	}
	if cap(steps) == cap(v.room) { // it has not grown out of the room
		v.room = steps[len(steps):]
	}
	return slices.Clip(steps)
}
