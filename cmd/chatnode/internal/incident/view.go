package incident

import (
	"slices"
	"time"
)

// State is how the cluster is, in one word.
type State string

// The states.
const (
	// Unknown is that nothing has been measured yet, or nothing any more.
	Unknown State = "unknown"
	// Operational is that no incident is open.
	Operational State = "operational"
	// Degraded is an incident of SEV3, PartialOutage of SEV2, MajorOutage of SEV1.
	Degraded      State = "degraded"
	PartialOutage State = "partial_outage"
	MajorOutage   State = "major_outage"
	// Recovering is an open incident in which all signals are back.
	Recovering State = "recovering"
)

// SignalView is one signal as it is now. What is not known is nil.
type SignalView struct {
	Signal   Signal   `json:"signal"`
	Value    *float64 `json:"value"`
	Baseline *float64 `json:"baseline"`
	Severity Severity `json:"severity"`
}

// View is what everybody may see: our words and numbers, and nothing else.
type View struct {
	At       time.Time `json:"at"`
	State    State     `json:"state"`
	Severity Severity  `json:"severity"`
	// Components are filled in by whoever knows them.
	Components []Component  `json:"components"`
	Signals    []SignalView `json:"signals"`
	// SkewSeconds is how far the clock of one that is watched is ahead of the
	// observer's, of the one that is furthest off; 0 below two seconds.
	SkewSeconds float64 `json:"skew_seconds"`
	// Incidents are the newest, newest first. Before counts those before them, and
	// what was forgotten.
	Incidents []Incident `json:"incidents"`
	Before    uint64     `json:"before"`
}

// View shows the log at a time, with so many incidents.
func (l *Log) View(now time.Time, most int) View {
	now = l.advance(now)
	v := View{At: now, State: Unknown, Components: []Component{}, Signals: []SignalView{}}
	for _, t := range l.tracks {
		s := SignalView{Signal: t.signal}
		if level, ok := t.level(now); ok {
			s.Value, v.State = &level, Operational
		}
		if baseline, ok := t.baseline(now); ok {
			s.Baseline = &baseline
		}
		s.Severity, _ = t.severity(now, 1)
		v.Signals = append(v.Signals, s)
	}
	all := l.Incidents()
	slices.Reverse(all)
	v.Incidents = all[:min(most, len(all))]
	v.Before = l.next - 1 - uint64(len(v.Incidents))
	if l.open != nil {
		v.Severity, v.State = l.open.Severity, l.open.state()
	}
	return v
}

// Find returns one incident that is kept.
func (l *Log) Find(id uint64) (Incident, bool) {
	for _, i := range l.Incidents() {
		if i.ID == id {
			return i, true
		}
	}
	return Incident{}, false
}

func (i Incident) state() State {
	if !i.Recovered.IsZero() {
		return Recovering
	}
	switch i.Severity {
	case SEV1:
		return MajorOutage
	case SEV2:
		return PartialOutage
	case SEV3, None:
	}
	return Degraded
}
