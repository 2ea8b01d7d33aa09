package observe

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/actors"
)

// serviceMetrics are the metrics by service: of a directory that is watched, and of
// records that are announced in one.
type serviceMetrics struct {
	watching, announcing                         []counted
	quarantines, changes                         *prometheus.Desc
	instances, quarantined, up, stale, announced *prometheus.Desc
	guards, polling, unhealthy, restartSafe      *prometheus.Desc
}

func describeServices() serviceMetrics {
	count := func(kind actors.EventKind, name, help string) counted {
		return counted{kind, describe(name, help, "service")}
	}
	return serviceMetrics{
		watching: []counted{
			count(actors.EventSourceFailed, "source_failures_total", "Times the registry stopped answering."),
			count(actors.EventHistoryLost, "source_history_losses_total", "Times the registry's history did not reach back, and the directory was listed again."),
			count(actors.EventSourceWentBack, "source_index_regressions_total", "Times the registry's index went back: it lost data."),
			count(actors.EventPublished, "snapshots_published_total", "Snapshots published, each different from the one before."),
			count(actors.EventKeyReleased, "quarantine_releases_total", "Keys released from quarantine by a good value."),
			count(actors.EventGuardEngaged, "guard_engagements_total", "Times a guard of a view engaged."),
			count(actors.EventInstanceHeld, "instances_held_total", "Instances that left the registry and were served on."),
			count(actors.EventInstanceEjected, "ejections_total", "Times a picker set an instance aside because calls to it failed."),
			count(actors.EventComplained, "complaints_total", "Times this process said of a key that it cannot read it."),
			count(actors.EventFaultConfirmed, "faults_confirmed_total", "Bad values that other consumers could not read either."),
			count(actors.EventDecoderSuspected, "decoder_suspicions_total", "Times this process suspected its own decoder, because nobody else complained."),
			count(actors.EventDiverged, "view_divergences_total", "Listings that showed what the changes had not told."),
		},
		announcing: []counted{
			count(actors.EventAnnounceRetry, "announce_failures_total", "Writes of our records that failed and were put off."),
			count(actors.EventLeaseConflict, "lease_conflicts_total", "Times somebody else held the key of one of our records."),
			count(actors.EventLeaseRepaired, "lease_repairs_total", "Damaged records of ours that were written again."),
			count(actors.EventLeaseTaken, "lease_takeovers_total", "Records of a predecessor that ours replaced."),
			count(actors.EventComplaintHeard, "complaints_heard_total", "Complaints of consumers about our records."),
			count(actors.EventLeaseLost, "lease_losses_total", "Records of ours that were found expired or removed."),
		},
		quarantines: describe("quarantines_total", "Keys quarantined for a bad value, by class of fault.", "service", "class"),
		changes:     describe("instance_changes_total", "Instances added, updated and removed.", "service", "change"),
		instances:   describe("instances", "Instances that a picker may choose from.", "service"),
		quarantined: describe("quarantined_keys", "Keys in quarantine now.", "service"),
		up:          describe("source_up", "1 while the registry answers, 0 while it does not or has not yet.", "service"),
		stale: describe("source_stale_seconds",
			"While the registry does not answer, the time since it last did, or since the first failure if it never has. Else 0.", "service"),
		polling: describe("source_polling", "1 while the registry answers listings and no watch, so that news takes as long as the pause between two listings.", "service"),
		guards:  describe("guards_engaged", "Guards of the view that are engaged now.", "service"),
		restartSafe: describe("restart_safe",
			"1 while a restart of this process would be safe for the directory, as last asked, else 0. Not there before it was asked.", "service"),
		unhealthy: describe("records_unhealthy", "Our records whose check of health fails.", "service"),
		announced: describe("records_announced", "Our records that are in the registry, as far as is known.", "service"),
	}
}

func (s serviceMetrics) all() []*prometheus.Desc {
	all := []*prometheus.Desc{s.quarantines, s.changes, s.instances, s.quarantined, s.up, s.stale, s.announced, s.guards, s.polling, s.unhealthy, s.restartSafe}
	for _, c := range slices.Concat(s.watching, s.announcing) {
		all = append(all, c.desc)
	}
	return all
}

// serviceSeries is what was counted for one label.
type serviceSeries struct {
	counts      map[actors.EventKind]uint64
	quarantines tally
}

// directory is how one service stands. It is one of those that somebody asked to
// watch or announce, so that their number has a bound.
type directory struct {
	watched, ours          bool
	instances, quarantined int
	up, polling            bool
	asked, restartSafe     bool                // whether a restart would be safe: known, and so
	staleFrom              time.Time           // zero while the registry answers
	announced              map[string]struct{} // keys of ours
	unhealthy              map[string]struct{} // and those of them that are not well
	guards                 map[string]struct{} // engaged, by name and zone
}

// served is called with the lock held.
func (m *Metrics) served(e *actors.Event) {
	series, d := m.services.of(e.Service), m.directory(e.Service)
	if series.counts == nil {
		series.counts = make(map[actors.EventKind]uint64)
	}
	series.counts[e.Kind]++
	switch e.Kind { //nolint:exhaustive // the others are counted, and no more
	case actors.EventKeyQuarantined:
		series.quarantines.add(e.Class, "")
	case actors.EventPublished:
		d.instances, d.quarantined = e.Instances, e.Quarantined
	case actors.EventSourceSynced:
		d.up, d.staleFrom, d.instances, d.quarantined = true, time.Time{}, e.Instances, e.Quarantined
	case actors.EventSourceRecovered:
		d.up, d.staleFrom = true, time.Time{}
	case actors.EventSourcePolling:
		d.polling = true
	case actors.EventSourceWatched:
		d.polling = false
	case actors.EventSourceFailed:
		d.fail(e)
	case actors.EventGuardEngaged:
		d.guards[e.Guard+" "+e.Zone] = struct{}{}
	case actors.EventGuardDisengaged:
		delete(d.guards, e.Guard+" "+e.Zone)
	case actors.EventRestartSafe, actors.EventRestartUnsafe:
		d.asked, d.restartSafe = true, e.Kind == actors.EventRestartSafe
	case actors.EventAnnounced:
		d.announced[e.Key] = struct{}{}
	case actors.EventUnhealthy:
		d.unhealthy[e.Key] = struct{}{}
	case actors.EventHealthy:
		delete(d.unhealthy, e.Key)
	case actors.EventLeaseLost, actors.EventLeaseConflict, actors.EventWithdrawn, actors.EventAnnouncePaused:
		delete(d.announced, e.Key)
	}
	if ofOurs(e.Kind) {
		d.ours = true
	} else {
		d.watched = true
	}
}

// ofOurs reports whether an event with a service is about a record that is
// announced, and not about a directory that is watched.
func ofOurs(kind actors.EventKind) bool {
	switch kind { //nolint:exhaustive // all others are not
	case actors.EventAnnounced, actors.EventAnnounceRetry, actors.EventLeaseConflict, actors.EventLeaseRepaired,
		actors.EventLeaseTaken, actors.EventLeaseLost, actors.EventWithdrawn, actors.EventAnnounceDraining,
		actors.EventAnnounceResumed, actors.EventAnnouncePaused, actors.EventUnhealthy, actors.EventHealthy,
		actors.EventComplaintHeard:
		return true
	}
	return false
}

func (m *Metrics) directory(service string) *directory {
	d, known := m.directories[service]
	if !known {
		d = &directory{announced: make(map[string]struct{}), unhealthy: make(map[string]struct{}), guards: make(map[string]struct{})}
		m.directories[service] = d
	}
	return d
}

// fail keeps the earliest moment: a reader that was restarted meanwhile knows of
// none.
func (d *directory) fail(e *actors.Event) {
	d.up = false
	if from := e.At.Add(-time.Duration(e.AgeMS) * time.Millisecond); d.staleFrom.IsZero() || from.Before(d.staleFrom) {
		d.staleFrom = from
	}
}

// readServices is called with the lock held.
func (m *Metrics) readServices(s *sheet) {
	now := time.Now()
	sums := make(map[string]*gauges)
	for service, d := range m.directories {
		label := m.services.label(service)
		if sums[label] == nil {
			sums[label] = &gauges{}
		}
		sums[label].add(d, now)
	}
	for label, g := range sums {
		series := m.services[label]
		if g.watched {
			m.readWatched(s, label, series, g)
		}
		if g.ours {
			s.gauge(m.ofServices.announced, g.announced, label)
			s.gauge(m.ofServices.unhealthy, g.unhealthy, label)
			for _, c := range m.ofServices.announcing {
				s.counter(c.desc, series.counts[c.kind], label)
			}
		}
	}
}

func (m *Metrics) readWatched(s *sheet, label string, series *serviceSeries, g *gauges) {
	d := &m.ofServices
	s.gauge(d.instances, g.instances, label)
	s.gauge(d.quarantined, g.quarantined, label)
	s.gauge(d.up, g.up, label)
	s.gauge(d.stale, g.stale, label)
	s.gauge(d.guards, g.guards, label)
	s.gauge(d.polling, g.polling, label)
	if g.asked {
		s.gauge(d.restartSafe, 1-min(1, g.restartUnsafe), label)
	}
	for _, c := range d.watching {
		s.counter(c.desc, series.counts[c.kind], label)
	}
	for words, n := range series.quarantines {
		s.counter(d.quarantines, n, label, words[0])
	}
	s.counter(d.changes, series.counts[actors.EventInstanceAdded], label, "added")
	s.counter(d.changes, series.counts[actors.EventInstanceUpdated], label, "updated")
	s.counter(d.changes, series.counts[actors.EventInstanceRemoved], label, "removed")
}

// gauges are the sums over the services of one label, and of their staleness the
// worst.
type gauges struct {
	watched, ours, asked                         bool
	instances, quarantined, up, stale, announced float64
	guards, polling, unhealthy, restartUnsafe    float64
}

func (g *gauges) add(d *directory, now time.Time) {
	g.watched = g.watched || d.watched
	g.ours = g.ours || d.ours
	g.announced += float64(len(d.announced))
	g.unhealthy += float64(len(d.unhealthy))
	g.instances += float64(d.instances)
	g.quarantined += float64(d.quarantined)
	g.guards += float64(len(d.guards))
	if d.up {
		g.up++
	}
	if d.polling {
		g.polling++
	}
	g.asked = g.asked || d.asked
	if d.asked && !d.restartSafe {
		g.restartUnsafe++
	}
	if !d.staleFrom.IsZero() {
		g.stale = max(g.stale, now.Sub(d.staleFrom).Seconds())
	}
}
