package desk

import (
	"fmt"
	"math"
	"time"
)

// Limits of a configuration.
const (
	// MaxWorkers is the largest number of workers.
	MaxWorkers = 10_000
	// MaxQueue is the longest queue.
	MaxQueue = 1_000_000
	// MaxService is the longest time for which a worker can be held.
	MaxService = time.Minute
)

// Spread is how the times for which workers are held are distributed.
type Spread uint8

const (
	// Fixed holds each worker for the same time.
	Fixed Spread = iota
	// Exponential draws each time; the configured one is the mean. No draw is
	// longer than twenty times the mean.
	Exponential
)

func (s Spread) String() string {
	switch s {
	case Fixed:
		return "fixed"
	case Exponential:
		return "exponential"
	}
	return "unknown"
}

// Late is what becomes of calls that cannot end by their deadlines.
type Late uint8

const (
	// Refuse refuses them as soon as that can be known.
	Refuse Late = iota
	// Serve works on them all the same, also when their callers have gone away.
	Serve
)

func (l Late) String() string {
	switch l {
	case Refuse:
		return "refuse"
	case Serve:
		return "serve"
	}
	return "unknown"
}

// Config says how much is taken on. The zero value is 64 workers and no queue.
type Config struct {
	// Workers is how many calls are worked on at once, up to [MaxWorkers]. 0 means 64.
	Workers int
	// Queue is how many may wait for a worker, up to [MaxQueue]. 0 means none.
	Queue int
	// Service is for how long a worker is held at least, on average, up to
	// [MaxService]. 0 means for as long as its work takes.
	Service time.Duration
	// Spread is how those times are distributed.
	Spread Spread
	// Late is what becomes of calls that cannot end by their deadlines.
	Late Late
}

// Validate says what is wrong with the configuration, and changes nothing.
func (c Config) Validate() error {
	switch {
	case c.Workers < 0 || c.Workers > MaxWorkers:
		return fmt.Errorf("%d workers: want 1 to %d, or 0 for the default", c.Workers, MaxWorkers)
	case c.Queue < 0 || c.Queue > MaxQueue:
		return fmt.Errorf("a queue of %d: want 0 to %d", c.Queue, MaxQueue)
	case c.Service < 0 || c.Service > MaxService:
		return fmt.Errorf("a service time of %v: want 0 to %v", c.Service, MaxService)
	case c.Spread > Exponential:
		return fmt.Errorf("spread %d is unknown: want fixed or exponential", c.Spread)
	case c.Late > Serve:
		return fmt.Errorf("late %d is unknown: want refuse or serve", c.Late)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Workers == 0 {
		c.Workers = 64
	}
	return c
}

// longestDraw is the longest exponential draw, in means: one in half a billion is cut.
const longestDraw = 20

// draw is the time for which a worker is held; rnd is in [0, 1).
func (c Config) draw(rnd float64) time.Duration {
	if c.Spread == Fixed || c.Service == 0 {
		return c.Service
	}
	means := -math.Log1p(-rnd)
	if !(means < longestDraw) { // also for what is no number
		means = longestDraw
	}
	return time.Duration(max(means, 0) * float64(c.Service))
}
