package cluster

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident/monitor"
)

// measureEvery is the time between two rounds of questions to the processes.
const measureEvery = 500 * time.Millisecond

// measure asks the chat nodes and the store how they are, as a watch does, until ctx
// ends. What the controller sees better itself (sessions, ends of processes) is left
// to that.
func (a *act) measure(ctx context.Context) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	fleet := incident.NewFleet()
	targets := []monitor.Target{{Target: incident.Target{ID: a.layout.store.name, Role: incident.Store}, Admin: a.layout.store.adminURL()}}
	for _, n := range a.layout.nodes {
		targets = append(targets, monitor.Target{Target: incident.Target{ID: n.name, Role: incident.ChatNode}, Admin: n.adminURL()})
	}
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		reports := make([]incident.Report, len(targets))
		var round sync.WaitGroup
		for i, t := range targets {
			round.Go(func() { reports[i] = monitor.Probe(ctx, client, t) })
		}
		round.Wait()
		if ctx.Err() != nil {
			return
		}
		if e, says := measured(time.Now(), fleet, targets, reports); says {
			a.journal.add(e)
		}
	}
}

// measured is what one round says, if it says anything.
func measured(now time.Time, fleet *incident.Fleet, targets []monitor.Target, reports []incident.Report) (clusterMeasured, bool) {
	expected := make([]incident.Target, len(targets))
	for i, t := range targets {
		expected[i] = t.Target
	}
	fleet.Expect(now, expected)
	e := clusterMeasured{At: now}
	var facts []incident.Fact
	for _, r := range reports {
		facts = append(facts, fleet.Take(now, r)...)
	}
	readings, more := fleet.Sweep(now)
	for _, f := range append(facts, more...) {
		if slices.Contains([]incident.Kind{incident.Throttled, incident.Unthrottled, incident.RepairsPaused, incident.RepairsReleased}, f.Kind) {
			e.Facts = append(e.Facts, f)
		}
	}
	for _, r := range readings {
		if r.Signal == incident.Calls || r.Signal == incident.Restarts {
			e.Readings = append(e.Readings, r)
		}
	}
	return e, len(e.Facts)+len(e.Readings) > 0
}
