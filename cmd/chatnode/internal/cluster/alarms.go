package cluster

import (
	"slices"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

const (
	// alarmEvery is the time between two readings of sessions and capacity. Three bad
	// ones make a page, and an act is over in seconds.
	alarmEvery = 100 * time.Millisecond
	// alarmHold is for how long all must be well before an incident is closed: an act
	// ends when its users have been back for twice that.
	alarmHold = holdTime / 2
)

// alarms folds an act's events into incidents, as a watch would see them from
// outside. It is used by one goroutine at a time.
type alarms struct {
	log     *incident.Log
	known   map[incident.Role]map[string]bool // processes that run, by role; true while ready
	sampled time.Time
	bad     bool // etcd holds a bad record
}

func newAlarms() *alarms {
	log, err := incident.New(incident.Config{Hold: alarmHold})
	if err != nil {
		panic("cluster: " + err.Error()) // constants that cannot be
	}
	return &alarms{log: log, known: map[incident.Role]map[string]bool{}}
}

// apply folds one event in. Times are the controller's own, of all processes.
func (a *alarms) apply(e event) {
	switch e := e.(type) {
	case processStarted:
		a.process(e.Role, e.Name, false)
	case processReady:
		if e.Role == roleNode && e.Life > 1 {
			a.tell(e.At, incident.Returned)
		}
		a.process(e.Role, e.Name, true)
	case processExited:
		if e.Asked {
			a.leave(e.Role, e.Name)
			return
		}
		if e.Role == roleNode {
			a.tell(e.At, incident.Exited)
		}
		a.process(e.Role, e.Name, false)
	case recordSeen:
		was := a.bad
		a.bad = !e.Good
		if a.bad && !was {
			a.tell(e.At, incident.Poisoned)
		}
		if !a.bad && was {
			a.tell(e.At, incident.Healed)
		}
	case loadSampled:
		if e.At.Sub(a.sampled) >= alarmEvery {
			a.sampled = e.At
			nodes := a.count(incident.ChatNode)
			a.log.Observe(e.At, incident.Reading{Signal: incident.Sessions, Value: float64(e.Connected)},
				incident.Reading{Signal: incident.Capacity, Value: float64(nodes.Ready) / float64(max(nodes.Known, 1))})
		}
	case clusterMeasured:
		for _, f := range e.Facts {
			a.log.Tell(e.At, f)
		}
		a.log.Observe(e.At, e.Readings...)
	case nodeReported, processFailed, putCut, putForwarded, fleetScaled:
	}
}

func (a *alarms) tell(at time.Time, k incident.Kind) { a.log.Tell(at, incident.Fact{Kind: k}) }

// roleOf is what a process is to a watch; etcd and the load are nothing to it.
func roleOf(r role) (incident.Role, bool) {
	switch r {
	case roleNode:
		return incident.ChatNode, true
	case roleAPI:
		return incident.APINode, true
	case roleStore:
		return incident.Store, true
	case roleEtcd, roleLoad:
	}
	return "", false
}

func (a *alarms) process(r role, name string, ready bool) {
	watched, ok := roleOf(r)
	if !ok {
		return
	}
	if a.known[watched] == nil {
		a.known[watched] = map[string]bool{}
	}
	a.known[watched][name] = ready
}

// leave is the end of a process that was asked to end: it is not missed.
func (a *alarms) leave(r role, name string) {
	if watched, ok := roleOf(r); ok {
		delete(a.known[watched], name)
	}
}

func (a *alarms) count(r incident.Role) incident.Component {
	c := incident.Component{Role: r, Known: len(a.known[r])}
	for _, ready := range a.known[r] {
		if ready {
			c.Ready++
		}
	}
	return c
}

// view is what the public may see of the act.
func (a *alarms) view(now time.Time) incident.View {
	v := a.log.View(now, shownIncidents)
	for _, r := range incident.Roles() {
		if c := a.count(r); c.Known > 0 {
			v.Components = append(v.Components, c)
		}
	}
	return v
}

// shownIncidents is how many a view has.
const shownIncidents = 20

// View is what the public may see of the act now; with Incidents it is what a status
// page shows.
func (a *act) View() (v incident.View) {
	a.journal.look(func(b *board) { v = b.alarms.view(time.Now()) })
	return v
}

// Incidents are those of the act, oldest first.
func (a *act) Incidents() (all []incident.Incident) {
	a.journal.look(func(b *board) { all = b.alarms.log.Incidents() })
	return all
}

// Alarms is what a watch would have told of an act.
type Alarms struct {
	// Incidents are all of them, with how long each took from its beginning.
	Incidents []AlarmedIncident `json:"incidents"`
	// PoisonToPageMS, PoisonToBrakesMS and PoisonToRecoveryMS are from the cut write
	// to what the first incident after it tells: somebody was paged, a throttle or a
	// pause of repairs began, all signals were back. Null: that did not happen.
	PoisonToPageMS     *int64 `json:"poison_to_page_ms"`
	PoisonToBrakesMS   *int64 `json:"poison_to_brakes_ms"`
	PoisonToRecoveryMS *int64 `json:"poison_to_recovery_ms"`
}

// AlarmedIncident is an incident and its durations.
type AlarmedIncident struct {
	incident.Incident
	incident.Durations
}

// alarms computes them from the record, as the status page showed them.
func (r *record) alarms(p poisoning) Alarms {
	f := newAlarms()
	for _, e := range r.events {
		f.apply(e)
	}
	a := Alarms{Incidents: []AlarmedIncident{}}
	for _, i := range f.log.Incidents() {
		a.Incidents = append(a.Incidents, AlarmedIncident{i, i.Durations()})
	}
	first := slices.IndexFunc(a.Incidents, func(i AlarmedIncident) bool { return !i.Paged.Before(p.cut) })
	if p.cut.IsZero() || first < 0 {
		return a
	}
	i := a.Incidents[first].Incident
	a.PoisonToPageMS = since(p.cut, i.Paged)
	if brakes, ok := i.First(incident.Throttled, incident.RepairsPaused); ok {
		a.PoisonToBrakesMS = since(p.cut, brakes.At)
	}
	if !i.Recovered.IsZero() {
		a.PoisonToRecoveryMS = since(p.cut, i.Recovered)
	}
	return a
}

func since(began, at time.Time) *int64 {
	ms := max(at.Sub(began).Milliseconds(), 0)
	return &ms
}
