package admission

import "time"

// LaneStats is what a lane counts since the start.
type LaneStats struct {
	Arrived, Granted uint64
	// Refused counts by [Reason].
	Refused [reasonCount]uint64
	// Left counts those that did not wait for their answer.
	Left uint64
	// AgeMax is the longest that a request was in the lane, whatever became of it.
	AgeMax time.Duration
	// Waiting is how many are in the lane now, Oldest for how long the first of them.
	Waiting int
	Oldest  time.Duration
}

// RefusedTotal is the sum over all reasons.
func (s LaneStats) RefusedTotal() uint64 {
	total := uint64(0)
	for _, n := range s.Refused {
		total += n
	}
	return total
}

// DoorStats is what the door counts since the start.
type DoorStats struct {
	Opened uint64
	// Refused counts by [Reason].
	Refused [reasonCount]uint64
	// Expected is how many were let in lately and have not said what they want.
	Expected int
}

// Stats is what a Controller counts.
type Stats struct {
	Ramp Ramp
	// Rate is how fast requests are granted now, in grants a second: +Inf where there is no limit.
	Rate float64
	// InFlight is how much was granted and is not done.
	InFlight int
	Lanes    [laneCount]LaneStats
	Door     DoorStats
}

// Stats returns the figures of a moment.
func (c *Controller) Stats(now time.Duration) Stats {
	now = max(c.now, now)
	s := Stats{Ramp: c.ramp, Rate: c.rate, InFlight: len(c.inFlight), Door: c.door.stats}
	s.Door.Expected = c.door.expected()
	for i := range c.lanes {
		l := &c.lanes[i]
		s.Lanes[i] = l.stats
		s.Lanes[i].Waiting = l.all.n
		if l.all.head != none {
			s.Lanes[i].Oldest = now - c.slab.waiters[l.all.head].arrived
		}
		s.Lanes[i].AgeMax = max(s.Lanes[i].AgeMax, s.Lanes[i].Oldest)
	}
	return s
}
