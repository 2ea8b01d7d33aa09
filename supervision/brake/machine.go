package brake

import (
	"math"
	"time"
)

// Machine decides the level, and which jobs may run. It is made by New and driven by Step alone, by one goroutine.
type Machine struct {
	cfg Config
	now time.Duration // of the current step; never goes back

	level     Level // as reports ask for it
	asked     Level // by the last report
	reported  bool
	reportAt  time.Duration
	calmAt    time.Duration // since when every report asked for less
	held      bool
	heldLevel Level
	heldUntil time.Duration

	jobs       []*job // in the order in which they pause
	registered int
	releaseAt  time.Duration // the earliest time of the next release
	steps      []Step
}

// New returns a machine at level none, without jobs. now is the time of its start.
func New(cfg Config, now time.Duration) (*Machine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Machine{cfg: cfg.withDefaults(), now: now, releaseAt: now}, nil
}

// Step takes one event and returns what to do about it, in order. now is monotonic time since an origin of the caller's
// choice; a time before an earlier one counts as that one. The slice is valid until the next Step.
func (m *Machine) Step(now time.Duration, ev Event) []Step {
	m.steps = m.steps[:0]
	m.now = max(m.now, now)
	m.listen()
	m.endOrders()
	if ev.Kind != EventReport { // which may ask for the level once more, at the last moment
		m.lower()
	}
	switch ev.Kind {
	case EventTick:
	case EventReport:
		m.report(ev.Report)
	case EventRegister:
		m.register(ev.Job, ev.Level)
	case EventForget:
		m.forget(ev.Job)
	case EventAcknowledge:
		m.acknowledge(ev.Job, ev.Paused)
	case EventOrder:
		m.order(ev)
	case EventHold:
		m.hold(ev.Level, ev.Until)
	}
	m.endOrders() // an order whose time is over is none
	m.pause()
	m.release()
	return m.steps
}

// Level is the level that counts now.
func (m *Machine) Level() Level {
	if m.held {
		return m.heldLevel
	}
	return m.level
}

// Next is when an EventTick is due, and false when nothing is waited for.
func (m *Machine) Next() (at time.Duration, due bool) {
	at = math.MaxInt64
	for _, j := range m.jobs {
		if j.waited() {
			at = min(at, j.askedAt+m.cfg.AckTimeout)
		}
		if j.order != ByLevel && j.until != 0 {
			at = min(at, j.until)
		}
	}
	if m.nextRelease() != nil {
		at = min(at, m.releaseAt)
	}
	if m.held {
		at = min(at, m.heldUntil)
	}
	if falls := m.calmAt + m.cfg.Hold; m.falling() && falls <= m.reportAt+m.cfg.Stale {
		at = min(at, falls)
	}
	return at, at != math.MaxInt64
}

// JobInfo is how a job stands.
type JobInfo struct {
	Name  string
	Level Level
	State State
	// Silent says that it has not acknowledged what it was told last.
	Silent bool
	Order  Order
	// Until is when the order ends; 0 is never.
	Until time.Duration
}

// Info is how things stand.
type Info struct {
	// Level counts; Reported is what it would be without a hold.
	Level, Reported Level
	// HeldUntil is when a hold ends; 0 without one.
	HeldUntil time.Duration
	// Jobs are in the order in which they pause.
	Jobs []JobInfo
}

// Info returns how things stand.
func (m *Machine) Info() Info {
	i := Info{Level: m.Level(), Reported: m.level, Jobs: make([]JobInfo, 0, len(m.jobs))}
	if m.held {
		i.HeldUntil = m.heldUntil
	}
	for _, j := range m.jobs {
		i.Jobs = append(i.Jobs, JobInfo{Name: j.name, Level: j.level, State: j.state, Silent: j.silent, Order: j.order, Until: j.until})
	}
	return i
}

func (m *Machine) report(r Report) {
	asked, signal := m.cfg.asked(r)
	if asked < m.level {
		m.lower()
	}
	fresh := m.fresh()
	m.asked, m.reportAt = asked, m.now
	switch {
	case asked > m.level:
		m.become(asked, Raised, signal)
	case asked < m.level && (!fresh || !m.reported):
		m.calmAt = m.now // what was between is not known
	case asked < m.level:
	default:
		m.calmAt = m.now
	}
	m.reported = true
}

// fresh says whether the last report is young enough to go by.
func (m *Machine) fresh() bool { return m.now-m.reportAt <= m.cfg.Stale }

func (m *Machine) falling() bool { return m.reported && m.asked < m.level }

// lower lets the level fall by one, when it is time.
func (m *Machine) lower() {
	if m.falling() && m.fresh() && m.now-m.calmAt >= m.cfg.Hold {
		m.become(m.level-1, Lowered, NoSignal)
	}
}

// become changes the level that reports ask for. Under a hold nothing of it shows.
func (m *Machine) become(level Level, cause Cause, signal Signal) {
	from := m.Level()
	m.level, m.calmAt = level, m.now
	if !m.held {
		m.do(Step{Kind: StepLevel, Level: level, From: from, Cause: cause, Signal: signal})
	}
}

func (m *Machine) hold(level Level, until time.Duration) {
	if level > Stop {
		return
	}
	from := m.Level()
	m.held, m.heldLevel, m.heldUntil = true, level, until
	if until > m.now && from != level {
		m.do(Step{Kind: StepLevel, Level: level, From: from, Cause: Held})
	} else if until <= m.now {
		m.endHold(from)
	}
}

func (m *Machine) endHold(from Level) {
	if m.held = false; from != m.level {
		m.do(Step{Kind: StepLevel, Level: m.level, From: from, Cause: HoldEnded})
	}
}

// endOrders ends what was ordered until now.
func (m *Machine) endOrders() {
	if m.held && m.heldUntil <= m.now {
		m.endHold(m.heldLevel)
	}
	for _, j := range m.jobs {
		if j.order != ByLevel && j.until != 0 && j.until <= m.now {
			j.order, j.until = ByLevel, 0
		}
	}
}

func (m *Machine) do(s Step) { m.steps = append(m.steps, s) }
