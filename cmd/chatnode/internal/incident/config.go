package incident

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Limits that are the same for every Log.
const (
	// readings is how many make a level: their median.
	readings = 5
	// buckets is how many pieces the window has; each remembers its best level.
	buckets = 60
	// maxSkewShown bounds what is said of another clock, in seconds: a century.
	maxSkewShown = 100 * 365 * 24 * 3600
)

// Config tunes a [Log]. The zero value of a field means its default.
type Config struct {
	// Window is the recent past that a signal is compared with; 0 means 10 minutes,
	// as with the baseline of a registry view.
	Window time.Duration
	// Hold is for how long all signals must be back before an incident is closed;
	// 0 means a minute.
	Hold time.Duration
	// Forget is after which silence a signal counts as unknown; 0 means 30 s. One
	// that was bad then blocks the closing of an incident for another Window.
	Forget time.Duration
	// Before is how far back facts belong to an incident that opens; 0 means 5 minutes.
	// In March 2020 three passed from the bad record to the page.
	Before time.Duration
	// Drift is the part of the connected sessions that may go in an hour without
	// being missed: people go to sleep. 0 means a tenth. The baseline of an open
	// incident falls by it.
	Drift float64
	// LeastSessions is the baseline below which a loss of sessions is not judged;
	// 0 means 20. LeastLost is how many must be lost; 0 means 10.
	LeastSessions, LeastLost float64
	// Incidents is how many are kept; 0 means 200. Entries is how many one of them
	// has; 0 means 100.
	Incidents, Entries int
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"Window", c.Window}, {"Hold", c.Hold}, {"Forget", c.Forget}, {"Before", c.Before}} {
		if d.value < 0 || d.value > 24*time.Hour {
			errs = append(errs, fmt.Errorf("incident: %s is %v: want a duration up to 24h", d.name, d.value))
		}
	}
	if !(c.Drift >= 0 && c.Drift <= 1) {
		errs = append(errs, fmt.Errorf("incident: Drift is %v: want 0 to 1", c.Drift))
	}
	if !(c.LeastSessions >= 0) || !(c.LeastLost >= 0) {
		errs = append(errs, fmt.Errorf("incident: LeastSessions is %v and LeastLost %v: want numbers from 0", c.LeastSessions, c.LeastLost))
	}
	if c.Incidents < 1 || c.Incidents > 10_000 || c.Entries < 10 || c.Entries > 10_000 {
		errs = append(errs, fmt.Errorf("incident: %d incidents of %d entries: want 1 to 10,000, and 10 to 10,000", c.Incidents, c.Entries))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.Window = cmp.Or(c.Window, 10*time.Minute)
	c.Hold = cmp.Or(c.Hold, time.Minute)
	c.Forget = cmp.Or(c.Forget, 30*time.Second)
	c.Before = cmp.Or(c.Before, 5*time.Minute)
	c.Drift = cmp.Or(c.Drift, 0.1)
	c.LeastSessions = cmp.Or(c.LeastSessions, 20)
	c.LeastLost = cmp.Or(c.LeastLost, 10)
	c.Incidents = cmp.Or(c.Incidents, 200)
	c.Entries = cmp.Or(c.Entries, 100)
	return c
}
