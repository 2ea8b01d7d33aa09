package registry

import "time"

// Want is what a [Lease] is to bring about.
type Want uint8

// What can be wanted. A new lease wants nothing until it is told.
const (
	// WantUp: the record is there, and takes work.
	WantUp Want = iota + 1
	// WantDraining: the record is there, is renewed, and says that it drains.
	WantDraining
	// WantAbsent: there is no record, until something else is wanted.
	WantAbsent
)

// String names what is wanted.
func (w Want) String() string {
	switch w {
	case WantUp:
		return "up"
	case WantDraining:
		return "draining"
	case WantAbsent:
		return "absent"
	}
	return "unknown"
}

// Want changes what the lease is to bring about, whatever it is doing. After
// [Lease.Withdraw] it does nothing.
func (l *Lease) Want(now time.Time, w Want) []LeaseAction {
	if l.withdrawing || w == l.want {
		return nil
	}
	was := l.want
	l.want = w
	if w == WantAbsent {
		if was == 0 {
			return nil
		}
		return l.leave(now)
	}
	l.value = l.up
	if w == WantDraining {
		l.value = l.draining
	}
	resting := l.call == callNone && l.next == callNone
	returning := l.leaving
	l.leaving, l.drained = false, false
	switch {
	case l.call != callNone: // its answer shows what is stored
		return nil
	case resting:
		return l.splay(now)
	case l.held:
		return l.turn(now)
	case returning:
		return l.do(callGet)
	}
	return nil // the next create has the new value
}

// turn changes the state of our record, which is in place.
func (l *Lease) turn(now time.Time) []LeaseAction {
	why := LeaseResumed
	if l.value == l.draining {
		why = LeaseDraining
	}
	return l.replace(now, Entry{Index: l.index}, why, "")
}

// Doubt says that the registry may have forgotten our record: it is renewed soon,
// at a moment that is one of the fleet's, and written again at once if it is gone.
func (l *Lease) Doubt(now time.Time) []LeaseAction {
	if !l.held || l.leaving || l.next != callRefresh {
		return nil // it is looked at anyway
	}
	var delay time.Duration
	if l.cfg.Fleet != nil {
		delay = Splay(l.cfg.Fleet(), l.cfg.Jitter())
	}
	l.doubted = true
	if rest := l.beatAt.Sub(now); rest <= delay {
		return nil
	}
	l.beatAt = now.Add(delay)
	return []LeaseAction{l.wait(now, delay, callRefresh)}
}
