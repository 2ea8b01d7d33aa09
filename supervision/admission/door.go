package admission

import (
	"math"
	"time"
)

const (
	// doorShare of the rate is let in when all is full: whoever has a session to resume looks like any other at the door.
	doorShare = 0.1
	// doorWindow is half of the time for which somebody who was let in, and says nothing, is expected to.
	doorWindow = time.Second
	// The bounds of what is said of when to come back, before jitter, and what is said when there is no rate.
	leastRetry  = time.Second
	mostRetry   = time.Minute
	closedRetry = 30 * time.Second
)

// door counts those who were let in and have not said what they want.
type door struct {
	leak  pace
	at    time.Duration // when this half began
	count [2]int        // of this half and the one before; one that settles late counts against this half
	stats DoorStats
}

func newDoor(rate float64, now time.Duration) door { return door{leak: newPace(rate, 0, now), at: now} }

func (d *door) turn(now time.Duration) {
	if now-d.at < doorWindow {
		return
	}
	d.count[1] = d.count[0]
	if now-d.at >= 2*doorWindow {
		d.count[1] = 0
	}
	d.count[0], d.at = 0, now
}

func (d *door) settled(now time.Duration) {
	d.turn(now)
	d.count[0]--
}

func (d *door) expected() int { return max(0, d.count[0]+d.count[1]) }

// knock decides on somebody who wants to come in. Where more wait than may, turning the newcomer away here is cheapest,
// and it is here that client libraries know to come back later and later.
func (c *Controller) knock() {
	d := &c.door
	d.turn(c.now)
	full := d.expected()+c.lanes[Resume].all.n+c.lanes[Identify].all.n >= c.cfg.MaxWaiting
	switch {
	case c.ramp.Mode == Off:
	case c.rate == 0:
		c.turnAway(Closed)
		return
	case full && !d.leak.allows(c.now):
		c.turnAway(Crowded)
		return
	case full:
		d.leak.spend(c.now)
	}
	d.count[0]++
	d.stats.Opened++
	c.steps = append(c.steps, Step{Kind: StepOpen})
}

func (c *Controller) turnAway(why Reason) {
	c.door.stats.Refused[why]++
	c.steps = append(c.steps, Step{Kind: StepRefuse, Reason: why, RetryAfter: c.retryAfter()})
}

func (c *Controller) doorRate() float64 {
	if c.rate == 0 || math.IsInf(c.rate, 1) {
		return c.rate
	}
	return max(minRate, c.rate*doorShare)
}

// retryAfter is how long it takes until all that wait now have been granted, with jitter, so that those who are refused
// together do not come back together.
func (c *Controller) retryAfter() time.Duration {
	if c.rate == 0 {
		return c.jitter(closedRetry)
	}
	waiting := float64(c.door.expected() + len(c.slab.byID))
	return c.jitter(time.Duration(min(waiting/c.rate, mostRetry.Seconds()) * float64(time.Second)))
}

// jitter is from half of a time to one and a half of it, within bounds.
func (c *Controller) jitter(d time.Duration) time.Duration {
	d = min(max(d, leastRetry), mostRetry)
	rnd := c.rnd()
	if !(rnd >= 0 && rnd < 1) { // also what is not a number
		rnd = 0.5
	}
	return d/2 + time.Duration(rnd*float64(d))
}
