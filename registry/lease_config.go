package registry

import (
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// Bounds and defaults of [LeaseConfig].
const (
	// DefaultTTL is how long a record lives without renewal.
	DefaultTTL = time.Minute
	// MinTTL is the shortest TTL: registries count it in whole seconds.
	MinTTL = 2 * time.Second
	// DefaultDrain is how long a record says that it drains before it is deleted:
	// a watcher hears of a write within tens of milliseconds.
	DefaultDrain = 250 * time.Millisecond

	defaultRetryBase = 500 * time.Millisecond
)

// LeaseConfig tunes a [Lease]. The zero value is usable.
type LeaseConfig struct {
	// TTL is how long the record lives without renewal; it is renewed every
	// TTL/3, ± 20 %. 0 means [DefaultTTL]; the least is [MinTTL].
	TTL time.Duration
	// Jitter is the source of random numbers, in [0, 1). Nil means a constant half.
	Jitter func() float64
	// RetryBase is the delay after a first failed call, RetryCap the longest; it
	// doubles between, and all of it is jitter. 0 means 500 ms (TTL/12 when that
	// is shorter) and TTL/6, so that several attempts fit between a failed renewal
	// and the end of the TTL.
	RetryBase, RetryCap time.Duration
	// Spend is asked at each retry, and answers how much longer it has to wait, so
	// that all leases of a process together keep within one budget (see
	// [Allowance]). Nil means no longer.
	Spend func(now time.Time) time.Duration
	// Drain is how long the record says that it drains before it is deleted, at
	// most half of the TTL. 0 means [DefaultDrain]; negative, that it is deleted at
	// once.
	Drain time.Duration
	// Fleet answers how many instances the directory has, or less than 0 when that
	// is not known. The first write, and the one after the record was lost, wait
	// for a moment that [Splay] draws for so many. Nil means that they do not wait.
	Fleet func() int
	// Trusted answers whether this process's decoder is to be believed. While it
	// is not, a value under our key that does not decode is left alone, unless it
	// is the beginning of our own. Nil means that it always is.
	Trusted func() bool
}

func (c LeaseConfig) withDefaults() LeaseConfig {
	if c.TTL == 0 {
		c.TTL = DefaultTTL
	}
	if c.Jitter == nil {
		c.Jitter = func() float64 { return 0.5 }
	}
	if c.RetryBase == 0 {
		c.RetryBase = min(defaultRetryBase, c.TTL/12)
	}
	if c.RetryCap == 0 {
		c.RetryCap = max(c.RetryBase, c.TTL/6)
	}
	if c.Spend == nil {
		c.Spend = func(time.Time) time.Duration { return 0 }
	}
	if c.Drain == 0 {
		c.Drain = DefaultDrain
	}
	if c.Trusted == nil {
		c.Trusted = func() bool { return true }
	}
	return c
}

func (c LeaseConfig) validate() error {
	if c.TTL < MinTTL {
		return fmt.Errorf("registry: TTL is %v, want at least %v", c.TTL, MinTTL)
	}
	if c.Drain > c.TTL/2 {
		return fmt.Errorf("registry: draining for %v would outlast a TTL of %v: want half of it at most", c.Drain, c.TTL)
	}
	if err := c.retry().Validate(); err != nil {
		return fmt.Errorf("registry: lease retries: %w", err)
	}
	return nil
}

func (c LeaseConfig) retry() backoff.Policy {
	return backoff.Policy{Base: c.RetryBase, Cap: c.RetryCap, Jitter: backoff.Full}
}

// The bounds of [Splay]: a hundred records a second is a fraction of what an etcd
// writes, nobody starts quite alone, and thirty seconds is half of a TTL.
const (
	splayRate  = 100
	leastFleet = 25
	mostFleet  = 3000
)

// Splay draws when one of a fleet's instances writes its record, if all have
// reason to at one moment: after a common start, or after the registry lost its
// memory. The fleet takes a second for each hundred instances, at least 250 ms and
// at most 30 s. Less than 0 means that its size is not known.
func Splay(fleet int, random float64) time.Duration {
	window := time.Duration(min(max(fleet, leastFleet), mostFleet)) * time.Second / splayRate
	return time.Duration(random * float64(window))
}
