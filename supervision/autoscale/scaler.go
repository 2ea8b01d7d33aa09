package autoscale

import (
	"fmt"
	"math"
	"time"
)

// Sample is what one instance said of itself.
type Sample struct {
	// Utilisation is how busy it was, 1 for fully. More than 1 is work that waits. Anything below 0 or that is no number
	// counts as nothing said.
	Utilisation float64
	// Known says that it said so, and that it has served long enough for that to mean something.
	Known bool
}

// Held is what keeps a number from being what the load alone would have it.
type Held uint8

const (
	// HeldNot means that the number is what the load wants.
	HeldNot Held = iota
	// HeldSilent means that no instance says anything.
	HeldSilent
	// HeldWindow means that the change has not been wanted for long enough.
	HeldWindow
	// HeldPace means that the number may not change faster.
	HeldPace
	// HeldMin means that there may be no fewer.
	HeldMin
	// HeldMax means that there may be no more.
	HeldMax
	// HeldCooldown means that the last change is too fresh.
	HeldCooldown
)

func (h Held) String() string {
	switch h {
	case HeldNot:
		return "not held"
	case HeldSilent:
		return "no instance says how busy it is"
	case HeldWindow:
		return "not wanted for long enough"
	case HeldPace:
		return "as fast as the pace allows"
	case HeldMin:
		return "at the least there may be"
	case HeldMax:
		return "at the most there may be"
	case HeldCooldown:
		return "the last change is too fresh"
	}
	return "unknown"
}

// Decision is how many instances there should be, and why.
type Decision struct {
	// Want is how many there should be now; Before how many there should have been until now.
	Want, Before int
	// Load is how many the load alone asks for; Before where nobody says anything.
	Load int
	// Held is what keeps Want from being Load.
	Held Held
	// HeldNew says that this began with this decision.
	HeldNew bool
	// Utilisation is the mean of those who said something, Known of Instances did.
	Utilisation      float64
	Known, Instances int
}

// Changed says that instances are to be started or stopped.
func (d Decision) Changed() bool { return d.Want != d.Before }

func (d Decision) String() string {
	text := fmt.Sprintf("%d instances at %.0f %% of their capacity: want %d", d.Instances, 100*d.Utilisation, d.Want)
	if d.Held == HeldNot {
		return text
	}
	return fmt.Sprintf("%s where the load asks for %d: %v", text, d.Load, d.Held)
}

// mark is a number at a moment.
type mark struct {
	at time.Time
	n  int
}

// Scaler is the machine. It belongs to one caller at a time.
type Scaler struct {
	cfg     Config
	want    int
	held    Held
	wanted  []mark // what the load asked for, the extremes of each second, oldest first
	changes []mark // by how much the number changed
}

// New returns a scaler where there should be so many instances now; that is brought within the bounds. A wrong
// configuration is an error.
func New(cfg Config, instances int) (*Scaler, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Scaler{cfg: cfg.withDefaults(), want: min(max(instances, cfg.Min), cfg.Max)}, nil
}

// Want is how many instances there should be.
func (s *Scaler) Want() int { return s.want }

// Set says that somebody else has changed how many there should be: it goes on from there, within the bounds.
func (s *Scaler) Set(instances int) { s.want = min(max(instances, s.cfg.Min), s.cfg.Max) }

// Step looks at the samples, one for each instance that is there, and says how many there should be.
func (s *Scaler) Step(now time.Time, samples []Sample) Decision {
	d := Decision{Want: s.want, Before: s.want, Load: s.want, Instances: len(samples)}
	d.Utilisation, d.Known = mean(samples)
	s.forget(now)
	if d.Known == 0 {
		d.Held = HeldSilent
		return s.say(d)
	}
	d.Load = s.load(d.Utilisation, d.Known, len(samples))
	s.remember(now, d.Load)
	d.Want, d.Held = s.allowed(now, d.Load)
	if d.Changed() {
		s.changes = append(s.changes, mark{now, d.Want - s.want})
		s.want = d.Want
	}
	return s.say(d)
}

func (s *Scaler) say(d Decision) Decision {
	d.HeldNew = d.Held != s.held && d.Held != HeldNot
	s.held = d.Held
	return d
}

// mean is how busy those are who said something.
func mean(samples []Sample) (utilisation float64, known int) {
	for _, sample := range samples {
		if sample.Known && sample.Utilisation >= 0 && sample.Utilisation <= math.MaxFloat64 {
			utilisation += sample.Utilisation
			known++
		}
	}
	return utilisation / float64(max(known, 1)), known
}

// rounding is what floating point may add to a quotient without asking for an instance.
const rounding = 1e-9

// load is how many instances the load asks for.
func (s *Scaler) load(utilisation float64, known, all int) int {
	quotient := utilisation / s.cfg.Target
	if s.near(quotient) {
		return s.want
	}
	up := quotient > 1
	// Those who say nothing are idle, or fully busy, whichever asks for less of a change.
	silent := 0.0
	if !up {
		silent = max(1, utilisation)
	}
	quotient = (utilisation*float64(known) + silent*float64(all-known)) / float64(all) / s.cfg.Target
	if s.near(quotient) || (quotient > 1) != up {
		return s.want
	}
	asked := int(math.Ceil(min(quotient*float64(all), MaxInstances) - rounding))
	if up != (asked > s.want) { // instances come or go already
		return s.want
	}
	return asked
}

func (s *Scaler) near(quotient float64) bool {
	return math.Abs(quotient-1) <= max(s.cfg.Tolerance, 0)+rounding
}

// allowed takes what the load asks for through everything that may hold it.
func (s *Scaler) allowed(now time.Time, load int) (int, Held) {
	stable := s.stable(now)
	paced := min(max(stable, s.floor(now)), s.ceiling(now))
	want := min(max(paced, s.cfg.Min), s.cfg.Max)
	if want != s.want && len(s.changes) > 0 && now.Sub(s.changes[len(s.changes)-1].at) < s.cfg.Cooldown {
		return s.want, HeldCooldown
	}
	switch {
	case want == load:
		return want, HeldNot
	case want == s.cfg.Max && load > want:
		return want, HeldMax
	case want == s.cfg.Min && load < want:
		return want, HeldMin
	case paced != stable:
		return want, HeldPace
	}
	return want, HeldWindow
}

// stable is as near to the present number as what was wanted within the windows.
func (s *Scaler) stable(now time.Time) int {
	up, down := MaxInstances, 0
	for i, m := range s.wanted {
		last := i == len(s.wanted)-1
		if last || now.Sub(m.at) < s.cfg.Up.Window {
			up = min(up, m.n)
		}
		if last || now.Sub(m.at) < s.cfg.Down.Window {
			down = max(down, m.n)
		}
	}
	return min(max(s.want, up), down)
}

// ceiling and floor are how far the number may go within the present period.
func (s *Scaler) ceiling(now time.Time) int {
	began := s.want
	for _, c := range s.changes {
		if c.n > 0 && now.Sub(c.at) < s.cfg.Up.Period {
			began -= c.n
		}
	}
	most := max(float64(began+s.cfg.Up.Add), math.Ceil(float64(began)*s.cfg.Up.Factor))
	return max(s.want, int(min(most, MaxInstances)))
}

func (s *Scaler) floor(now time.Time) int {
	began := s.want
	for _, c := range s.changes {
		if c.n < 0 && now.Sub(c.at) < s.cfg.Down.Period {
			began -= c.n
		}
	}
	least := min(float64(began-s.cfg.Down.Add), math.Floor(float64(began)/s.cfg.Down.Factor))
	return min(s.want, int(max(least, 0)))
}

// remember keeps what was wanted: the newest, and of each second before only the extremes.
func (s *Scaler) remember(now time.Time, load int) {
	m := mark{now, load}
	if n := len(s.wanted); n >= 3 && now.Sub(s.wanted[n-3].at) < time.Second {
		least, most := s.wanted[n-3], s.wanted[n-3]
		for _, seen := range s.wanted[n-2:] {
			if seen.n <= least.n {
				least = seen
			}
			if seen.n >= most.n {
				most = seen
			}
		}
		if most.at.Before(least.at) {
			least, most = most, least
		}
		s.wanted = append(s.wanted[:n-3], least, most)
	}
	s.wanted = append(s.wanted, m)
}

// forget drops what no window reaches any more.
func (s *Scaler) forget(now time.Time) {
	far := max(s.cfg.Up.Window, s.cfg.Down.Window)
	for len(s.wanted) > 0 && now.Sub(s.wanted[0].at) >= far {
		s.wanted = s.wanted[1:]
	}
	old := max(s.cfg.Up.Period, s.cfg.Down.Period, s.cfg.Cooldown)
	for len(s.changes) > 0 && now.Sub(s.changes[0].at) >= old {
		s.changes = s.changes[1:]
	}
}
