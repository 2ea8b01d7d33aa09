package registry

import (
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// pause is how long a bad key waits for its next re-read.
func (v *View) pause(attempt int) time.Duration {
	p := backoff.Policy{Base: v.cfg.RereadBase, Cap: v.cfg.RereadCap, Jitter: backoff.None}
	return max(v.cfg.spread(p.Delay(attempt, 0), 0.5), time.Millisecond)
}

// reread asks for the bad keys that are due, as many as the source may be
// asked for. A frozen view asks for one now and then: the canary.
func (v *View) reread(steps []Step) []Step {
	at := v.clock.at
	for r := v.waiting.due(at); r != nil; r = v.waiting.due(at) {
		if r.proof != nil && r.proof.seen {
			steps = v.confirmGood(steps, r)
			continue
		}
		if !v.mayReread() {
			break
		}
		r.attempts++
		v.waiting.set(r, at+v.pause(r.attempts+1))
		steps = append(steps, Reread{Key: r.newest.Key})
	}
	return v.degrade(steps)
}

func (v *View) mayReread() bool {
	c := &v.corruption
	if c.engaged {
		if v.clock.at < c.canaryAt {
			return false
		}
		c.canaryAt = v.clock.at + v.cfg.CanaryEvery
		return true
	}
	return v.rereads.take(v.clock.at, v.cfg.RereadRate, max(v.cfg.RereadRate, 1))
}

// Reread answers a [Reread] with what the key holds. A key that is not there is
// found missing by the listing that is asked for: only that has an index. When
// the read failed there is nothing to tell; it is asked for again.
func (v *View) Reread(key string, e Entry, found bool, now time.Time) []Step {
	steps := v.confirm(v.begin(now))
	r := v.records[key]
	switch {
	case r == nil || r.absent:
	case !found:
		steps = append(steps, Relist{})
	default:
		e.Key = key
		v.index = max(v.index, e.Index)
		e.Value = bounded(e.Value)
		steps = v.retry(v.observePut(v.regain(steps, r, e), e, nil), r, e)
		if r.proof != nil && r.sameValue(e) {
			steps = v.confirmGood(steps, r)
		}
	}
	return v.finish(steps)
}

// degrade marks the quarantines that have served an old value for too long. The
// oldest are looked at first, and no more than there are.
func (v *View) degrade(steps []Step) []Step {
	before := v.clock.at - v.cfg.MaxServe
	for _, key := range v.overdue.prune(before + 1) {
		r := v.records[key]
		if r == nil || r.fault == nil || r.row == nil {
			continue
		}
		b := v.bads.row(key)
		b.Degraded = true
		v.bads.update(b)
		v.touch(r)
		steps = append(steps, Degraded{Key: key, After: v.cfg.MaxServe})
	}
	return steps
}
