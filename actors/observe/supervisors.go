package observe

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/actors"
)

// supervisorMetrics are the metrics by supervisor.
type supervisorMetrics struct {
	counted                       []counted
	exits, up, parked, leftBehind *prometheus.Desc
}

func describeSupervisors() supervisorMetrics {
	count := func(kind actors.EventKind, name, help string) counted {
		return counted{kind, describe(name, help, "supervisor")}
	}
	return supervisorMetrics{
		counted: []counted{
			count(actors.EventChildStarted, "child_starts_total", "First starts of children."),
			count(actors.EventChildRestarting, "child_restarts_total", "Starts of children after their first."),
			count(actors.EventChildBackoff, "child_backoffs_total", "Restarts that were put off."),
			count(actors.EventChildParked, "child_parks_total", "Children parked because the restart budget was spent."),
			count(actors.EventChildExhausted, "child_exhaustions_total", "Children left down for good because the restart budget was spent."),
			count(actors.EventChildAbandoned, "child_abandonments_total", "Children given up on because they did not start or stop in time."),
			count(actors.EventSubtreeLost, "subtrees_lost_total", "Children that are supervisors, and are down for good."),
			count(actors.EventSupervisorGaveUp, "supervisor_escalations_total", "Times the supervisor gave up: its restart intensity was exceeded."),
			count(actors.EventSupervisorFailed, "supervisor_start_failures_total", "Starts of the supervisor that failed because a child did not start."),
		},
		exits:      describe("child_exits_total", "Ends of children: how, and for failures the class of the fault.", "supervisor", "exit", "class"),
		up:         describe("supervisor_up", "1 from the moment all initial children are up until the supervisor gives up or ends, else 0.", "supervisor"),
		parked:     describe("children_parked", "Children that are parked now.", "supervisor"),
		leftBehind: describe("children_abandoned", "Children that were abandoned and have not ended since; each may hold a goroutine.", "supervisor"),
	}
}

func (s supervisorMetrics) all() []*prometheus.Desc {
	all := []*prometheus.Desc{s.exits, s.up, s.parked, s.leftBehind}
	for _, c := range s.counted {
		all = append(all, c.desc)
	}
	return all
}

// supervisorSeries is what was counted for one label.
type supervisorSeries struct {
	counts     map[actors.EventKind]uint64
	exits      tally
	leftBehind int // may fall below zero for a moment: a return is told by whoever returns
}

// standing is a supervisor that is there.
type standing struct {
	up     bool
	parked map[string]struct{} // paths of children
}

// supervised is called with the lock held.
func (m *Metrics) supervised(e *actors.Event) {
	series := m.supervisors.of(e.Supervisor)
	if series.counts == nil {
		series.counts = make(map[actors.EventKind]uint64, len(m.ofSupervisors.counted))
	}
	series.counts[e.Kind]++
	switch e.Kind { //nolint:exhaustive // the others are counted, and no more
	case actors.EventSupervisorUp:
		m.stand(e.Supervisor).up = true
	case actors.EventSupervisorGaveUp:
		m.stand(e.Supervisor).up = false
	case actors.EventSupervisorDown, actors.EventSupervisorFailed:
		delete(m.living, e.Supervisor)
	case actors.EventChildParked:
		m.stand(e.Supervisor).park(e.Child)
	case actors.EventChildReleased, actors.EventChildEnded, actors.EventChildIgnored, actors.EventChildTerminated:
		m.unpark(e.Supervisor, e.Child)
	case actors.EventChildExited:
		series.exits.add(e.Exit, e.Class)
		m.fell(e.Child)
	case actors.EventChildAbandoned:
		series.leftBehind++
		m.fell(e.Child)
	case actors.EventChildReturned:
		series.leftBehind--
	}
}

func (m *Metrics) stand(path string) *standing {
	s, known := m.living[path]
	if !known {
		s = &standing{}
		m.living[path] = s
	}
	return s
}

func (s *standing) park(child string) {
	if s.parked == nil {
		s.parked = make(map[string]struct{})
	}
	s.parked[child] = struct{}{}
}

func (m *Metrics) unpark(supervisor, child string) {
	if s, known := m.living[supervisor]; known {
		delete(s.parked, child)
	}
}

// fell forgets a supervisor, and all below it, that ended without a word of its
// own: it panicked, or was abandoned. One that ended in order is forgotten by now.
func (m *Metrics) fell(path string) {
	if _, known := m.living[path]; !known {
		return
	}
	for below := range m.living {
		if below == path || strings.HasPrefix(below, path+"/") {
			delete(m.living, below)
		}
	}
}

// readSupervisors is called with the lock held.
func (m *Metrics) readSupervisors(s *sheet) {
	up, parked := make(map[string]int), make(map[string]int)
	for path, standing := range m.living {
		label := m.supervisors.label(path)
		parked[label] += len(standing.parked)
		if standing.up {
			up[label]++
		}
	}
	for label, series := range m.supervisors {
		for _, c := range m.ofSupervisors.counted {
			s.counter(c.desc, series.counts[c.kind], label)
		}
		for words, n := range series.exits {
			s.counter(m.ofSupervisors.exits, n, label, words[0], words[1])
		}
		s.gauge(m.ofSupervisors.up, float64(up[label]), label)
		s.gauge(m.ofSupervisors.parked, float64(parked[label]), label)
		s.gauge(m.ofSupervisors.leftBehind, float64(max(series.leftBehind, 0)), label)
	}
}
