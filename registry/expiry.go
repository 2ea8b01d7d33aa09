package registry

import (
	"fmt"
	"maps"
	"slices"
)

// smallBaseline is below how many instances a few are many; there it takes two
// that are a third.
const (
	smallBaseline         = 10
	smallBaselineKeys     = 2
	smallBaselineFraction = 0.34
)

// expiry is the guard against many instances that go at once without an
// explanation: leases expire in crowds when the registry had no leader, not
// when machines die. It counts the instances that take work, of the whole
// directory and of each zone.
type expiry struct {
	whole *scope
	zones map[string]*scope // none for the empty name: that is no zone
}

// scope is what is counted together.
type scope struct {
	guard

	zone     string
	n        int // instances that take work and whose keys are there
	peaks    peaks
	gone     recent // keys that went without an explanation, within the window
	baseline int    // while engaged: what the count is compared with
	empty    bool   // engaged because nothing was left
	probes   budget
	evicted  recent // within the last minute
}

func newExpiry() expiry {
	return expiry{whole: &scope{gone: newRecent(), evicted: newRecent()}, zones: make(map[string]*scope)}
}

// each yields the scopes, the whole first.
func (x *expiry) each(yield func(*scope)) {
	yield(x.whole)
	for _, zone := range slices.Sorted(maps.Keys(x.zones)) {
		yield(x.zones[zone])
	}
}

// maxZones is how many zones are counted apart. A directory that has more has
// mistaken something else for a zone, and is counted as a whole.
const maxZones = 64

// inZone is the scope of a zone, or nil where there is none.
func (x *expiry) inZone(zone string) *scope {
	s := x.zones[zone]
	if s == nil && zone != "" && len(x.zones) < maxZones {
		s = &scope{zone: zone, gone: newRecent()}
		x.zones[zone] = s
	}
	return s
}

// scopes are those in which a row counts, the whole first.
func (v *View) scopes(r *record) []*scope {
	if r.scope == nil {
		return []*scope{v.expiry.whole}
	}
	return []*scope{v.expiry.whole, r.scope}
}

// forget drops the zones of which nothing is left.
func (x *expiry) forget() {
	maps.DeleteFunc(x.zones, func(_ string, s *scope) bool {
		return s.n == 0 && !s.engaged && s.peaks.most() == 0 && s.gone.len() == 0
	})
}

// most is the baseline: the most instances of late, less those that left for a
// reason.
func (s *scope) most() int {
	if s.engaged {
		return s.baseline
	}
	return s.peaks.most()
}

// accept makes what is there the baseline.
func (s *scope) accept() {
	s.peaks.reset(s.n)
	s.gone = newRecent()
}

// lower takes an explained leave off the baseline.
func (s *scope) lower() {
	s.peaks.lower()
	s.baseline = max(s.baseline-1, 0)
}

// massExpiry reports whether so many of a baseline went that it is one event
// rather than many.
func (c Config) massExpiry(gone, baseline int) bool {
	if baseline < smallBaseline {
		return gone >= smallBaselineKeys && float64(gone) >= smallBaselineFraction*float64(baseline)
	}
	return gone >= c.ExpiryKeys && float64(gone) > c.ExpiryFraction*float64(baseline)
}

// enroll counts a row among those that are there, or no more. A row that is
// counted under one zone is taken out under that, whatever it says meanwhile.
func (v *View) enroll(r *record) {
	takes := !r.absent && r.row != nil && r.row.Instance.State != StateDraining
	if r.enrolled && (!takes || r.row.Instance.Zone != r.zone) {
		v.discharge(r, true)
	}
	if !takes || r.enrolled {
		return
	}
	r.enrolled, r.zone = true, r.row.Instance.Zone
	if r.scope = v.expiry.inZone(r.zone); r.scope != nil {
		r.zone = r.scope.zone // one text for all: it is compared at every change
	}
	for _, s := range v.scopes(r) {
		s.gone.remove(r.newest.Key)
		s.peaks.note(v.clock.at, v.cfg.BaselineWindow, s.n)
		s.n++
		s.peaks.note(v.clock.at, v.cfg.BaselineWindow, s.n)
		if s.engaged {
			s.baseline = max(s.baseline, s.n)
		}
	}
}

// discharge takes a row out of the count; an explained one off the baseline too.
func (v *View) discharge(r *record, explained bool) {
	if !r.enrolled {
		return
	}
	r.enrolled = false
	for _, s := range v.scopes(r) {
		s.peaks.note(v.clock.at, v.cfg.BaselineWindow, s.n)
		if explained {
			s.lower()
		}
		s.n--
		s.peaks.note(v.clock.at, v.cfg.BaselineWindow, s.n)
	}
}

// lower takes a row that is counted no more off the baselines.
func (v *View) lower(r *record) {
	for _, s := range v.scopes(r) {
		s.lower()
	}
}

// judgeExpiry holds what went when too much did. What went before and was let
// go comes back.
func (v *View) judgeExpiry(steps []Step) []Step {
	v.expiry.each(func(s *scope) {
		s.gone.prune(v.clock.at - v.cfg.ExpiryWindow)
		s.peaks.note(v.clock.at, v.cfg.BaselineWindow, s.n)
		gone, baseline := s.gone.len(), s.peaks.most()
		empty := s == v.expiry.whole && s.n == 0 && gone > 0
		if s.engaged || !empty && !v.cfg.massExpiry(gone, baseline) {
			return
		}
		reason := fmt.Sprintf("%d of %d instances went within %v, without an explanation", gone, baseline, v.cfg.ExpiryWindow)
		steps = v.engage(steps, &s.guard, GuardExpiry, s.zone, reason)
		s.baseline, s.empty = baseline, empty
		for _, key := range s.gone.keys() {
			steps = v.recallLeft(steps, key)
		}
	})
	return steps
}

// holdOf is why a row is held by the expiry guard, or HoldNone.
func (v *View) holdOf(r *record) Hold {
	for _, s := range v.scopes(r) {
		switch {
		case s.engaged && s.empty:
			return HoldEmpty
		case s.engaged:
			return HoldExpiry
		}
	}
	return HoldNone
}

// subside ends the holding of a scope when most instances are back, or nothing
// is left to be held.
func (v *View) subside(steps []Step) []Step {
	v.expiry.each(func(s *scope) {
		s.peaks.note(v.clock.at, v.cfg.BaselineWindow, s.n)
		s.gone.prune(v.clock.at - v.cfg.ExpiryWindow)
		if !s.engaged {
			return
		}
		back := float64(s.n) >= v.cfg.RecoverFraction*float64(s.baseline) && s.n > 0
		if !s.settled(v.clock.at, back, v.cfg.RecoverHold) && v.heldIn(s) > 0 {
			return
		}
		steps = v.disengage(steps, &s.guard, GuardExpiry, s.zone)
		s.accept()
		steps = v.letGo(steps)
	})
	v.expiry.forget()
	return steps
}
