package registry

import (
	"fmt"
	"slices"
	"time"
)

// smallDirectory is below how many keys a fraction says nothing.
const smallDirectory = 5

// corruption is the guard against many values that turn bad at once. There is
// no good reason for it, so it freezes early: what leaves and who changes its
// identity is held, bad keys are read again one at a time. Good values and new
// keys pass, or the guard would stand in the way of the cure.
type corruption struct {
	guard

	fresh    recent // keys that turned bad within the window
	corrupt  int    // bad keys, of the classes that count
	byClass  [ClassPanic + 1]int
	canaryAt time.Duration
	booted   bool // the first listing has been judged
}

// tally counts a record under its class of fault, or under none.
func (v *View) tally(r *record) {
	c := &v.corruption
	corrupt := r.fault != nil && r.fault.Class.corrupts()
	if r.tallied {
		c.byClass[r.tally]--
		c.corrupt--
	}
	switch {
	case corrupt && !r.tallied:
		c.fresh.add(r.newest.Key, v.clock.at)
	case !corrupt && r.tallied:
		c.fresh.remove(r.newest.Key)
	}
	r.tallied = corrupt
	if corrupt {
		r.tally = min(r.fault.Class, ClassPanic)
		c.byClass[r.tally]++
		c.corrupt++
	}
}

// accept makes what is bad now an old story.
func (c *corruption) accept() { c.fresh = newRecent() }

// massCorruption reports whether so many of n keys turned bad that it is one
// fault rather than many.
func (c Config) massCorruption(bad, n int) bool {
	if n < smallDirectory {
		return bad >= 2 && 2*bad >= n
	}
	return bad >= c.CorruptKeys && float64(bad) >= c.CorruptFraction*float64(n)
}

// judgeCorruption freezes the view when too much of it is bad.
func (v *View) judgeCorruption(steps []Step, overflown bool) []Step {
	c := &v.corruption
	c.fresh.prune(v.clock.at - v.cfg.CorruptWindow)
	boot := !c.booted && v.Synced()
	c.booted = v.Synced()
	if c.engaged || v.cfg.Unguarded {
		return steps
	}
	reason := ""
	switch fresh := c.fresh.len(); {
	case v.cfg.massCorruption(fresh, v.present):
		reason = fmt.Sprintf("%d of %d keys turned bad within %v", fresh, v.present, v.cfg.CorruptWindow)
	case boot && v.present >= 2 && 2*c.corrupt > v.present:
		reason = fmt.Sprintf("%d of %d keys of the first listing are bad", c.corrupt, v.present)
	case overflown:
		reason = fmt.Sprintf("more than %d keys are bad", v.cfg.QuarantineRows)
	default:
		return steps
	}
	c.canaryAt = v.clock.at + v.cfg.CanaryEvery
	steps = v.engage(steps, &c.guard, GuardCorruption, "", reason)
	if c.oneSided(v.cfg.SuspectFraction) || v.clock.at < v.cfg.SuspectAge {
		c.suspect = true
		steps[len(steps)-1] = Engaged{v.guardState(&c.guard, GuardCorruption, "")}
	}
	return steps
}

// oneSided reports whether most bad keys have the same fault: many writers
// hardly make the same mistake, one decoder does.
func (c *corruption) oneSided(fraction float64) bool {
	return float64(slices.Max(c.byClass[:])) >= fraction*float64(c.corrupt)
}

// Suspect tells a frozen view that the fault may be in this process: another
// view of it froze at the same time, or other processes read the same values
// well. It is shown with the guard.
func (v *View) Suspect(now time.Time) []Step {
	steps := v.begin(now)
	if c := &v.corruption; c.engaged && !c.suspect {
		c.suspect, v.changed = true, true
	}
	return v.finish(steps)
}

// thaw ends the freeze when most keys have been good for a while. Time alone
// does not: to be frozen is safe.
func (v *View) thaw(steps []Step) []Step {
	c := &v.corruption
	if !c.engaged {
		return steps
	}
	good := float64(v.present - c.corrupt)
	if !c.settled(v.clock.at, good >= v.cfg.ThawFraction*float64(v.present), v.cfg.ThawHold) {
		return steps
	}
	steps = v.disengage(steps, &c.guard, GuardCorruption, "")
	return v.reconsider(steps, HoldCorruption)
}
