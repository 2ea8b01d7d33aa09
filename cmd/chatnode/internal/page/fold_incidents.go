package page

import (
	"fmt"
	"slices"
)

// maxIncidents bounds the incidents of an act that are shown; the newest are.
const maxIncidents = 20

// applyIncidents flags what is new about the incidents: opened, worse, closed.
func (f *Fold) applyIncidents(o IncidentsSeen) {
	before := f.alarms
	f.alarms = o.Incidents[max(0, len(o.Incidents)-maxIncidents):]
	for _, now := range f.alarms {
		i := slices.IndexFunc(before, func(d IncidentDetail) bool { return d.ID == now.ID })
		switch {
		case i < 0:
			f.flag(o.At, FlagPage, fmt.Sprintf("%s: incident %s opened: %s", now.Severity, now.ID, now.Title))
		case before[i].Severity != now.Severity:
			f.flag(o.At, FlagPage, fmt.Sprintf("incident %s is %s now, after %s", now.ID, now.Severity, before[i].Severity))
		case before[i].ClosedMS == nil && now.ClosedMS != nil:
			f.flag(o.At, FlagPage, fmt.Sprintf("incident %s closed", now.ID))
		}
	}
}

// incidents are the alarms in one line each.
func (f *Fold) incidents() []Incident {
	var all []Incident
	for _, d := range f.alarms {
		all = append(all, Incident{ID: d.ID, Severity: d.Severity, Title: d.Title, T: d.OpenedMS, Open: d.ClosedMS == nil})
	}
	return all
}

// Incident is one incident with its timeline.
func (f *Fold) Incident(id string) (IncidentDetail, bool) {
	i := slices.IndexFunc(f.alarms, func(d IncidentDetail) bool { return d.ID == id })
	if i < 0 {
		return IncidentDetail{}, false
	}
	return f.alarms[i], true
}
