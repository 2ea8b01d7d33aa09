package autoscale

import (
	"fmt"
	"time"
)

// MaxInstances is the largest bound.
const MaxInstances = 100_000

// maxWindow is the longest time that is looked back.
const maxWindow = time.Hour

// Defaults that zero fields of a Config stand for: those of the Kubernetes autoscaler, but for the target, which it has
// none for, and the cool-down, which it has not got.
const (
	DefaultTarget     = 0.6
	DefaultTolerance  = 0.1
	DefaultPeriod     = 15 * time.Second
	DefaultDownWindow = 5 * time.Minute
	DefaultCooldown   = 15 * time.Second
)

// Pace says how fast the number may change in one direction.
type Pace struct {
	// Add is how many instances may come, or go, within a Period. Factor is by how much the number may be multiplied, or
	// divided. The larger of the two counts. Both 0 mean 4 and 2 on the way up, and on the way down no limit.
	Add    int
	Factor float64
	// Period is the sliding time over which that counts. 0 means [DefaultPeriod].
	Period time.Duration
	// Window is for how long a change must have been wanted: up to an hour. 0 means no time on the way up, and
	// [DefaultDownWindow] on the way down; negative means no time.
	Window time.Duration
}

// Config says what is wanted. Min and Max are required; everything else has a default.
type Config struct {
	// Min and Max bound the number of instances, 1 to [MaxInstances].
	Min, Max int
	// Target is the utilisation at which nothing is to change, above 0 and up to 1. 0 means [DefaultTarget].
	Target float64
	// Tolerance is how far from one the quotient of utilisation and target may be without a change, below 1. 0 means
	// [DefaultTolerance]; negative means none.
	Tolerance float64
	// Up and Down are the paces.
	Up, Down Pace
	// Cooldown is for how long after a change there is no other. 0 means [DefaultCooldown]; negative means none.
	Cooldown time.Duration
}

// Validate says what is wrong with the configuration and how to mend it.
func (c Config) Validate() error {
	switch {
	case c.Min < 1 || c.Min > MaxInstances:
		return fmt.Errorf("autoscale: at least %d instances: want 1 to %d", c.Min, MaxInstances)
	case c.Max < c.Min || c.Max > MaxInstances:
		return fmt.Errorf("autoscale: at most %d instances: want %d (the least) to %d", c.Max, c.Min, MaxInstances)
	case !(c.Target >= 0 && c.Target <= 1):
		return fmt.Errorf("autoscale: target %v: want more than 0 and at most 1, or 0 for %v", c.Target, DefaultTarget)
	case !(c.Tolerance < 1):
		return fmt.Errorf("autoscale: tolerance %v: want less than 1, or 0 for %v", c.Tolerance, DefaultTolerance)
	}
	for _, p := range []struct {
		name string
		pace Pace
	}{{"up", c.Up}, {"down", c.Down}} {
		if err := p.pace.validate(); err != nil {
			return fmt.Errorf("autoscale: %s: %w", p.name, err)
		}
	}
	return nil
}

func (p Pace) validate() error {
	switch {
	case p.Add < 0:
		return fmt.Errorf("%d instances within a period: want 0 or more", p.Add)
	case p.Factor != 0 && !(p.Factor >= 1 && p.Factor <= MaxInstances):
		return fmt.Errorf("a factor of %v: want 1 to %d, or 0", p.Factor, MaxInstances)
	case p.Period < 0 || p.Period > maxWindow:
		return fmt.Errorf("a period of %v: want up to %v, or 0 for %v", p.Period, maxWindow, DefaultPeriod)
	case p.Window > maxWindow:
		return fmt.Errorf("a window of %v: want up to %v", p.Window, maxWindow)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Target == 0 {
		c.Target = DefaultTarget
	}
	if c.Tolerance == 0 {
		c.Tolerance = DefaultTolerance
	}
	if c.Cooldown == 0 {
		c.Cooldown = DefaultCooldown
	}
	if c.Up.Add == 0 && c.Up.Factor == 0 {
		c.Up.Add, c.Up.Factor = 4, 2
	}
	if c.Down.Add == 0 && c.Down.Factor == 0 {
		c.Down.Add = MaxInstances
	}
	if c.Down.Window == 0 {
		c.Down.Window = DefaultDownWindow
	}
	for _, p := range []*Pace{&c.Up, &c.Down} {
		if p.Period == 0 {
			p.Period = DefaultPeriod
		}
		p.Factor = max(p.Factor, 1)
	}
	return c
}
