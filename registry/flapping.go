package registry

import "time"

// proof is the probation of a key that turned bad too often: a good value of it
// is served after it has stayed good.
type proof struct {
	instance Instance
	index    Index
	since    time.Duration
	seen     bool // once more, long enough after the first time
}

// flapped notes that a key that was good turned bad.
func (v *View) flapped(r *record) {
	limit := v.cfg.FlapLimit
	if limit <= 0 || v.cfg.Unguarded {
		return
	}
	r.flips = append(r.flips, v.clock.at)
	if extra := len(r.flips) - limit; extra > 0 {
		r.flips = r.flips[extra:]
	}
}

// flaps reports whether a key turned bad too often of late to be believed.
func (v *View) flaps(r *record) bool {
	limit := v.cfg.FlapLimit
	return limit > 0 && len(r.flips) >= limit && v.clock.at-r.flips[len(r.flips)-limit] <= v.cfg.FlapWindow
}

// doubt takes a good value of a key that flaps, and does not serve it yet.
func (v *View) doubt(steps []Step, r *record, in Instance) []Step {
	at := v.clock.at
	if r.proof == nil {
		r.becomeDoubted(in, at)
		v.waiting.set(r, at+v.cfg.ProveApart)
		b := v.bads.row(r.newest.Key)
		b.Doubted = v.clock.when(at + v.cfg.ProveHold)
		v.bads.update(b)
		v.touch(r)
		return append(steps, Doubted{Key: r.newest.Key, Index: r.newest.Index, Until: b.Doubted})
	}
	r.becomeDoubted(in, r.proof.since)
	return v.confirmGood(steps, r)
}

// confirmGood notes that a doubted value was seen again, and releases the key
// when that, and its age, are proof enough.
func (v *View) confirmGood(steps []Step, r *record) []Step {
	age := v.clock.at - r.proof.since
	if age >= v.cfg.ProveApart {
		r.proof.seen = true
		v.waiting.set(r, max(r.proof.since+v.cfg.ProveHold, v.clock.at))
	}
	if r.proof.seen && age >= v.cfg.ProveHold {
		return v.release(steps, r)
	}
	return steps
}

// release ends a quarantine with the value that was doubted.
func (v *View) release(steps []Step, r *record) []Step {
	in := r.proof.instance
	r.proof = nil
	return v.acceptNewest(steps, r, in)
}

// becomeDoubted puts a good value on probation.
func (r *record) becomeDoubted(in Instance, since time.Duration) {
	seen := r.proof != nil && r.proof.seen
	r.proof = &proof{instance: in, index: r.newest.Index, since: since, seen: seen}
	r.newest.Value, r.verdict = "", good
}
