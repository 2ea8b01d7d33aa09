package registry

import "time"

// Config tunes a [View]. The zero value is usable, and is what the documents
// describe. Fractions are of one, durations are of the time in which the view's
// owner was awake (see [View.Tick]).
type Config struct {
	// QuarantineRows bounds the table of bad keys; 0 means 1024. Keys beyond it
	// are isolated just the same, but counted instead of listed.
	QuarantineRows int
	// RereadBase and RereadCap are the first and the longest pause before a bad
	// key is read again; it doubles between, ± 50 %. 0 means 1 s and 60 s.
	RereadBase, RereadCap time.Duration
	// RereadRate bounds the re-reads of one view in a second; 0 means 10.
	RereadRate float64
	// MaxServe is how long the last good value of a bad key is served before its
	// quarantine counts as degraded, which changes nothing but is shown and
	// told; 0 means 24 h.
	MaxServe time.Duration

	// FlapLimit is how often a key may turn bad within FlapWindow until a good
	// value is not believed at once; 0 means 3 in 10 min, a negative limit never.
	FlapLimit  int
	FlapWindow time.Duration
	// ProveHold is how long such a key must stay good until it is released, and
	// ProveApart how long after the good value it must have been seen again at
	// the earliest; 0 means 5 min and 5 s.
	ProveHold, ProveApart time.Duration

	// CorruptFraction of the keys, and at least CorruptKeys of them, must have
	// turned bad within CorruptWindow to freeze the view; 0 means 20 %, 3 keys
	// and 60 s. With fewer than five keys it is half of them, and two.
	CorruptFraction float64
	CorruptKeys     int
	CorruptWindow   time.Duration
	// ThawFraction of the keys must be good for ThawHold to end the freeze; 0
	// means 90 % and 30 s.
	ThawFraction float64
	ThawHold     time.Duration
	// CanaryEvery is the pause between two re-reads while frozen; 0 means 5 s.
	CanaryEvery time.Duration
	// SuspectFraction of the bad keys with one fault, or a start less than
	// SuspectAge ago, make the view suspect this process's own decoder; 0 means
	// 80 % and 5 min.
	SuspectFraction float64
	SuspectAge      time.Duration

	// ExpiryFraction of the baseline, and at least ExpiryKeys, must have gone
	// without an explanation within ExpiryWindow to hold the removals; 0 means
	// 15 %, 3 keys and 60 s. With a baseline below ten it is 34 %, and two.
	ExpiryFraction float64
	ExpiryKeys     int
	ExpiryWindow   time.Duration
	// BaselineWindow is how far back the most instances count as the baseline; 0
	// means 10 min.
	BaselineWindow time.Duration
	// RemovalDelay is how long a single removal without an explanation waits in
	// limbo. 0 means not at all: it is applied, and taken back if more follow.
	RemovalDelay time.Duration
	// RecoverFraction of the baseline must be back for RecoverHold to end the
	// holding; 0 means 90 % and 30 s.
	RecoverFraction float64
	RecoverHold     time.Duration
	// ProbeEvery is the pause between two probes of one held instance, ± 20 %;
	// ProbeFraction of the baseline may be probed in a second, at least one. 0
	// means 15 s and 5 %.
	ProbeEvery    time.Duration
	ProbeFraction float64
	// DeadProbes failed probes in a row, over at least DeadAfter, prove that an
	// instance is dead; 0 means 3 and 30 s.
	DeadProbes int
	DeadAfter  time.Duration
	// EvictFraction of the baseline, at least one instance, may be evicted in a
	// minute; 0 means 15 %.
	EvictFraction float64

	// AmnesiaHold is how long nothing is removed after the registry was found to
	// have forgotten; 0 means 4 min, which is three times the default TTL and a
	// minute. AmnesiaRelist is the pause between listings meanwhile, ± 50 %; 0
	// means 5 s.
	AmnesiaHold, AmnesiaRelist time.Duration

	// StaleAfter is how long the source may be silent until what is served is
	// stale; WarnAfter and CriticalAfter are the next levels. 0 means 150 s,
	// which is two listings missed, 5 min and 1 h.
	StaleAfter, WarnAfter, CriticalAfter time.Duration
	// AlarmEvery is the pause between two reminders of a guard that stays
	// engaged; 0 means 15 min.
	AlarmEvery time.Duration
	// TickEvery is the longest pause that Tick asks for; 0 means 5 s. A call that
	// comes later than SleepGap after the moment it was asked for says that this
	// process slept; 0 means 10 s.
	TickEvery, SleepGap time.Duration
	// History is how many changes the source remembers; 0 means 1000, as etcd.
	History int

	// KeepValues keeps each row's value as it was read, for a directory whose
	// values are not instances; see [Row.Value].
	KeepValues bool
	// Refusals is how often the consumer of such a directory may refuse a value,
	// or fail over it, until the key is in quarantine; 0 means 5. See
	// [View.Refuse].
	Refusals int
	// Orders bounds the keys of which operators said something; 0 means 256. At
	// the limit a command on another key is refused.
	Orders int

	// FailClosed serves only what the registry confirms: a bad key serves
	// nothing instead of its last good value, no removal is held, and nothing is
	// restored. For values where an old one is worse than none.
	FailClosed bool
	// Unguarded engages no guard and believes every good value at once. It is
	// for comparison only: what is read is what is served.
	Unguarded bool
	// Random is the source of jitter and of random order, in [0, 1). Nil means a
	// constant half.
	Random func() float64
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	count(&c.QuarantineRows, 1024)
	count(&c.Orders, 256)
	count(&c.FlapLimit, 3)
	count(&c.CorruptKeys, 3)
	count(&c.ExpiryKeys, 3)
	count(&c.DeadProbes, 3)
	count(&c.History, 1000)
	count(&c.Refusals, 5)

	ratio(&c.RereadRate, 10)
	ratio(&c.CorruptFraction, 0.2)
	ratio(&c.ThawFraction, 0.9)
	ratio(&c.SuspectFraction, 0.8)
	ratio(&c.ExpiryFraction, 0.15)
	ratio(&c.RecoverFraction, 0.9)
	ratio(&c.ProbeFraction, 0.05)
	ratio(&c.EvictFraction, 0.15)

	period(&c.RereadBase, time.Second)
	period(&c.RereadCap, time.Minute)
	period(&c.MaxServe, 24*time.Hour)
	period(&c.FlapWindow, 10*time.Minute)
	period(&c.ProveHold, 5*time.Minute)
	period(&c.ProveApart, 5*time.Second)
	period(&c.CorruptWindow, time.Minute)
	period(&c.ThawHold, 30*time.Second)
	period(&c.CanaryEvery, 5*time.Second)
	period(&c.SuspectAge, 5*time.Minute)
	period(&c.ExpiryWindow, time.Minute)
	period(&c.BaselineWindow, 10*time.Minute)
	period(&c.RecoverHold, 30*time.Second)
	period(&c.ProbeEvery, 15*time.Second)
	period(&c.DeadAfter, 30*time.Second)
	period(&c.AmnesiaHold, 3*DefaultTTL+time.Minute)
	period(&c.AmnesiaRelist, 5*time.Second)
	period(&c.StaleAfter, 150*time.Second)
	period(&c.WarnAfter, 5*time.Minute)
	period(&c.CriticalAfter, time.Hour)
	period(&c.AlarmEvery, 15*time.Minute)
	period(&c.TickEvery, 5*time.Second)
	period(&c.SleepGap, 10*time.Second)
	if c.Random == nil {
		c.Random = func() float64 { return 0.5 }
	}
	return c
}

func count(field *int, ifZero int) {
	if *field == 0 {
		*field = ifZero
	}
}

func ratio(field *float64, ifZero float64) {
	if *field == 0 {
		*field = ifZero
	}
}

func period(field *time.Duration, ifZero time.Duration) {
	if *field == 0 {
		*field = ifZero
	}
}

// spread varies a pause by the given part of it, up and down.
func (c Config) spread(d time.Duration, part float64) time.Duration {
	return time.Duration(float64(d) * (1 - part + 2*part*c.Random()))
}
