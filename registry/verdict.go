package registry

import "time"

// Accept takes the verdict that the key's value at index is good.
func (v *View) Accept(key string, index Index, in Instance, now time.Time) []Step {
	steps := v.begin(now)
	r := v.records[key]
	switch {
	case r == nil || r.absent:
	case r.newest.Index == index && r.proof != nil && r.verdict == good:
		// Said already.
	case r.newest.Index == index && r.fault != nil && v.flaps(r):
		steps = v.doubt(steps, r, in)
		v.settle(r)
	case r.newest.Index == index:
		steps = v.acceptNewest(steps, r, in)
	case r.previousAsked && r.previous.Index == index:
		steps = v.acceptPrevious(steps, r, in)
	}
	return v.finish(v.judgeCorruption(steps, false))
}

// acceptNewest believes a good value: it ends the quarantine, and is served
// unless its identity is held.
func (v *View) acceptNewest(steps []Step, r *record, in Instance) []Step {
	if r.fault != nil {
		after := max(v.clock.last.Sub(r.badSince), 0)
		steps = append(steps, Released{Key: r.newest.Key, Index: r.newest.Index, After: after})
		v.bads.leave(r.newest.Key)
		v.overdue.remove(r.newest.Key)
		v.waiting.cancel(r)
		v.touch(r)
	}
	v.settle(r)
	if v.holdsIdentity(r, in) {
		return v.holdIdentity(steps, r, in)
	}
	if l := r.limbo; l != nil {
		v.becomeUnheld(r)
		if l.hold != HoldIdentity {
			steps = append(steps, Reclaimed{Key: r.newest.Key, Index: r.newest.Index, After: v.clock.at - l.since})
		}
	}
	return v.serve(steps, r, in)
}

// serve makes a good value the row.
func (v *View) serve(steps []Step, r *record, in Instance) []Step {
	key, index, before := r.newest.Key, r.newest.Index, r.row
	r.becomeGood(in, v.kept(r.newest), v.clock.last)
	v.tally(r)
	v.enroll(r)
	switch {
	case before == nil:
		v.touch(r)
		return append(steps, Added{Key: key, Instance: &r.row.Instance, Index: index})
	case !before.says(in, r.row.Value):
		v.touch(r)
		return append(steps, Updated{Key: key, Instance: &r.row.Instance, Index: index})
	case !before.marked(r.row):
		v.touch(r)
	}
	return steps
}

// holdsIdentity reports whether a good value is somebody else under the same
// key, at a time when that is not believed. A bad key that is repaired is
// believed in a frozen view: it is what the freeze waits for.
func (v *View) holdsIdentity(r *record, in Instance) bool {
	standing := v.standing()
	repaired := standing == HoldCorruption && r.fault != nil
	if standing == HoldNone || repaired || v.open() || r.row == nil {
		return false
	}
	old := r.row.Instance
	return old.Incarnation != in.Incarnation || old.Address() != in.Address()
}

// holdIdentity keeps the instance that was there in service.
func (v *View) holdIdentity(steps []Step, r *record, in Instance) []Step {
	r.clearFault()
	r.newest.Value, r.verdict = "", good
	v.tally(r)
	news := r.limbo == nil || r.changed == nil || !r.changed.Equal(in)
	v.becomeHeld(r, departure{index: r.newest.Index}, HoldIdentity)
	v.enroll(r)
	r.changed = &in
	if !news {
		return steps
	}
	return append(steps, Held{Key: r.newest.Key, Hold: HoldIdentity})
}

// acceptPrevious serves the value before a bad one, which the source told along
// with it, where there is nothing better.
func (v *View) acceptPrevious(steps []Step, r *record, in Instance) []Step {
	index, value := r.previous.Index, v.kept(r.previous)
	r.previous, r.previousAsked = Entry{}, false
	if !r.wantsPrevious() || r.fault == nil || v.open() {
		return steps
	}
	key, before := r.newest.Key, r.row
	r.row = &Row{
		Key: key, Instance: in, Value: value, Status: StatusQuarantinedCached, Origin: OriginPrevious,
		Index: index, Since: v.clock.last,
	}
	v.enroll(r)
	b := v.bads.row(key)
	b.ServingIndex = index
	v.bads.update(b)
	v.overdue.add(key, v.clock.at)
	v.touch(r)
	switch {
	case before == nil:
		steps = append(steps, Added{Key: key, Instance: &r.row.Instance, Index: index})
	case !before.says(in, value):
		steps = append(steps, Updated{Key: key, Instance: &r.row.Instance, Index: index})
	}
	return steps
}

// Reject takes the verdict that the key's value at index is bad. A second
// rejection of the same write is counted, and is no news.
func (v *View) Reject(key string, index Index, f *Fault, now time.Time) []Step {
	steps := v.begin(now)
	r := v.records[key]
	switch {
	case r == nil || r.absent:
		return v.finish(steps)
	case r.newest.Index != index:
		if r.previousAsked && r.previous.Index == index {
			r.previous, r.previousAsked = Entry{}, false
		}
		return v.finish(steps)
	}
	if f == nil {
		f = &Fault{Reason: "no reason given"}
	}
	f = &Fault{Class: f.Class, Reason: clip(f.Reason, MaxReasonBytes)}
	news := r.fault == nil || r.faultAt != index || r.fault.Class != f.Class
	b, listed := v.quarantine(r, f)
	if news {
		v.touch(r)
		steps = append(steps, Quarantined{b})
		steps = v.fallBack(steps, r)
	}
	return v.finish(v.judgeCorruption(steps, !listed))
}

// quarantine puts a key among the bad ones, or leaves it there, and reports
// whether there was room to list it.
func (v *View) quarantine(r *record, f *Fault) (b Bad, listed bool) {
	key := r.newest.Key
	if r.fault == nil {
		v.bads.keys++
		v.overdue.add(key, v.clock.at)
		if r.row != nil {
			v.flapped(r)
		}
	} else if r.proof != nil {
		v.flapped(r)
	}
	v.becomeUnheld(r)
	r.becomeBad(f, v.clock.last)
	v.tally(r)
	v.enroll(r)
	v.settle(r)
	b = v.describe(r)
	if listed = v.bads.put(b); !listed {
		r.newest.Value = ""
	}
	if r.in != &v.waiting || r.attempts == 0 {
		v.waiting.set(r, v.clock.at+v.pause(r.attempts+1))
	}
	return b, listed
}

// fallBack finds something to serve, or sees to it that nothing is.
func (v *View) fallBack(steps []Step, r *record) []Step {
	switch {
	case r.row != nil && v.cfg.FailClosed:
		v.discharge(r, true)
		r.row = nil
		return append(steps, Removed{Key: r.newest.Key, Index: r.newest.Index, Class: r.fault.Class})
	case r.wantsPrevious() && r.previous.Value != "" && !v.open():
		r.previousAsked = true
		return append(steps, Judge{Entry: r.previous, Previous: true})
	}
	return steps
}

// describe makes the row of a key that has just been rejected.
func (v *View) describe(r *record) Bad {
	before := v.bads.row(r.newest.Key)
	return Bad{
		Key: r.newest.Key, Class: r.fault.Class, Reason: r.fault.Reason,
		Sample: quoteWithin(r.newest.Value, MaxReasonBytes),
		Index:  r.newest.Index, Hash: r.hash,
		FirstSeen: r.badSince, LastSeen: v.clock.last,
		Attempts:     before.Attempts + 1,
		ServingIndex: r.servingIndex(),
		Degraded:     before.Degraded,
	}
}

// kept is as much of an accepted value as stays with its row.
func (v *View) kept(e Entry) string {
	if v.cfg.KeepValues {
		return e.Value
	}
	return ""
}

// Pending returns the key's value that waits for a verdict, or the one that is
// in quarantine. There is none for a key that is good or not known, nor for a
// bad one that the quarantine had no room for.
func (v *View) Pending(key string) (Entry, bool) {
	r := v.records[key]
	if r == nil || r.absent || r.verdict == good || !r.sameValue(r.newest) {
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
