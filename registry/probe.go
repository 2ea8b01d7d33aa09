package registry

import "time"

// probe asks for the liveness of held rows that are due, and applies the
// removals whose delay is over.
func (v *View) probe(steps []Step) []Step {
	at := v.clock.at
	for r := v.departing.due(at); r != nil; r = v.departing.due(at) {
		if r.limbo.hold == HoldDelay {
			steps = v.apply(steps, r)
			continue
		}
		most := float64(v.expiry.whole.most())
		perSecond := max(v.cfg.ProbeFraction*most, 1)
		if !v.expiry.whole.probes.take(at, perSecond, perSecond) {
			break
		}
		r.limbo.asked = true
		v.departing.set(r, at+max(v.cfg.spread(v.cfg.ProbeEvery, 0.2), time.Millisecond))
		steps = append(steps, Probe{Key: r.newest.Key, Instance: r.row.Instance})
	}
	return steps
}

// Probed answers a [Probe]: whether the instance took a connection. An answer
// that nobody waits for any more is ignored; so is one that was under way while
// this process slept, which says nothing about the instance.
func (v *View) Probed(key string, alive bool, now time.Time) []Step {
	steps := v.begin(now)
	r := v.records[key]
	if r == nil || r.limbo == nil || !r.limbo.asked {
		return v.finish(steps)
	}
	l, at := r.limbo, v.clock.at
	l.asked = false
	switch {
	case alive:
		l.fails = 0
	case l.fails == 0:
		l.fails, l.failedAt = 1, at
	default:
		l.fails++
	}
	if l.fails >= v.cfg.DeadProbes && at-l.failedAt >= v.cfg.DeadAfter && !l.dead {
		l.dead = true
		v.departing.cancel(r)
		v.dead = append(v.dead, key)
	}
	return v.finish(v.evict(steps))
}

// evict removes what is proved dead, in random order and no faster than the
// others can take its work over.
func (v *View) evict(steps []Step) []Step {
	at, s := v.clock.at, v.expiry.whole
	perMinute := max(int(v.cfg.EvictFraction*float64(s.most())), 1)
	s.evicted.prune(at - time.Minute + 1)
	for len(v.dead) > 0 && s.evicted.len() < perMinute {
		pick := min(int(v.cfg.Random()*float64(len(v.dead))), len(v.dead)-1)
		key := v.dead[pick]
		s.evicted.add(key, at)
		steps = v.apply(steps, v.records[key])
	}
	return steps
}

// sleep discards what was measured while this process slept.
func (v *View) sleep(steps []Step, slept time.Duration) []Step {
	for _, r := range v.held {
		r.limbo.asked = false
	}
	return append(steps, Slept{For: slept}, Relist{})
}
