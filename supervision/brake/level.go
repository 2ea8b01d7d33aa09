package brake

import (
	"fmt"
	"math"
	"time"
)

// Level is how bad it is.
type Level uint8

// The levels.
const (
	// None is ordinary.
	None Level = iota
	// Watch asks for attention: what is optional may pause.
	Watch
	// Brake pauses what takes capacity and can wait for an hour.
	Brake
	// Stop pauses all that can be paused.
	Stop
)

// String returns the lower-case word for the level.
func (l Level) String() string { return word("level", uint8(l), "none", "watch", "brake", "stop") }

// ParseLevel reads a level's word.
func ParseLevel(text string) (Level, error) {
	for l := None; l <= Stop; l++ {
		if text == l.String() {
			return l, nil
		}
	}
	return None, fmt.Errorf("brake: %.64q is no level: use none, watch, brake or stop", text)
}

// Signal is what a level was asked for by.
type Signal uint8

// The signals.
const (
	NoSignal Signal = iota
	Guards
	Capacity
	Restarts
)

// String returns the lower-case word for the signal.
func (s Signal) String() string {
	return word("signal", uint8(s), "none", "guards", "capacity", "restarts")
}

// Report is how things stand.
type Report struct {
	// Guards is how many directories are frozen, or hold what the registry says is gone, over all nodes together.
	Guards int
	// Capacity is the part that is up of what should be, from 0 to 1; what is not a number is not known.
	Capacity float64
	// Restarts is how often something was restarted after a failure, per second.
	Restarts float64
}

// Limits are from when on a report asks for a level.
type Limits struct {
	// Guards is the least number; 0 never asks.
	Guards int
	// Capacity asks when less is up than this; 0 never asks.
	Capacity float64
	// Restarts is the least rate per second; 0 never asks.
	Restarts float64
}

func (l Limits) reached(r Report) Signal {
	switch {
	case l.Capacity > 0 && r.Capacity < l.Capacity: // false for what is not a number
		return Capacity
	case l.Guards > 0 && r.Guards >= l.Guards:
		return Guards
	case l.Restarts > 0 && r.Restarts >= l.Restarts:
		return Restarts
	}
	return NoSignal
}

func (l Limits) valid() bool {
	return l.Guards >= 0 && l.Capacity >= 0 && l.Capacity <= 1 && l.Restarts >= 0 && !math.IsInf(l.Restarts, 1)
}

// Defaults that the zero fields of a Config stand for.
const (
	DefaultHold       = 30 * time.Second
	DefaultPause      = 5 * time.Second
	DefaultAckTimeout = 10 * time.Second
	DefaultStale      = 30 * time.Second
)

// Config tunes a [Machine]. The zero value is usable.
type Config struct {
	// Watch, Brake and Stop say when a level is asked for. A zero value stands for: a guard, less than 98 % up or a
	// restart in 5 s; two guards, 85 % or one a second; four guards, 60 % or five a second.
	Watch, Brake, Stop Limits
	// Hold is how long every report must ask for less before the level falls by one. Zero means 30 s.
	Hold time.Duration
	// Pause is the time between two releases. Zero means 5 s.
	Pause time.Duration
	// AckTimeout is how long a job may take to acknowledge. Zero means 10 s.
	AckTimeout time.Duration
	// Stale is how old the last report may be for the level to fall. Zero means 30 s.
	Stale time.Duration
}

// Validate says what is wrong with the configuration and how to mend it.
func (c Config) Validate() error {
	if least := min(c.Hold, c.Pause, c.AckTimeout, c.Stale); least < 0 {
		return fmt.Errorf("brake: one of hold %v, pause %v, ack timeout %v and stale %v is negative: use 0 for the default", c.Hold, c.Pause, c.AckTimeout, c.Stale)
	}
	for i, l := range []Limits{c.Watch, c.Brake, c.Stop} {
		if !l.valid() {
			return fmt.Errorf("brake: limits %+v of level %v cannot be: want counts and rates from 0, and a capacity from 0 to 1", l, Level(i+1))
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.Watch = orDefault(c.Watch, Limits{Guards: 1, Capacity: 0.98, Restarts: 0.2})
	c.Brake = orDefault(c.Brake, Limits{Guards: 2, Capacity: 0.85, Restarts: 1})
	c.Stop = orDefault(c.Stop, Limits{Guards: 4, Capacity: 0.6, Restarts: 5})
	c.Hold = orDefault(c.Hold, DefaultHold)
	c.Pause = orDefault(c.Pause, DefaultPause)
	c.AckTimeout = orDefault(c.AckTimeout, DefaultAckTimeout)
	c.Stale = orDefault(c.Stale, DefaultStale)
	return c
}

// asked is the level that a report asks for, and by what.
func (c Config) asked(r Report) (Level, Signal) {
	for l, limits := range []Limits{c.Stop, c.Brake, c.Watch} {
		if s := limits.reached(r); s != NoSignal {
			return Stop - Level(l), s
		}
	}
	return None, NoSignal
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

func word(what string, k uint8, words ...string) string {
	if int(k) < len(words) {
		return words[k]
	}
	return fmt.Sprintf("%s(%d)", what, k)
}
