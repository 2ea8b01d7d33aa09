package registry

import "time"

// awake measures the time in which the view's owner was awake. A guard weighs
// what others did in a while against the while, so a while that this process
// spent asleep (a suspended machine, a stopped process, a collector's pause)
// must not count: it is no evidence against anybody. Every window, deadline and
// pause of a view is in this time.
//
// Differences are taken on the monotonic clock where now has one.
type awake struct {
	last time.Time     // of the newest call; zero before the first
	due  time.Time     // when the next call was asked for; zero before the first Tick
	at   time.Duration // awake since the first call
}

// advance goes on to now, and says how long of it was slept. Nobody who was not
// asked to call is late.
func (a *awake) advance(now time.Time, gap time.Duration) (slept time.Duration) {
	if a.last.IsZero() {
		a.last = now
		return 0
	}
	passed := max(now.Sub(a.last), 0)
	// A suspended machine stops the monotonic clock and lets the other one go on.
	hidden := now.Round(0).Sub(a.last.Round(0)) - now.Sub(a.last)
	if late := now.Sub(a.due); !a.due.IsZero() && late > gap {
		slept = late
		passed = max(a.due.Sub(a.last), 0)
	}
	if hidden > gap {
		slept += hidden
	}
	a.at += passed
	if now.After(a.last) {
		a.last = now
	}
	if slept > 0 {
		a.due = time.Time{} // said once
	}
	return slept
}

// when is the moment at which the owner will have been awake for at, if it stays awake.
func (a *awake) when(at time.Duration) time.Time { return a.last.Add(at - a.at) }
