package admission

import (
	"math"
	"time"
)

// pace is a token bucket in the form of the generic cell rate algorithm (ITU-T I.371): due is when the bucket would be
// full again, so that one time stands for the level, and nothing has to be filled.
type pace struct {
	interval time.Duration // of one grant; 0: without a limit
	slack    time.Duration // how far due may be ahead: all but one of a burst
	due      time.Duration
	never    bool
	debt     float64 // of a pace that never grants: what is missing for the next grant, 0 to 1
}

// newPace makes a pace with a full bucket. An interval is rounded up, so that a rate is never exceeded.
func newPace(rate float64, burst, now time.Duration) pace {
	p := pace{due: now}
	switch {
	case rate == 0:
		p.never = true
	case !math.IsInf(rate, 1):
		p.interval = time.Duration(math.Ceil(float64(time.Second) / rate))
		p.slack = max(0, burst-p.interval)
	}
	return p
}

// at is the same pace at another rate. It has room for as much of a grant as before, and for one at most: whoever
// changes the rate back and forth gains nothing.
func (p pace) at(rate float64, burst, now time.Duration) pace {
	next := newPace(rate, burst, now)
	next.debt = p.missing(now)
	next.due = now + time.Duration(math.Ceil(next.debt*float64(next.interval))) + next.slack
	return next
}

// missing is what is missing for the next grant.
func (p pace) missing(now time.Duration) float64 {
	switch {
	case p.never:
		return p.debt
	case p.interval == 0: // nobody has counted
		return 1
	}
	return min(max(float64(p.due-p.slack-now)/float64(p.interval), 0), 1)
}

// next is when the next grant may come, which may be over; false where none ever will.
func (p pace) next() (at time.Duration, ever bool) { return p.due - p.slack, !p.never }

// allows says whether a grant may come now.
func (p pace) allows(now time.Duration) bool { return !p.never && p.due-p.slack <= now }

// spend counts one grant.
func (p *pace) spend(now time.Duration) { p.due = max(p.due, now) + p.interval }
