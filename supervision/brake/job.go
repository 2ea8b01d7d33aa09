package brake

import (
	"cmp"
	"slices"
	"time"
)

const (
	maxJobs      = 64
	maxNameBytes = 64
)

// State is what a job was told last, and whether it has acknowledged it.
type State uint8

// The states.
const (
	Running State = iota
	Pausing
	Paused
	Releasing
)

// String returns the lower-case word for the state.
func (s State) String() string {
	return word("state", uint8(s), "running", "pausing", "paused", "releasing")
}

// job is one background job.
type job struct {
	name    string
	level   Level
	number  int // of its registration
	state   State
	silent  bool
	askedAt time.Duration
	order   Order
	until   time.Duration // of the order; 0: no end
}

func (j *job) waited() bool { return (j.state == Pausing || j.state == Releasing) && !j.silent }

func (j *job) down() bool { return j.state == Pausing || j.state == Paused }

// shouldPause says what the order, or else the level, wants.
func (j *job) shouldPause(level Level) bool {
	switch j.order {
	case BePaused:
		return true
	case BeRunning:
		return false
	case ByLevel:
	}
	return level >= j.level
}

func (m *Machine) find(name string) *job {
	for _, j := range m.jobs {
		if j.name == name {
			return j
		}
	}
	return nil
}

func (m *Machine) register(name string, level Level) {
	j := m.find(name)
	switch {
	case level == None || level > Stop || name == "" || len(name) > maxNameBytes, j == nil && len(m.jobs) >= maxJobs:
		m.do(Step{Kind: StepRefuse, Job: name[:min(len(name), maxNameBytes)]})
		return
	case j == nil:
		m.registered++
		j = &job{name: name, number: m.registered}
		m.jobs = append(m.jobs, j)
	}
	j.level, j.state, j.silent = level, Running, false
	slices.SortFunc(m.jobs, func(a, b *job) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.number, b.number))
	})
}

func (m *Machine) forget(name string) {
	m.jobs = slices.DeleteFunc(m.jobs, func(j *job) bool { return j.name == name })
}

func (m *Machine) acknowledge(name string, paused bool) {
	j := m.find(name)
	if j == nil || (paused && j.state != Pausing) || (!paused && j.state != Releasing) {
		return // an answer to what was asked before
	}
	if j.silent {
		j.silent = false
		m.do(Step{Kind: StepSpoke, Job: name})
	}
	if j.state = Running; paused {
		j.state = Paused
	} else {
		m.releaseAt = max(m.releaseAt, m.now+m.cfg.Pause)
	}
}

func (m *Machine) order(ev Event) {
	j := m.find(ev.Job)
	if j == nil || ev.Order > BeRunning {
		m.do(Step{Kind: StepRefuse, Job: ev.Job[:min(len(ev.Job), maxNameBytes)]})
		return
	}
	j.order, j.until = ev.Order, ev.Until
}

// pause asks every job that should, in order.
func (m *Machine) pause() {
	for _, j := range m.jobs {
		if !j.down() && j.shouldPause(m.Level()) {
			m.ask(j, Pausing, StepPause)
		}
	}
}

// release asks those ordered to run at once, and of the others the last, when it is time.
func (m *Machine) release() {
	for _, j := range slices.Backward(m.jobs) {
		if j.down() && j.order == BeRunning {
			m.ask(j, Releasing, StepRelease)
		}
	}
	next := m.nextRelease()
	if next == nil || m.now < m.releaseAt {
		return
	}
	m.ask(next, Releasing, StepRelease)
	m.releaseAt = m.now + m.cfg.Pause
}

// nextRelease is the job whose turn it is, or nil while another one is waited for.
func (m *Machine) nextRelease() *job {
	var next *job
	for _, j := range m.jobs {
		if j.state == Releasing && !j.silent {
			return nil
		}
		if j.down() && !j.shouldPause(m.Level()) {
			next = j
		}
	}
	return next
}

func (m *Machine) ask(j *job, state State, kind StepKind) {
	j.state, j.silent, j.askedAt = state, false, m.now
	m.do(Step{Kind: kind, Job: j.name})
}

// listen gives up on those that do not acknowledge.
func (m *Machine) listen() {
	for _, j := range m.jobs {
		if j.waited() && m.now-j.askedAt >= m.cfg.AckTimeout {
			j.silent = true
			m.do(Step{Kind: StepSilent, Job: j.name, Paused: j.state == Pausing})
		}
	}
}
