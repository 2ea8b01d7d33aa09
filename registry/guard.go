package registry

import "time"

// Guard is one of a view's protections against what a registry may do to it.
type Guard uint8

// The guards, the most severe first.
const (
	// GuardOperator: an operator holds every removal, see [View.Hold].
	GuardOperator Guard = iota + 1
	// GuardAmnesia: the registry was found to have forgotten; nothing is removed.
	GuardAmnesia
	// GuardCorruption: many keys turned bad at once; the view is frozen, but for
	// what is good.
	GuardCorruption
	// GuardExpiry: many keys went without an explanation, or the last one did;
	// what went is held and probed.
	GuardExpiry
	// GuardStale: the source has been silent for long. It changes nothing.
	GuardStale
)

// String names the guard as events, metrics and pages print it.
func (g Guard) String() string {
	switch g {
	case GuardOperator:
		return "operator"
	case GuardAmnesia:
		return "amnesia"
	case GuardCorruption:
		return "corruption"
	case GuardExpiry:
		return "expiry"
	case GuardStale:
		return "stale"
	}
	return "unknown"
}

// GuardState is a guard that is engaged.
type GuardState struct {
	Guard Guard
	// Zone is where, for an expiry guard of one zone; empty means everywhere.
	Zone string
	// Reason is one line, at most [MaxReasonBytes].
	Reason string
	Since  time.Time
	// Suspect says that the fault may be this process's own: its decoder rather
	// than the data. Whoever suspects himself repairs nobody else's keys.
	Suspect bool
}

// guard is the state that every guard has.
type guard struct {
	engaged bool
	since   time.Duration
	alarmed time.Duration // when it was last told
	reason  string
	suspect bool
	calm    time.Duration // since when its end is in sight
	looks   int           // how often it was in sight since
}

// becomeEngaged raises a guard.
func (g *guard) becomeEngaged(at time.Duration, reason string) {
	*g = guard{engaged: true, since: at, alarmed: at, reason: reason}
}

// settled reports whether a guard's end has been in sight for long enough,
// looked at often enough: a single look tells nothing of the time between.
func (g *guard) settled(at time.Duration, inSight bool, hold time.Duration) bool {
	switch {
	case !inSight:
		g.looks = 0
		return false
	case g.looks == 0:
		g.calm = at
	}
	g.looks++
	return g.looks >= 3 && at-g.calm >= hold
}

// engage raises a guard and tells it.
func (v *View) engage(steps []Step, g *guard, which Guard, zone, reason string) []Step {
	g.becomeEngaged(v.clock.at, clip(reason, MaxReasonBytes))
	v.changed = true
	return append(steps, Engaged{v.guardState(g, which, zone)})
}

// disengage lowers a guard and tells it.
func (v *View) disengage(steps []Step, g *guard, which Guard, zone string) []Step {
	if !g.engaged {
		return steps
	}
	after := v.clock.at - g.since
	*g = guard{}
	v.changed = true
	return append(steps, Disengaged{Guard: which, Zone: zone, After: after})
}

func (v *View) guardState(g *guard, which Guard, zone string) GuardState {
	return GuardState{Guard: which, Zone: zone, Reason: g.reason, Since: v.clock.when(g.since), Suspect: g.suspect}
}

// eachGuard yields the guards with their zones, the most severe first.
func (v *View) eachGuard(yield func(g *guard, which Guard, zone string)) {
	yield(&v.operator, GuardOperator, "")
	yield(&v.amnesia.guard, GuardAmnesia, "")
	yield(&v.corruption.guard, GuardCorruption, "")
	v.expiry.each(func(s *scope) { yield(&s.guard, GuardExpiry, s.zone) })
	yield(&v.contact.guard, GuardStale, "")
}

// Guards are the guards that are engaged, the most severe first. They are in
// the snapshot too.
func (v *View) Guards() []GuardState {
	var states []GuardState
	v.eachGuard(func(g *guard, which Guard, zone string) {
		if g.engaged {
			states = append(states, v.guardState(g, which, zone))
		}
	})
	return states
}

// remind tells again what has been wrong for long: the safe state is quiet, and
// must not be forgotten.
func (v *View) remind(steps []Step) []Step {
	at := v.clock.at
	v.eachGuard(func(g *guard, which Guard, zone string) {
		if g.engaged && at-g.alarmed >= v.cfg.AlarmEvery {
			g.alarmed = at
			steps = append(steps, Reminded{State: v.guardState(g, which, zone), After: at - g.since})
		}
	})
	return steps
}
