package registry

import (
	"maps"
	"slices"
	"time"
)

// Hold is why something that left the registry, or changed there, is kept as it
// was.
type Hold uint8

// The reasons, the strongest first.
const (
	// HoldNone is a row that is as the registry has it.
	HoldNone Hold = iota
	// HoldOperator: an operator asked for it.
	HoldOperator
	// HoldAmnesia: the registry forgot; see [GuardAmnesia].
	HoldAmnesia
	// HoldCorruption: too much of the directory is bad; see [GuardCorruption].
	HoldCorruption
	// HoldExpiry: too many went at once; see [GuardExpiry].
	HoldExpiry
	// HoldEmpty: it was the last one, or one of the last, and nobody explained it.
	HoldEmpty
	// HoldDelay: a single removal waits; see [Config.RemovalDelay].
	HoldDelay
	// HoldIdentity: the key is there, with another incarnation or address, and a
	// guard is engaged that believes no such change.
	HoldIdentity
)

// String names the reason as events and pages print it.
func (h Hold) String() string {
	switch h {
	case HoldNone:
		return "none"
	case HoldOperator:
		return "operator"
	case HoldAmnesia:
		return "amnesia"
	case HoldCorruption:
		return "corruption"
	case HoldExpiry:
		return "expiry"
	case HoldEmpty:
		return "empty"
	case HoldDelay:
		return "delay"
	case HoldIdentity:
		return "identity"
	}
	return "unknown"
}

// probed reports whether rows that are held for this reason are asked whether
// they live.
func (h Hold) probed() bool { return h == HoldExpiry || h == HoldEmpty }

// standing is the guard that holds every removal now, or HoldNone.
func (v *View) standing() Hold {
	switch {
	case v.operator.engaged:
		return HoldOperator
	case v.amnesia.engaged:
		return HoldAmnesia
	case v.corruption.engaged:
		return HoldCorruption
	}
	return HoldNone
}

// Hold holds every removal and every change of an identity from now on, until
// [View.Thaw]: an operator knows of something that the guards cannot see.
func (v *View) Hold(now time.Time) []Step {
	steps := v.begin(now)
	if !v.operator.engaged {
		steps = v.engage(steps, &v.operator, GuardOperator, "", "held by an operator")
	}
	return v.finish(steps)
}

// Thaw accepts the registry's state as it is: what is held is applied, what is
// doubted is believed, every guard ends, and the instances that are there now
// are the baseline. A guard engages again only for what happens from now on.
func (v *View) Thaw(now time.Time) []Step {
	steps := v.begin(now)
	steps = v.disengage(steps, &v.operator, GuardOperator, "")
	steps = v.disengage(steps, &v.amnesia.guard, GuardAmnesia, "")
	steps = v.disengage(steps, &v.corruption.guard, GuardCorruption, "")
	v.corruption.accept()
	v.expiry.each(func(s *scope) {
		steps = v.disengage(steps, &s.guard, GuardExpiry, s.zone)
		s.accept()
	})
	v.forgetLeft()
	for _, key := range slices.Sorted(maps.Keys(v.held)) {
		steps = v.apply(steps, v.held[key])
	}
	for _, b := range v.bads.sorted() {
		// A newer value that waits for its verdict is decided by that.
		if r := v.records[b.Key]; r.proof != nil && r.verdict == good {
			steps = v.release(steps, r)
		}
	}
	return v.finish(steps)
}
