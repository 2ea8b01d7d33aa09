package admission

import "time"

// lane is the requests of one kind that wait.
type lane struct {
	all    list          // by age
	ready  list          // by turn; those that no bucket holds
	owed   int           // how often it was passed over since its last grant, with somebody ready in it
	busyAt time.Duration // when somebody was ready after nobody had been
	stats  LaneStats
}

// newest says whether the newest is next: there has been somebody ready for a while, so that there is more than can be
// served, and the oldest have the least left of what their clients will wait.
func (l *lane) newest(now, patience time.Duration) bool {
	return now-l.busyAt > patience/overloadFraction
}

// overloadFraction of the patience is how long a lane may always have somebody ready before it counts as overloaded.
const overloadFraction = 10

// pick is the lane that is next: the first with somebody ready, unless another one was passed over too often; -1 where
// nobody is ready.
func (c *Controller) pick() int {
	next := -1
	for i := range c.lanes {
		l := &c.lanes[i]
		switch {
		case l.ready.n == 0:
		case next < 0:
			next = i
		case l.owed >= c.cfg.Share && l.owed > c.lanes[next].owed:
			next = i
		}
	}
	return next
}

// passOver counts a grant against the lanes that have somebody ready and did not get it.
func (c *Controller) passOver(granted int) {
	for i := range c.lanes {
		if l := &c.lanes[i]; i == granted || l.ready.n == 0 {
			l.owed = 0
		} else {
			l.owed++
		}
	}
}
