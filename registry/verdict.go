package registry

import "time"

// Accept takes the verdict that the key's value at index is good.
func (v *View) Accept(key string, index Index, in Instance, now time.Time) []Step {
	r := v.records[key]
	if r == nil || r.newest.Index != index {
		return nil
	}
	var steps []Step
	if r.fault != nil {
		steps = append(steps, Released{Key: key, Index: index, After: now.Sub(r.badSince)})
		v.bads.leave(key)
		v.touch(key)
	}
	before := r.row
	r.becomeGood(in, now)
	v.settle(r)
	switch {
	case before == nil:
		steps = append(steps, Added{Key: key, Instance: in, Index: index})
	case !before.Instance.Equal(in):
		steps = append(steps, Updated{Key: key, Instance: in, Index: index})
	}
	if before == nil || !before.same(*r.row) {
		v.touch(key)
	}
	return v.finish(steps)
}

// Reject takes the verdict that the key's value at index is bad. A second
// rejection of the same write is counted, and is no news.
func (v *View) Reject(key string, index Index, f *Fault, now time.Time) []Step {
	r := v.records[key]
	if r == nil || r.newest.Index != index {
		return nil
	}
	if f == nil {
		f = &Fault{Reason: "no reason given"}
	}
	f = &Fault{Class: f.Class, Reason: clip(f.Reason, MaxReasonBytes)}
	if r.fault == nil {
		v.bads.keys++
	}
	news := r.fault == nil || r.faultAt != index || r.fault.Class != f.Class
	r.becomeBad(f, now)
	v.settle(r)
	b := v.describe(r, now)
	if !v.bads.put(b) {
		r.newest.Value = ""
	}
	if !news {
		return nil
	}
	v.touch(key)
	return v.finish([]Step{Quarantined{b}})
}

// describe makes the row of a key that has just been rejected.
func (v *View) describe(r *record, now time.Time) Bad {
	return Bad{
		Key: r.newest.Key, Class: r.fault.Class, Reason: r.fault.Reason,
		Sample: quoteWithin(r.newest.Value, MaxReasonBytes),
		Index:  r.newest.Index, Hash: r.hash,
		FirstSeen: r.badSince, LastSeen: now,
		Attempts:     v.bads.rows[r.newest.Key].Attempts + 1,
		ServingIndex: r.servingIndex(),
	}
}

// Pending returns the key's value that waits for a verdict, or the one that is
// in quarantine. There is none for a key that is good or not known, nor for a
// bad one that the quarantine had no room for.
func (v *View) Pending(key string) (Entry, bool) {
	r := v.records[key]
	if r == nil || r.verdict == good || r.hash != fingerprint(r.newest.Value) {
		return Entry{}, false
	}
	return r.newest, true
}

// KnownBad reports whether exactly this write was rejected already: there is no
// use in decoding it again.
func (v *View) KnownBad(e Entry) bool {
	e.Value = bounded(e.Value)
	r := v.records[e.Key]
	return r != nil && r.verdict == bad && r.holds(e)
}

// FaultOf returns why a key is in quarantine, or nil when it is not.
func (v *View) FaultOf(key string) *Fault {
	if r := v.records[key]; r != nil && r.fault != nil {
		return &Fault{Class: r.fault.Class, Reason: r.fault.Reason}
	}
	return nil
}
