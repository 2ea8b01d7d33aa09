package admission

import (
	"fmt"
	"math"
	"time"
)

// Defaults that the zero fields of a Config stand for.
const (
	DefaultPatience       = 10 * time.Second
	DefaultMaxWaiting     = 4096
	DefaultMaxInFlight    = 256
	DefaultMaxConcurrency = 16
	DefaultBucketPeriod   = 5 * time.Second
	DefaultShare          = 10
	DefaultBurst          = 50 * time.Millisecond
	DefaultStart          = 50.0
	DefaultFloor          = 1.0
	DefaultCeiling        = 10_000.0
)

// Config tunes a [Controller]. The zero value is usable.
type Config struct {
	// Ramp is how fast requests are granted at first; the zero value is Off.
	Ramp Ramp
	// Patience is how long a request may wait; then it is refused. Zero means 10 s. It has to be shorter than what its
	// client waits, or what is granted last is granted for nobody.
	Patience time.Duration
	// MaxWaiting bounds the requests that wait in each lane. Zero means 4,096.
	MaxWaiting int
	// MaxInFlight bounds the requests that were granted and are not done. Zero means 256.
	MaxInFlight int
	// MaxConcurrency is how many buckets the shards of one client have: a shard identifies in the bucket of its number
	// modulo this one, as Discord's documentation says of max_concurrency. Zero means 16.
	MaxConcurrency int
	// BucketPeriod is how long after a grant the next one of the same bucket may follow. Zero means 5 s, Discord's.
	BucketPeriod time.Duration
	// Share is how often in a row a lane with somebody in it may be passed over. Zero means 10.
	Share int
	// Burst is how much time's worth of grants, but always one, may come at one moment: as much as a timer may be late.
	// Zero means 50 ms.
	Burst time.Duration
	// Start is the rate at which a measured ramp begins, in grants a second; Floor and Ceiling bound it. Zero means 50, 1
	// and 10,000.
	Start, Floor, Ceiling float64
}

// Validate says what is wrong with the configuration and how to mend it.
func (c Config) Validate() error {
	switch {
	case c.Patience < 0 || c.BucketPeriod < 0 || c.Burst < 0:
		return fmt.Errorf("admission: patience %v, bucket period %v or burst %v is negative: use 0 for the default", c.Patience, c.BucketPeriod, c.Burst)
	case c.MaxWaiting < 0 || c.MaxInFlight < 0 || c.MaxConcurrency < 0 || c.Share < 0:
		return fmt.Errorf("admission: one of the limits %d waiting, %d in flight, %d buckets, share %d is negative: use 0 for the default",
			c.MaxWaiting, c.MaxInFlight, c.MaxConcurrency, c.Share)
	case c.MaxWaiting > math.MaxInt32/2:
		return fmt.Errorf("admission: %d waiting are too many: at most %d", c.MaxWaiting, math.MaxInt32/2)
	case !rateOrZero(c.Start) || !rateOrZero(c.Floor) || !rateOrZero(c.Ceiling):
		return fmt.Errorf("admission: start %v, floor %v or ceiling %v is no rate: use 0 for the default, or %v to %v", c.Start, c.Floor, c.Ceiling, minRate, maxRate)
	}
	if d := c.Filled(); d.Floor > d.Ceiling || d.Start < d.Floor || d.Start > d.Ceiling {
		return fmt.Errorf("admission: start %v is not from floor %v to ceiling %v", d.Start, d.Floor, d.Ceiling)
	}
	return c.Ramp.validate()
}

func rateOrZero(rate float64) bool { return rate == 0 || validRate(rate) }

// Filled returns the configuration with the defaults in the place of zeros.
func (c Config) Filled() Config {
	c.Patience = orDefault(c.Patience, DefaultPatience)
	c.MaxWaiting = orDefault(c.MaxWaiting, DefaultMaxWaiting)
	c.MaxInFlight = orDefault(c.MaxInFlight, DefaultMaxInFlight)
	c.MaxConcurrency = orDefault(c.MaxConcurrency, DefaultMaxConcurrency)
	c.BucketPeriod = orDefault(c.BucketPeriod, DefaultBucketPeriod)
	c.Share = orDefault(c.Share, DefaultShare)
	c.Burst = orDefault(c.Burst, DefaultBurst)
	c.Ceiling = orDefault(c.Ceiling, DefaultCeiling)
	c.Floor = orDefault(c.Floor, min(DefaultFloor, c.Ceiling))
	c.Start = orDefault(c.Start, min(max(DefaultStart, c.Floor), c.Ceiling))
	return c
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
