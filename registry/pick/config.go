package pick

import (
	"fmt"
	"time"
)

// Config tunes a [Pool]. The zero value is usable. Fractions are of one.
type Config struct {
	// ByZone keeps the instances apart by zone, which [Table.Near] needs. Zone is
	// the caller's own, the empty name too.
	ByZone bool
	Zone   string

	// ErrorLimit failed calls within ErrorWindow, with no call that went well
	// between them, eject an instance; 0 means 2 in 30 s, a negative limit never.
	ErrorLimit  int
	ErrorWindow time.Duration
	// EjectFor is how long an instance is ejected for the first time; it doubles
	// with each further time up to EjectCap, and is as at first again when the
	// instance was in use for EjectCap. 0 means 30 s and 5 min, or EjectFor where
	// that is longer.
	EjectFor, EjectCap time.Duration
	// EjectFraction of the live instances, but always one, may be ejected at a
	// time; 0 means 10 %.
	EjectFraction float64
	// PanicFraction is how much of all that does not drain must be neither ejected
	// nor in limbo; with less, all of it is picked. 0 means 50 %, a negative
	// fraction that only a pool with nothing else does so.
	PanicFraction float64
}

// Validate returns the first thing that makes no sense, or nil.
func (c Config) Validate() error {
	if shortest := min(c.ErrorWindow, c.EjectFor, c.EjectCap); shortest < 0 {
		return fmt.Errorf("pick: ErrorWindow, EjectFor or EjectCap is %v, want none below zero", shortest)
	}
	c = c.withDefaults()
	switch {
	case c.EjectFraction < 0 || c.EjectFraction > 1 || c.EjectFraction != c.EjectFraction:
		return fmt.Errorf("pick: EjectFraction is %v, want 0 to 1 (to eject nothing, a negative ErrorLimit)", c.EjectFraction)
	case c.PanicFraction > 1 || c.PanicFraction != c.PanicFraction:
		return fmt.Errorf("pick: PanicFraction is %v, want at most 1", c.PanicFraction)
	case c.EjectCap < c.EjectFor:
		return fmt.Errorf("pick: EjectCap %v is shorter than EjectFor %v", c.EjectCap, c.EjectFor)
	case c.ErrorLimit > maxErrorLimit:
		return fmt.Errorf("pick: ErrorLimit is %d, want at most %d", c.ErrorLimit, maxErrorLimit)
	}
	return nil
}

// maxErrorLimit bounds what is remembered of an instance: the times of its errors.
const maxErrorLimit = 100

func (c Config) withDefaults() Config {
	if c.ErrorLimit == 0 {
		c.ErrorLimit = 2
	}
	if c.ErrorWindow == 0 {
		c.ErrorWindow = 30 * time.Second
	}
	if c.EjectFor == 0 {
		c.EjectFor = 30 * time.Second
	}
	if c.EjectCap == 0 {
		c.EjectCap = max(5*time.Minute, c.EjectFor)
	}
	if c.EjectFraction == 0 {
		c.EjectFraction = 0.1
	}
	if c.PanicFraction == 0 {
		c.PanicFraction = 0.5
	}
	return c
}
