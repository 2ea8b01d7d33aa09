package admission

import (
	"math"
	"time"
)

// Controller decides who may go on. It is made by New and driven by Step alone, by one goroutine.
type Controller struct {
	cfg  Config
	rnd  func() float64
	now  time.Duration // of the current step; never goes back
	ramp Ramp

	lanes    [laneCount]lane
	slab     slab
	buckets  buckets
	inFlight map[uint64]Lane
	pace     pace
	spare    spare
	door     door
	rate     float64 // what was told last
	steps    []Step
}

// New returns a controller that has granted nothing, at the time now. Jitter is drawn from rnd, which answers in [0,1);
// nil stands for 0.5 always.
func New(cfg Config, rnd func() float64, now time.Duration) (*Controller, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if rnd == nil {
		rnd = func() float64 { return 0.5 }
	}
	cfg = cfg.Filled()
	c := &Controller{
		cfg: cfg, rnd: rnd, now: now, ramp: cfg.Ramp,
		slab: slab{byID: map[uint64]int32{}}, buckets: newBuckets(cfg.BucketPeriod), inFlight: map[uint64]Lane{},
		spare: newSpare(cfg, now),
	}
	for i := range c.lanes {
		c.lanes[i] = lane{all: newList(byAge), ready: newList(byTurn)}
	}
	c.rate = c.wanted()
	c.pace = newPace(c.rate, cfg.Burst, now)
	c.door = newDoor(c.doorRate(), now)
	return c, nil
}

// Step takes one event and returns what to do about it, in order. now is monotonic time since an origin of the caller's
// choice; a time before an earlier one counts as that one. The slice is valid until the next Step.
func (c *Controller) Step(now time.Duration, ev Event) []Step {
	c.steps = c.steps[:0]
	c.now = max(c.now, now)
	c.expire()
	c.releaseBuckets()
	switch ev.Kind {
	case EventTick:
	case EventKnock:
		c.knock()
	case EventSettled:
		c.door.settled(c.now)
	case EventArrive:
		c.arrive(ev)
	case EventLeave, EventDone:
		c.leave(ev.ID)
	case EventReport:
		if c.ramp.Mode == Auto {
			c.spare.take(c.now, ev.Report, c.anyReady())
			c.retune(Climbed)
		}
	case EventSetRamp:
		c.order(ev.Ramp)
	}
	c.serve()
	return c.steps
}

// Next is when an EventTick is due, and false when nothing is waited for. The time may be over.
func (c *Controller) Next() (at time.Duration, due bool) {
	at = math.MaxInt64
	for i := range c.lanes {
		if oldest := c.lanes[i].all.head; oldest != none {
			at = min(at, c.slab.waiters[oldest].arrived+c.cfg.Patience)
		}
	}
	if c.buckets.held > 0 {
		_, oldest := c.buckets.oldest()
		at = min(at, oldest.free)
	}
	if next, ever := c.pace.next(); ever && c.anyReady() && len(c.inFlight) < c.cfg.MaxInFlight {
		at = min(at, next)
	}
	return at, at != math.MaxInt64
}

// Ramp is what was set last.
func (c *Controller) Ramp() Ramp { return c.ramp }

// Rate is how fast requests are granted now, in grants a second: +Inf where there is no limit.
func (c *Controller) Rate() float64 { return c.rate }

func (c *Controller) anyReady() bool {
	for i := range c.lanes {
		if c.lanes[i].ready.n > 0 {
			return true
		}
	}
	return false
}

func (c *Controller) order(r Ramp) {
	if r.validate() != nil {
		return
	}
	if r.Mode == Auto && c.ramp.Mode != Auto {
		c.spare = newSpare(c.cfg, c.now) // from the start: what was measured under another ramp says little
	}
	if c.ramp = r; r.Mode == Off {
		c.releaseAll()
	}
	c.retune(Ordered)
}

// retune makes the rate what it should be and tells, if it is another.
func (c *Controller) retune(cause Cause) {
	rate := c.wanted()
	if rate == c.rate {
		return
	}
	if cause != Ordered && rate < c.rate {
		cause = Fell
	}
	c.rate = rate
	c.pace = c.pace.at(rate, c.cfg.Burst, c.now)
	c.door.leak = c.door.leak.at(c.doorRate(), 0, c.now)
	c.steps = append(c.steps, Step{Kind: StepRate, Rate: rate, Cause: cause})
}

func (c *Controller) wanted() float64 {
	switch c.ramp.Mode {
	case Off:
		return math.Inf(1)
	case Auto:
		return c.spare.rate
	case Manual:
	}
	return c.ramp.Rate
}

// serve grants what may be granted.
func (c *Controller) serve() {
	for len(c.inFlight) < c.cfg.MaxInFlight && c.pace.allows(c.now) {
		next := c.pick()
		if next < 0 {
			return
		}
		l := &c.lanes[next]
		slot := l.ready.head
		if c.ramp.Mode != Off && l.newest(c.now, c.cfg.Patience) {
			slot = l.ready.tail
		}
		if key := c.slab.waiters[slot].key; !key.none() && c.buckets.known[key].recent {
			c.slab.remove(&l.ready, slot) // somebody of its bucket was granted just now
			c.enqueue(slot)
			continue
		}
		c.grant(next, slot)
	}
}

func (c *Controller) grant(next int, slot int32) {
	c.passOver(next)
	w := c.take(slot)
	if !w.key.none() && c.ramp.Mode != Off {
		c.buckets.begin(w.key, c.now)
	}
	c.pace.spend(c.now)
	c.spare.granted++
	c.inFlight[w.id] = w.lane
	c.lanes[next].stats.Granted++
	c.steps = append(c.steps, Step{Kind: StepGrant, ID: w.id, Lane: w.lane, Waited: c.now - w.arrived})
}
