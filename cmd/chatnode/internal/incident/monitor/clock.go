package monitor

import "time"

// leap is how far the wall clock must be ahead for time to follow it at once: the
// machine slept, or its clock was wrong.
const leap = 5 * time.Second

// clock tells the time of the observer: it runs as the monotonic clock does.
type clock struct {
	wall time.Time // the time at base
	base time.Time // with a monotonic reading
}

func newClock() *clock {
	now := time.Now()
	return &clock{wall: now.Round(0), base: now}
}

func (c *clock) now() time.Time {
	now := time.Now()
	t := steady(c.wall.Add(now.Sub(c.base)), now.Round(0))
	c.wall, c.base = t, now
	return t
}

// steady is the time, given how far time has run and what the wall clock says.
func steady(run, wall time.Time) time.Time {
	if wall.Sub(run) > leap {
		return wall
	}
	return run
}
