package registry

import (
	"fmt"
	"time"
)

// amnesia is the guard against a registry that lost its memory: restored from a
// backup, started empty, or another one than before. What is missing from its
// listings says nothing about the instances, which have to announce themselves
// again first.
type amnesia struct {
	guard

	until    time.Duration
	relistAt time.Duration
	// cluster is the registry's identity, as far as it ever said.
	cluster string
	// epoch counts how often it forgot. An index means something in one epoch only.
	epoch uint64
}

// forgets says what in a listing proves that the registry forgot, or nothing.
func (v *View) forgets(l Listing, ours int) string {
	known := v.amnesia.cluster
	switch {
	case known != "" && l.Cluster != "" && l.Cluster != known:
		return fmt.Sprintf("the registry is %s, it was %s", quote(l.Cluster), quote(known))
	case l.Index < v.index:
		return fmt.Sprintf("the registry's index went back from %d to %d", v.index, l.Index)
	case l.Missing && v.serving():
		return "the directory is gone from the registry"
	case ours == 0 && v.serving():
		return "the directory is empty, and was not"
	}
	return ""
}

// serving reports whether something that the registry had is served.
func (v *View) serving() bool { return v.expiry.whole.n > 0 }

// remember is called with every listing. It begins an epoch, and the time in which
// nothing is removed, when the registry forgot.
func (v *View) remember(steps []Step, l Listing, ours int) []Step {
	a := &v.amnesia
	reason := v.forgets(l, ours)
	if l.Cluster != "" {
		a.cluster = l.Cluster
	}
	if reason == "" {
		return steps
	}
	a.epoch++
	v.changed = true
	if v.cfg.Unguarded || v.cfg.FailClosed {
		return steps
	}
	a.until = v.clock.at + v.cfg.AmnesiaHold
	if a.engaged {
		return steps
	}
	a.relistAt = v.clock.at + v.cfg.spread(v.cfg.AmnesiaRelist, 0.5)
	return v.engage(steps, &a.guard, GuardAmnesia, "", reason)
}

// endAmnesia ends the amnesia when its time is over. What was held goes the
// ordinary way, past the other guards and with the baseline of before.
func (v *View) endAmnesia(steps []Step) []Step {
	a := &v.amnesia
	if !a.engaged || v.clock.at < a.until {
		return steps
	}
	steps = v.disengage(steps, &a.guard, GuardAmnesia, "")
	return v.reconsider(steps, HoldAmnesia)
}

// relist asks for the next listing while the registry is learning again.
func (v *View) relist(steps []Step) []Step {
	a := &v.amnesia
	if !a.engaged || v.clock.at < a.relistAt {
		return steps
	}
	a.relistAt = v.clock.at + v.cfg.spread(v.cfg.AmnesiaRelist, 0.5)
	return append(steps, Relist{})
}

// Epoch counts how often the registry was found to have forgotten.
func (v *View) Epoch() uint64 { return v.amnesia.epoch }
