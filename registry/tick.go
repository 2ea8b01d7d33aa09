package registry

import "time"

// sweepEvery is how often guards are looked at for their end.
const sweepEvery = time.Second

// Tick does what is due, and returns when it wants to be called next: never
// later than [Config.TickEvery]. A view whose owner does not tick is as safe,
// but asks for no re-read, probe or listing.
//
// The owner must keep the appointment: a call that comes more than
// [Config.SleepGap] late says that this process slept, and the time until then
// is held against nobody.
func (v *View) Tick(now time.Time) (steps []Step, next time.Time) {
	steps = v.begin(now)
	steps = v.relist(steps)
	steps = v.reread(steps)
	steps = v.probe(steps)
	steps = v.evict(steps)
	steps = v.age(steps)
	steps = v.remind(steps)
	v.clock.due = v.next()
	return v.finish(steps), v.clock.due
}

// next is when there is something to do again, within bounds: what waits for a
// budget must not spin.
func (v *View) next() time.Time {
	at := v.clock.at
	next := at + v.cfg.TickEvery
	for _, a := range []*agenda{&v.waiting, &v.departing} {
		if r := a.first(); r != nil {
			next = min(next, r.dueAt)
		}
	}
	if v.amnesia.engaged {
		next = min(next, v.amnesia.relistAt, v.amnesia.until)
	}
	return v.clock.when(max(next, at+100*time.Millisecond))
}

// begin is what every call with a time starts with: what ends by itself ends.
func (v *View) begin(now time.Time) []Step {
	steps := v.answer()
	if slept := v.clock.advance(now, v.cfg.SleepGap); slept > 0 {
		steps = v.sleep(steps, slept)
	}
	if v.clock.at-v.swept < sweepEvery {
		return steps
	}
	v.swept = v.clock.at
	steps = v.endAmnesia(steps)
	steps = v.thaw(steps)
	steps = v.subside(steps)
	v.pruneLeft()
	return steps
}
