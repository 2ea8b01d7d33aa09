package registry

import "time"

// Restore takes over the snapshot of an earlier view of the same directory, of
// this process or from disk, so that its last good values stay in service until
// the next listing. It does nothing to a view that knows something already or
// that fails closed, or with a snapshot of another directory or nil; but what
// operators ordered stands in any case.
//
// What was in limbo is taken over as if its key was there: the listing finds it
// missing, and the guards decide anew. Those that held everything are engaged
// from the beginning.
func (v *View) Restore(s *Snapshot) {
	if s == nil || s.Directory != v.directory || len(v.records) > 0 || v.listed {
		return
	}
	v.restoreOrders(s)
	if v.cfg.FailClosed {
		return
	}
	v.last, v.index, v.generation = s, s.Index, s.Generation
	v.amnesia.cluster, v.amnesia.epoch = s.Cluster, s.Epoch
	for row, shared := range s.believed() {
		r := v.record(row.Key)
		r.newest.Index, r.row = row.Index, row
		if shared {
			r.shown = row
		} else {
			own := *row
			r.row = &own
		}
		if row.Status == StatusLimbo {
			row = r.edit()
			row.Status, row.Hold, row.HeldSince = StatusLive, HoldNone, time.Time{}
			v.touch(r)
		}
		v.enroll(r)
	}
	for _, b := range s.Quarantined {
		r := v.record(b.Key)
		r.newest.Index = b.Index
		r.fault, r.faultAt, r.badSince = &Fault{Class: b.Class, Reason: b.Reason}, b.Index, b.FirstSeen
		v.bads.keys++
		v.bads.put(*b)
		v.tally(r)
	}
	v.corruption.accept() // old stories are no news
	v.restoreGuards(s)
	if len(v.Guards()) != len(s.Guards) {
		v.changed = true // what is shown is what holds
	}
	v.finish(nil)
}

// restoreGuards engages again what held everything: that an incarnation of the
// view's owner was lost is no reason to believe the registry.
func (v *View) restoreGuards(s *Snapshot) {
	if v.cfg.Unguarded {
		return
	}
	for _, state := range s.Guards {
		switch state.Guard {
		case GuardOperator:
			v.operator.becomeEngaged(0, state.Reason)
		case GuardAmnesia:
			v.amnesia.becomeEngaged(0, state.Reason)
			v.amnesia.until = v.cfg.AmnesiaHold
		case GuardCorruption:
			v.corruption.becomeEngaged(0, state.Reason)
			v.corruption.suspect = state.Suspect
		case GuardExpiry, GuardStale: // found again by the listing, or by time
		}
	}
}
