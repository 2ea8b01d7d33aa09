package supervision

import (
	"fmt"
	"time"
)

// The intensity that the zero value stands for, OTP's: one restart in five seconds.
const (
	DefaultRestarts = 1
	DefaultPeriod   = 5 * time.Second
)

// Unlimited is the value of [Intensity.Restarts] that allows restarts without end.
const Unlimited = -1

// MaxRestarts bounds Intensity.Restarts, and with it the window's memory. Whoever means more means Unlimited.
const MaxRestarts = 1 << 20

// Intensity is how many restarts a supervisor allows, over all its children, inside a sliding period; one more exhausts
// it. The zero value is DefaultRestarts in DefaultPeriod.
type Intensity struct {
	// Restarts allowed inside the period. Zero with a Period set allows none; Unlimited never runs out.
	Restarts int
	// Period is the window's length; an event exactly that long ago still counts. Zero means DefaultPeriod.
	Period time.Duration
}

// String returns the intensity as in "3 in 5s".
func (i Intensity) String() string {
	i = i.withDefaults()
	if i.Restarts == Unlimited {
		return "unlimited"
	}
	return fmt.Sprintf("%d in %v", i.Restarts, i.Period)
}

func (i Intensity) withDefaults() Intensity {
	if i == (Intensity{}) {
		i.Restarts = DefaultRestarts
	}
	if i.Period == 0 {
		i.Period = DefaultPeriod
	}
	return i
}

func (i Intensity) validate() error {
	switch {
	case i.Restarts < Unlimited:
		return fmt.Errorf("intensity: restarts %d is negative: use Unlimited (%d) for no limit", i.Restarts, Unlimited)
	case i.Restarts > MaxRestarts:
		return fmt.Errorf("intensity: restarts %d is above %d: use Unlimited for no limit", i.Restarts, MaxRestarts)
	case i.Period < 0:
		return fmt.Errorf("intensity: period %v is negative: use 0 for %v", i.Period, DefaultPeriod)
	}
	return nil
}
