package backoff

import (
	"fmt"
	"math"
	"time"
)

// Defaults that a zero field of an enabled Policy stands for.
const (
	DefaultCap    = 30 * time.Second
	DefaultFactor = 2.0
)

// Policy says how long to wait before each attempt. The zero value waits not at all.
type Policy struct {
	// Base is the first delay before jitter. Zero switches the backoff off.
	Base time.Duration
	// Cap is the longest delay. Zero means DefaultCap, or Base where that is longer.
	Cap time.Duration
	// Factor multiplies the delay from one attempt to the next. Zero means DefaultFactor; 1 keeps the delay constant.
	Factor float64
	// Jitter says which part of the delay is drawn at random. The zero value is Full.
	Jitter Jitter
	// Healthy is how long the thing retried must run until the next failure counts as the first one again.
	// Zero means the cap.
	Healthy time.Duration
}

// Enabled reports whether the policy waits at all.
func (p Policy) Enabled() bool { return p.Base > 0 }

// Delay returns the wait before the given attempt, counted from 1; rnd is in [0,1).
//
// With full jitter the whole interval from zero to the exponential ceiling is drawn from, which spreads a crowd that
// failed together as widely as the ceiling allows: the crowd's peak load falls with every attempt, where a delay without
// jitter only moves the crowd, unbroken, to a later moment.
func (p Policy) Delay(attempt int, rnd float64) time.Duration {
	if !p.Enabled() {
		return 0
	}
	return p.Jitter.apply(p.ceiling(attempt), rnd)
}

// ResetAfter returns the healthy time with its default filled in: running this long makes the next failure a first one.
func (p Policy) ResetAfter() time.Duration {
	if p.Healthy > 0 {
		return p.Healthy
	}
	return p.cap()
}

// Validate says what is wrong with the policy and how to mend it.
func (p Policy) Validate() error {
	switch {
	case p.Base < 0:
		return fmt.Errorf("backoff: base %v is negative: use 0 for no backoff", p.Base)
	case p.Cap < 0:
		return fmt.Errorf("backoff: cap %v is negative: use 0 for %v", p.Cap, DefaultCap)
	case p.Healthy < 0:
		return fmt.Errorf("backoff: healthy time %v is negative: use 0 for the cap", p.Healthy)
	case !p.Jitter.known():
		return fmt.Errorf("backoff: jitter %d is unknown: use Full, Equal or None", uint8(p.Jitter))
	case p.Base == 0 && p != Policy{}:
		return fmt.Errorf("backoff: base is 0, which switches the other fields off: set a base or leave the policy empty")
	case p.Cap > 0 && p.Cap < p.Base:
		return fmt.Errorf("backoff: cap %v is below base %v: raise the cap or lower the base", p.Cap, p.Base)
	case p.Factor != 0 && !(p.Factor >= 1 && p.Factor <= math.MaxFloat64):
		return fmt.Errorf("backoff: factor %v is not a number from 1: use 0 for %v, 1 for a constant delay", p.Factor, DefaultFactor)
	}
	return nil
}

func (p Policy) cap() time.Duration {
	if p.Cap > 0 {
		return p.Cap
	}
	return max(DefaultCap, p.Base)
}

// ceiling is the delay before jitter. It is computed in floating point, where growth past the longest duration is a large
// number or +Inf rather than a wrapped negative one, and compared before it is converted back.
func (p Policy) ceiling(attempt int) time.Duration {
	factor := p.Factor
	if factor == 0 {
		factor = DefaultFactor
	}
	grown := float64(p.Base) * math.Pow(factor, float64(max(attempt, 1)-1))
	if limit := p.cap(); !(grown < float64(limit)) { // also true for NaN
		return limit
	}
	return max(time.Duration(grown), 0)
}
