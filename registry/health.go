package registry

import (
	"errors"
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// HealthConfig tunes a [HealthGate]. The zero value is usable.
type HealthConfig struct {
	// Every is the pause between two checks, ± 20 %; 0 means 5 s.
	Every time.Duration
	// Fails failed checks in a row close the gate, Passes good ones open it again;
	// 0 means 3 and 2.
	Fails, Passes int
	// Hold is the least time between two changes. The gate stays closed twice as
	// long each time it closes again within ten minutes, up to HoldCap. 0 means
	// 10 s and 5 min.
	Hold, HoldCap time.Duration
	// Random is the source of jitter, in [0, 1). Nil means a constant half.
	Random func() float64
}

func (c HealthConfig) withDefaults() HealthConfig {
	count(&c.Fails, 3)
	count(&c.Passes, 2)
	period(&c.Every, 5*time.Second)
	period(&c.Hold, 10*time.Second)
	period(&c.HoldCap, 5*time.Minute)
	if c.Random == nil {
		c.Random = func() float64 { return 0.5 }
	}
	return c
}

// calmAfter is how long a gate has to stay open for an earlier flap to be forgotten.
const calmAfter = 10 * time.Minute

// HealthChange is what a check did to a [HealthGate].
type HealthChange uint8

// The changes.
const (
	// HealthSame: nothing.
	HealthSame HealthChange = iota
	// HealthOpened: the instance is to take work.
	HealthOpened
	// HealthClosed: it is not.
	HealthClosed
	// HealthKept: it is unwell and takes work all the same, because most others do
	// not: then it is the check that is believed less. It is told once.
	HealthKept
)

// Crowd is how an instance's directory stands.
type Crowd struct {
	// Up is how many of the others take work, All how many others there are; both
	// are 0 when that is not known.
	Up, All int
}

// outvoted reports whether so few would be left that something is wrong with what
// all of them check.
func (c Crowd) outvoted() bool { return c.All >= 2 && 2*c.Up < c.All }

// HealthGate decides, from a check of health that may be wrong or flap, whether an
// instance is announced as taking work. It is closed until the first good check. It
// belongs to one goroutine.
type HealthGate struct {
	cfg     HealthConfig
	open    bool
	once    bool // it has been open
	streak  int  // checks in a row that speak against the present state
	kept    bool
	closes  int
	changed time.Time
}

// NewHealthGate returns a closed gate.
func NewHealthGate(cfg HealthConfig) (*HealthGate, error) {
	cfg = cfg.withDefaults()
	if cfg.Every < 0 || cfg.Fails < 0 || cfg.Passes < 0 || cfg.Hold < 0 || cfg.HoldCap < cfg.Hold {
		return nil, errors.New("registry: health gate: want nothing negative, and a cap that is no shorter than the hold")
	}
	return &HealthGate{cfg: cfg}, nil
}

// Open reports whether the instance is to take work.
func (g *HealthGate) Open() bool { return g.open }

// Opened reports whether it ever was.
func (g *HealthGate) Opened() bool { return g.once }

// Wait is the pause before the next check.
func (g *HealthGate) Wait() time.Duration {
	return time.Duration(float64(g.cfg.Every) * (0.8 + 0.4*g.cfg.Random()))
}

// Checked takes the result of a check.
func (g *HealthGate) Checked(now time.Time, healthy bool, others Crowd) HealthChange {
	if g.open && g.closes > 0 && now.Sub(g.changed) >= calmAfter {
		g.closes = 0
	}
	if healthy == g.open {
		return g.same(now, others)
	}
	g.streak++
	switch {
	case g.open:
		return g.close(now, others)
	case !g.once, g.streak >= g.cfg.Passes && now.Sub(g.changed) >= g.hold():
		g.become(now, true)
		return HealthOpened
	}
	return HealthSame
}

// same takes a check that does not speak against the present state. When most have
// left at one moment, before any of them could see it, those that see it come back.
func (g *HealthGate) same(now time.Time, others Crowd) HealthChange {
	g.streak = 0
	if g.open || !g.once || !others.outvoted() || now.Sub(g.changed) < g.hold() {
		g.kept = g.kept && !g.open
		return HealthSame
	}
	g.become(now, true)
	g.kept = true
	return HealthKept
}

func (g *HealthGate) close(now time.Time, others Crowd) HealthChange {
	switch {
	case g.streak < g.cfg.Fails || now.Sub(g.changed) < g.cfg.Hold:
		return HealthSame
	case others.outvoted():
		if g.kept {
			return HealthSame
		}
		g.kept = true
		return HealthKept
	}
	g.closes++
	g.become(now, false)
	return HealthClosed
}

func (g *HealthGate) become(now time.Time, open bool) {
	g.open, g.once, g.streak, g.kept, g.changed = open, true, 0, false, now
}

// hold is how long the gate stays closed at least.
func (g *HealthGate) hold() time.Duration {
	return backoff.Policy{Base: g.cfg.Hold, Cap: g.cfg.HoldCap, Jitter: backoff.None}.Delay(max(g.closes, 1), 0)
}
