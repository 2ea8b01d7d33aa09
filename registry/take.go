package registry

import "time"

func (v *View) observePut(steps []Step, e Entry, previous *Entry) []Step {
	if !v.ours(e.Key) {
		return steps
	}
	known, r := v.floor, v.records[e.Key]
	if r != nil {
		known = r.newest.Index
	}
	if e.Index <= known {
		return steps
	}
	if r == nil {
		r = v.record(e.Key)
	}
	e.Key = r.newest.Key // the same text, which need not be kept twice
	e.Value = bounded(e.Value)
	useful := previous != nil && (r.verdict != bad || !r.sameValue(*previous)) // not rejected already
	steps = v.take(steps, r, listed{e, fingerprint(e.Value)})
	if useful && r.wantsPrevious() && r.previous.Value == "" {
		r.previous = Entry{Key: e.Key, Value: bounded(previous.Value), Index: previous.Index}
	}
	return steps
}

// take notes a write and asks for a verdict, unless there is one. An equal value
// that is written again, or only renewed, needs none.
func (v *View) take(steps []Step, r *record, e listed) []Step {
	r.noteTTL(e.TTL)
	switch {
	case r.hash == e.hash && r.newest.Index == e.Index:
		if r.verdict == unjudged {
			r.newest.Value = e.Value // it was not kept, if an operator asks for another verdict
		}
	case r.hash == e.hash && r.verdict == good && e.Index > r.newest.Index:
		v.becomeRewritten(r, e.Index)
	default:
		v.becomeUnjudged(r, e)
	}
	if r.verdict == unjudged {
		return append(steps, Judge{Entry: r.newest})
	}
	if r.proof != nil {
		return v.confirmGood(steps, r)
	}
	return steps
}

// becomeUnjudged takes a new value into the books.
func (v *View) becomeUnjudged(r *record, e listed) {
	old := r.hash // 0 for what is absent
	if r.absent {
		v.present++
	}
	if r.limbo != nil { // its fate is decided by the verdict now
		v.departing.cancel(r)
		v.reprieve(r)
		r.limbo.asked = false
	}
	r.becomeUnjudged(e)
	v.digest.replace(e.Key, old, r.hash)
}

// becomeRewritten moves a good value to where it was written again.
func (v *View) becomeRewritten(r *record, index Index) {
	if r.row != nil && r.row.Index == r.newest.Index {
		r.edit().Index = index
	}
	r.newest.Index = index
	if r.row != nil && r.row.Immortal != r.immortal {
		r.edit().Immortal = r.immortal
		v.touch(r)
	}
}

// noteTTL notices a key that used to expire and does not any more: a torn write
// takes the TTL with it. It shows with the verdict.
func (r *record) noteTTL(ttl time.Duration) {
	r.immortal = ttl == 0 && (r.mortal || r.immortal)
	r.mortal = ttl > 0
}

// record is what is known of a key; one of which nothing is known is taken to be there.
func (v *View) record(key string) *record {
	r := v.records[key]
	if r == nil {
		r = &record{newest: Entry{Key: key}}
		v.records[key] = r
		v.present++
	}
	return r
}
