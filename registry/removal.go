package registry

// leaver is a record whose key left the registry, and how.
type leaver struct {
	r *record
	departure
}

// explained reports whether it is known why the key is gone: somebody deleted
// it, or the instance had said that it was about to leave.
func (l leaver) explained() bool {
	return l.kind == ChangeDeleted || l.r.row.Instance.State == StateDraining
}

// becomeAbsent notes that the registry has the key no more. What it serves, if
// anything, is served until [View.depart] has decided.
func (v *View) becomeAbsent(r *record, d departure) {
	v.settle(r)
	v.digest.remove(r)
	v.waiting.cancel(r)
	v.present--
	if r.fault != nil {
		v.bads.leave(r.newest.Key)
		v.touch(r)
	}
	r.becomeAbsent(d.index)
	v.tally(r)
}

// drop takes keys that left the registry. Keys that serve nothing are forgotten;
// about the others the guards decide, about all at once.
func (v *View) drop(steps []Step, leaving []leaver) []Step {
	var rows []leaver
	for _, l := range leaving {
		v.becomeAbsent(l.r, l.departure)
		if l.r.row != nil {
			rows = append(rows, l)
		}
	}
	steps = v.depart(steps, rows)
	for _, l := range leaving {
		if l.r.row == nil {
			v.forget(l.r)
		}
		steps = append(steps, Drop{l.r.newest.Key})
	}
	return steps
}

// depart decides about rows whose keys are gone: held, or removed. Every
// removal of a row comes through here.
func (v *View) depart(steps []Step, leaving []leaver) []Step {
	standing := v.standing()
	for _, l := range leaving {
		held := standing != HoldNone && l.r.row.Instance.State != StateDraining
		v.discharge(l.r, l.explained() && !held)
		if l.r.limbo != nil && l.kind == ChangeDeleted && !held {
			v.lower(l.r) // what was held unseen is explained after all
		}
		if !held && !l.explained() {
			for _, s := range v.scopes(l.r) {
				s.gone.add(l.r.newest.Key, v.clock.at)
			}
		}
	}
	if !v.open() {
		steps = v.judgeExpiry(steps)
	}
	for _, l := range leaving {
		steps = v.decide(steps, l, standing)
	}
	return steps
}

// open reports whether the view holds nothing, by its configuration.
func (v *View) open() bool { return v.cfg.FailClosed || v.cfg.Unguarded }

// decide holds one row or removes it.
func (v *View) decide(steps []Step, l leaver, standing Hold) []Step {
	hold := standing
	if hold == HoldNone && !l.explained() {
		hold = v.holdOf(l.r)
		if hold == HoldNone && v.cfg.RemovalDelay > 0 {
			hold = HoldDelay
		}
	}
	if v.open() || l.r.row.Instance.State == StateDraining {
		hold = HoldNone
	}
	switch {
	case hold == HoldNone:
	case l.r.limbo != nil && l.r.limbo.hold == hold:
		v.becomeHeld(l.r, l.departure, hold)
		return steps
	default:
		return v.hold(steps, l.r, l.departure, hold)
	}
	was := HoldNone
	if l.r.limbo != nil {
		was = l.r.limbo.hold
		v.becomeUnheld(l.r)
	}
	steps = v.remove(steps, l.r, l.departure, was)
	if !l.explained() && !v.open() {
		l.r.went = l.departure
		v.left[l.r.newest.Key] = l.r
	}
	return steps
}

// remove takes a row out for good.
func (v *View) remove(steps []Step, r *record, d departure, held Hold) []Step {
	v.touch(r)
	v.forget(r)
	return append(steps, Removed{Key: r.newest.Key, Kind: d.kind, Index: d.index, Held: held})
}

// forget takes a record out of the books.
func (v *View) forget(r *record) {
	delete(v.records, r.newest.Key)
	r.forgotten = true
}
