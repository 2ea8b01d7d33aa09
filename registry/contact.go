package registry

import "time"

// Staleness is how long the source has been silent.
type Staleness uint8

// The levels.
const (
	// Fresh is a source that answered lately.
	Fresh Staleness = iota
	// Stale is one that missed two listings.
	Stale
	// StaleWarning is worth a look.
	StaleWarning
	// StaleCritical is worth waking somebody.
	StaleCritical
)

// String names the level.
func (s Staleness) String() string {
	switch s {
	case Fresh:
		return "fresh"
	case Stale:
		return "stale"
	case StaleWarning:
		return "warning"
	case StaleCritical:
		return "critical"
	}
	return "unknown"
}

// contact is what is known of the source's presence. A source that is silent
// removes nothing, however long: the guard only says so.
type contact struct {
	guard

	at    time.Duration // of the newest answer
	level Staleness
}

// Confirm tells the view that the source answered, also when the answer was
// that nothing changed. A listing and a change confirm by themselves.
func (v *View) Confirm(now time.Time) []Step { return v.finish(v.confirm(v.begin(now))) }

func (v *View) confirm(steps []Step) []Step {
	v.contact.at = v.clock.at
	if v.contact.level == Fresh {
		return steps
	}
	v.contact.level = Fresh
	return v.disengage(steps, &v.contact.guard, GuardStale, "")
}

// age raises the level of a source that is silent.
func (v *View) age(steps []Step) []Step {
	silent := v.clock.at - v.contact.at
	level := Fresh
	switch {
	case silent >= v.cfg.CriticalAfter:
		level = StaleCritical
	case silent >= v.cfg.WarnAfter:
		level = StaleWarning
	case silent >= v.cfg.StaleAfter:
		level = Stale
	}
	if level <= v.contact.level {
		return steps
	}
	v.contact.level = level
	if !v.contact.engaged {
		steps = v.engage(steps, &v.contact.guard, GuardStale, "", "the source is silent")
	}
	return append(steps, Aged{Level: level, Age: silent})
}

// Staleness is how old the newest answer of the source was at the last call, in
// the time that this process was awake.
func (v *View) Staleness() (Staleness, time.Duration) {
	return v.contact.level, v.clock.at - v.contact.at
}
