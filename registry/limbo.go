package registry

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// departure is how a key left the registry.
type departure struct {
	kind  ChangeKind // 0: missing from a listing
	index Index
}

// limbo is the state of a row that is served although the registry does not, or
// not any more, say what it says.
type limbo struct {
	departure

	hold  Hold
	since time.Duration

	asked    bool // a probe is under way
	fails    int  // probes that failed, in a row
	failedAt time.Duration
	dead     bool // proved, waiting to be evicted
}

// becomeHeld puts a row into limbo, or gives it another reason to be there.
func (v *View) becomeHeld(r *record, d departure, hold Hold) {
	at := v.clock.at
	if r.limbo == nil {
		r.limbo = &limbo{since: at}
		v.held[r.newest.Key] = r
	}
	l := r.limbo
	v.reprieve(r)
	l.departure, l.hold = d, hold
	l.asked, l.fails = false, 0
	row := r.edit()
	row.Status, row.Hold, row.HeldSince = StatusLimbo, hold, v.clock.when(l.since)
	switch {
	case hold.probed() && r.row.animate():
		v.departing.set(r, at+time.Duration(v.cfg.Random()*float64(v.cfg.ProbeEvery)))
	case hold == HoldDelay:
		v.departing.set(r, at+v.cfg.RemovalDelay)
	default:
		v.departing.cancel(r)
	}
	v.touch(r)
}

// becomeUnheld takes a row out of limbo. Its status is the caller's to set.
func (v *View) becomeUnheld(r *record) {
	if r.limbo == nil {
		return
	}
	v.departing.cancel(r)
	delete(v.held, r.newest.Key)
	v.reprieve(r)
	r.limbo, r.changed = nil, nil
	row := r.edit()
	row.Hold, row.HeldSince = HoldNone, time.Time{}
	v.touch(r)
}

// reprieve takes a row off the list of those to be evicted.
func (v *View) reprieve(r *record) {
	if r.limbo.dead {
		r.limbo.dead = false
		v.dead = slices.DeleteFunc(v.dead, func(key string) bool { return key == r.newest.Key })
	}
}

// hold serves a row on, and tells why.
func (v *View) hold(steps []Step, r *record, d departure, hold Hold) []Step {
	v.becomeHeld(r, d, hold)
	return append(steps, Held{Key: r.newest.Key, Kind: d.kind, Hold: hold, Until: v.heldUntil(r.limbo)})
}

// heldUntil is when the holding ends by itself; zero when nobody can tell.
func (v *View) heldUntil(l *limbo) time.Time {
	switch l.hold {
	case HoldAmnesia:
		return v.clock.when(v.amnesia.until)
	case HoldDelay:
		return v.clock.when(l.since + v.cfg.RemovalDelay)
	case HoldNone, HoldOperator, HoldCorruption, HoldExpiry, HoldEmpty, HoldIdentity:
	}
	return time.Time{}
}

// heldIn counts the rows that a scope holds.
func (v *View) heldIn(s *scope) int {
	n := 0
	for _, r := range v.held {
		if r.limbo.hold.probed() && (s == v.expiry.whole || s == r.scope) {
			n++
		}
	}
	return n
}

// letGo removes what no scope holds any more.
func (v *View) letGo(steps []Step) []Step {
	for _, r := range v.heldFor(func(l *limbo) bool { return l.hold.probed() }) {
		if v.holdOf(r) == HoldNone {
			steps = v.apply(steps, r)
		}
	}
	return steps
}

// heldFor are the rows in limbo that a condition picks, sorted by key.
func (v *View) heldFor(picks func(*limbo) bool) []*record {
	var found []*record
	for _, r := range v.held {
		if picks(r.limbo) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *record) int { return cmp.Compare(a.newest.Key, b.newest.Key) })
	return found
}

// apply does what was held: the row goes, or changes its identity.
func (v *View) apply(steps []Step, r *record) []Step {
	if changed := r.changed; changed != nil {
		v.becomeUnheld(r)
		return v.serve(steps, r, *changed)
	}
	if !r.absent {
		return steps // its value waits for a verdict
	}
	l := r.limbo
	v.becomeUnheld(r)
	return v.remove(steps, r, l.departure, l.hold)
}

// reconsider decides anew about what was held for a reason that is over.
func (v *View) reconsider(steps []Step, over Hold) []Step {
	var leavers []leaver
	for _, r := range v.heldFor(func(l *limbo) bool { return l.hold == over || l.hold == HoldIdentity }) {
		switch {
		case r.absent:
			leavers = append(leavers, leaver{r, r.limbo.departure})
		case r.changed != nil && v.standing() == HoldNone:
			steps = v.apply(steps, r)
		}
	}
	return v.depart(steps, leavers)
}

// recallLeft brings back a row that was let go before it was clear that many go.
func (v *View) recallLeft(steps []Step, key string) []Step {
	if r := v.records[key]; r != nil {
		if r.limbo != nil && r.limbo.hold == HoldDelay {
			return v.hold(steps, r, r.limbo.departure, v.holdOf(r))
		}
		return steps
	}
	r := v.left[key]
	if r == nil {
		return steps
	}
	delete(v.left, key)
	v.records[key], r.forgotten = r, false
	return v.hold(steps, r, r.went, v.holdOf(r))
}

// forgetLeft gives up what could be brought back.
func (v *View) forgetLeft() { clear(v.left) }

// pruneLeft gives up what went too long ago to be part of what goes now.
func (v *View) pruneLeft() {
	maps.DeleteFunc(v.left, func(key string, _ *record) bool {
		_, counts := v.expiry.whole.gone.at[key]
		return !counts
	})
}
