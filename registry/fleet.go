package registry

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// FleetConfig tunes a [Fleet]. Only Consumer has no default.
type FleetConfig struct {
	// Prefix is the directory above all services; empty means [DefaultPrefix].
	Prefix string
	// Consumer is this process's name among those that complain, different for each.
	Consumer string
	// Every is the pause between two complaints of one key; 0 means a minute. The
	// first waits for a moment drawn from Spread, so that a fleet does not write at
	// one; 0 means 2 s.
	Every, Spread time.Duration
	// VerdictAfter is how long a complaint waits for a second one, before this
	// process takes its own decoder for the fault; 0 means 30 s. SuspectFor is how
	// long it then keeps quiet, before it asks again; 0 means 10 min.
	VerdictAfter, SuspectFor time.Duration
	// Keys is how many bad keys are followed; 0 means 256. The others are not
	// complained of.
	Keys int
	// Random is the source of jitter, in [0, 1). Nil means a constant half.
	Random func() float64
}

func (c FleetConfig) withDefaults() FleetConfig {
	count(&c.Keys, 256)
	period(&c.Every, time.Minute)
	period(&c.Spread, 2*time.Second)
	period(&c.VerdictAfter, 30*time.Second)
	period(&c.SuspectFor, 10*time.Minute)
	if c.Random == nil {
		c.Random = func() float64 { return 0.5 }
	}
	return c
}

const (
	// A process makes a complaint a second, and eight at once.
	complaintsPerSecond, complaintsAtOnce = 1, 8
	// heardKeys bounds the keys of which others' complaints are remembered.
	heardKeys = 1024
)

// Fleet decides what this process says of bad values to those who write them, and
// learns from what the other consumers say whether it is the value that is bad or
// its own decoder. It is told of every snapshot ([Fleet.See]) and of every complaint
// ([Fleet.Heard]), and asked by [Fleet.Tick] what there is to do.
//
// The rules, in short. A quarantined key is complained of once a minute, not while
// the guard against corruption is engaged for its directory, and not while this
// process suspects itself. The same write, complained of by a second consumer, is
// bad. One that nobody else complains of is held against this process, unless
// nobody could read it: nothing, null, too much.
//
// It belongs to one goroutine.
type Fleet struct {
	// Fixed at construction.
	cfg  FleetConfig
	root string

	charges   map[string]*charge              // keys that are bad here
	heard     map[string]map[string]complaint // of others, by key and consumer
	frozen    map[string]bool                 // directories that are not complained of
	doubted   map[string]bool                 // those whose guard suspects this process
	last      map[string]time.Time            // complaints of this process within a minute, by key
	allowance *Allowance

	suspect bool // this process, by its verdict
	since   time.Time
	news    int // complaints heard since the last ones were forgotten
}

// charge is a key that is bad here.
type charge struct {
	Complaint

	dueAt   time.Time // of the next complaint
	madeAt  time.Time // when it was made first; zero: not yet
	verdict Verdict
}

// complaint is somebody else's.
type complaint struct {
	Complaint

	until time.Time
}

// NewFleet returns a fleet of which nothing is known.
func NewFleet(cfg FleetConfig) (*Fleet, error) {
	cfg = cfg.withDefaults()
	root, err := ComplaintRoot(cfg.Prefix)
	if err == nil {
		err = Complaint{Service: "any", Instance: "any", Consumer: cfg.Consumer, Class: "any"}.check()
	}
	if err != nil {
		return nil, err
	}
	return &Fleet{
		cfg: cfg, root: root, charges: make(map[string]*charge), heard: make(map[string]map[string]complaint),
		frozen: make(map[string]bool), doubted: make(map[string]bool),
		last: make(map[string]time.Time), allowance: NewAllowance(complaintsPerSecond, complaintsAtOnce),
	}, nil
}

// Root is the directory below which complaints lie.
func (f *Fleet) Root() string { return f.root }

// See takes a snapshot of a directory: which keys are bad now.
func (f *Fleet) See(now time.Time, s *Snapshot) []FleetStep {
	state, frozen := s.Guarded(GuardCorruption)
	f.frozen[s.Directory], f.doubted[s.Directory] = frozen, state.Suspect
	bad := make(map[string]bool, len(s.Quarantined))
	for _, b := range s.Quarantined {
		c, ok := f.complaintOf(s.Directory, b)
		if !ok || len(f.charges) >= f.cfg.Keys && f.charges[b.Key] == nil {
			continue
		}
		bad[b.Key] = true
		if known := f.charges[b.Key]; known == nil || !known.Same(c) {
			spread := time.Duration(f.cfg.Random() * float64(f.cfg.Spread))
			f.charges[b.Key] = &charge{Complaint: c, dueAt: f.soonest(b.Key, now.Add(spread))}
		}
	}
	for key := range f.charges {
		if strings.HasPrefix(key, s.Directory) && !bad[key] {
			delete(f.charges, key)
		}
	}
	return f.judge(now)
}

// soonest is when a key may be complained of again.
func (f *Fleet) soonest(key string, at time.Time) time.Time {
	if again := f.last[key].Add(f.cfg.Every); again.After(at) {
		return again
	}
	return at
}

// complaintOf is what there is to say of a bad key. A value of another version is
// no fault, a good one that has yet to prove itself neither, and a key with a
// strange name is nobody's. What was slow or refused is this process's affair.
func (f *Fleet) complaintOf(directory string, b *Bad) (Complaint, bool) {
	id, ok := SplitKey(directory, b.Key)
	service := strings.TrimSuffix(directory[strings.LastIndexByte(strings.TrimSuffix(directory, "/"), '/')+1:], "/")
	c := Complaint{
		Service: service, Instance: id, Consumer: f.cfg.Consumer, Index: b.Index, Class: b.Class.String(), Hash: b.Hash,
	}
	return c, ok && b.Class != ClassUnsupported && !b.Class.again() && b.Doubted.IsZero() && c.check() == nil
}

// Heard takes a complaint that the registry has. This process's own is no news.
func (f *Fleet) Heard(now time.Time, c Complaint) []FleetStep {
	key := f.Key(c)
	if c.Consumer == f.cfg.Consumer {
		return nil
	}
	f.forget(now)
	by := f.heard[key]
	if by == nil && len(f.heard) >= heardKeys {
		return nil
	}
	if by == nil {
		by = make(map[string]complaint)
		f.heard[key] = by
	}
	if _, known := by[c.Consumer]; known || len(by) < 2*MaxComplaints {
		by[c.Consumer] = complaint{Complaint: c, until: now.Add(ComplaintTTL)}
	}
	return f.judge(now)
}

// forget drops the complaints of others that are over, when there are many.
func (f *Fleet) forget(now time.Time) {
	if f.news++; f.news < heardKeys/4 {
		return
	}
	f.news = 0
	for key, by := range f.heard {
		for consumer, c := range by {
			if now.After(c.until) {
				delete(by, consumer)
			}
		}
		if len(by) == 0 {
			delete(f.heard, key)
		}
	}
}

// Key is the key that a complaint is about.
func (f *Fleet) Key(c Complaint) string {
	return strings.TrimSuffix(f.root, complaintFolder+"/") + c.Service + "/" + c.Instance
}

// Tick answers what is due, and when to ask again at the latest.
func (f *Fleet) Tick(now time.Time) (steps []FleetStep, next time.Time) {
	steps = f.judge(now)
	next = now.Add(f.cfg.Every)
	quiet := f.Suspect()
	maps.DeleteFunc(f.last, func(_ string, at time.Time) bool { return now.Sub(at) >= f.cfg.Every })
	for _, key := range f.keys() {
		c := f.charges[key]
		if at := c.madeAt.Add(f.cfg.VerdictAfter); !c.madeAt.IsZero() && at.After(now) && at.Before(next) {
			next = at
		}
		if quiet || f.frozen[strings.TrimSuffix(key, c.Instance)] {
			continue
		}
		if !c.dueAt.After(now) {
			c.dueAt = now.Add(f.cfg.Every)
			if f.others(c, now, false) < MaxComplaints {
				f.last[key] = now
				steps = append(steps, Complain{Complaint: c.Complaint, After: f.allowance.Spend(now)})
			}
		}
		if c.dueAt.Before(next) {
			next = c.dueAt
		}
	}
	if at := f.since.Add(f.cfg.SuspectFor); f.suspect && at.Before(next) {
		next = at
	}
	return steps, next
}

// Made says that a complaint stands. Whoever finds no room for one says nothing.
func (f *Fleet) Made(now time.Time, made Complaint) {
	if c := f.charges[f.Key(made)]; c != nil && c.Same(made) && c.madeAt.IsZero() {
		c.madeAt = now
	}
}

func (f *Fleet) keys() []string { return slices.Sorted(maps.Keys(f.charges)) }
