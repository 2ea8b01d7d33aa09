package cluster

import (
	"fmt"
	"strconv"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

// tellIncidents hands on what the alarms of an act have become. They are looked at
// whenever something was measured.
func (a *act) tellIncidents(e event) {
	switch e.(type) {
	case loadSampled, clusterMeasured:
	case processStarted, processReady, processExited, processFailed, nodeReported, putCut, putForwarded, recordSeen, fleetScaled:
		return
	}
	if a.show == nil {
		return
	}
	seen := page.IncidentsSeen{At: e.when()}
	for _, i := range a.Incidents() {
		seen.Incidents = append(seen.Incidents, incidentDetail(i, a.shownAt))
	}
	if len(seen.Incidents) > 0 {
		a.show.see(seen)
	}
}

// incidentDetail is an incident as the page shows it.
func incidentDetail(i incident.Incident, start time.Time) page.IncidentDetail {
	d := page.IncidentDetail{
		ID: strconv.FormatUint(i.ID, 10), Severity: i.Severity.String(), OpenedMS: i.Paged.Sub(start).Milliseconds(),
	}
	for n, extent := range i.Extents {
		if n > 0 {
			d.Title += ", "
		}
		d.Title += string(extent.Signal)
	}
	if !i.Closed.IsZero() {
		closed := i.Closed.Sub(start).Milliseconds()
		d.ClosedMS = &closed
	}
	for _, entry := range i.Timeline {
		text := entry.Text()
		if entry.Times > 1 {
			text = fmt.Sprintf("%s (%d times)", text, entry.Times)
		}
		d.Timeline = append(d.Timeline, page.IncidentStep{T: entry.At.Sub(i.Paged).Milliseconds(), Kind: string(entry.Kind), Text: text})
	}
	return d
}

// publicStatus is where the public status page reads how things are: in the act that is
// shown, which is another one from time to time.
type publicStatus struct{ show *show }

func (s publicStatus) act() *act {
	s.show.mu.Lock()
	defer s.show.mu.Unlock()
	return s.show.begun
}

// View is part of [statuspage.Source].
func (s publicStatus) View() incident.View {
	if a := s.act(); a != nil {
		return a.View()
	}
	return incident.View{}
}

// Incidents is part of [statuspage.Source].
func (s publicStatus) Incidents() []incident.Incident {
	if a := s.act(); a != nil {
		return a.Incidents()
	}
	return nil
}
