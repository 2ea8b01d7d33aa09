package actors

import (
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Vitals are the numbers of a runtime that change with time alone, so that no
// event tells of them. Unlike [Status] they cost the same however large the
// directories are: made to be read every few seconds.
type Vitals struct {
	// Stuck is how many calls of consumers and decoders were left behind and have
	// not come back; each holds a goroutine.
	Stuck   int64
	Sources []SourceVitals
}

// SourceVitals are those of one watched directory.
type SourceVitals struct {
	Service string
	// Confirmed is how long ago the registry last answered a listing or told a
	// change: the age of what is believed. -1 for never.
	Confirmed time.Duration
	// WatchSilence is how long ago a watch was last answered, by a change or by a
	// lost history; one that was never, since the first listing. -1 before that.
	// Where nobody writes it grows although all is well.
	WatchSilence time.Duration
	// Left is how many writes of the whole keyspace may come before changes are
	// missed, Rate how many come in a second, 0 while it is not known. Known is
	// false, and they mean nothing, before the view first looked; they are five
	// seconds old at most.
	Left  int
	Rate  float64
	Known bool
}

// LeftSeconds is how long Left lasts at Rate: infinite where nobody writes.
func (s SourceVitals) LeftSeconds() float64 {
	switch {
	case s.Left == 0:
		return 0
	case s.Rate == 0:
		return math.Inf(1)
	}
	return float64(s.Left) / s.Rate
}

// Vitals reads them; it takes no lock and asks no actor.
func (r *Runtime) Vitals() Vitals {
	now := time.Now()
	v := Vitals{Stuck: r.kernel.stuck.Load(), Sources: make([]SourceVitals, 0, len(r.services))}
	for _, s := range r.services {
		v.Sources = append(v.Sources, s.vitals(now))
	}
	return v
}

func (s *service) vitals(now time.Time) SourceVitals {
	v := SourceVitals{Service: s.name, Confirmed: -1, WatchSilence: s.watch.silence(now)}
	if confirmed := s.contact.Load().confirmed; !confirmed.IsZero() {
		v.Confirmed = max(now.Sub(confirmed), 0)
	}
	if o := s.outlook.Load(); o != nil {
		v.Left, v.Rate, v.Known = o.resume.Left, o.resume.Rate, true
	}
	return v
}

// watchClock remembers when a directory's watch was last answered. The reader
// sets it with every change, so it allocates nothing.
type watchClock struct {
	made  time.Time    // fixed at construction
	heard atomic.Int64 // nanoseconds after made, and one; 0 before there was anything to watch from
}

// listed begins the silence of a watch that was never answered.
func (c *watchClock) listed(now time.Time) { c.heard.CompareAndSwap(0, c.since(now)) }

// answered takes the end of a watch. The reader's own limit is no answer.
func (c *watchClock) answered(now time.Time, err error) {
	if err == nil || errors.Is(err, registry.ErrHistoryLost) {
		c.heard.Store(c.since(now))
	}
}

func (c *watchClock) since(now time.Time) int64 { return max(int64(now.Sub(c.made)), 0) + 1 }

func (c *watchClock) silence(now time.Time) time.Duration {
	heard := c.heard.Load()
	if heard == 0 {
		return -1
	}
	return time.Duration(max(c.since(now)-heard, 0))
}
