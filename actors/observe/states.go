package observe

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/registry"
)

// Snapshots is what [States] reads: a runtime, for one.
type Snapshots interface {
	// Snapshot returns what is believed of a service now.
	Snapshot(service string) *registry.Snapshot
}

// States counts the entries of directories by their state when Prometheus asks:
// a walk over each snapshot, which keeps nobody waiting. Register it as a
// collector. The names and labels are listed in docs/OPERATING.md.
type States struct {
	from            Snapshots
	services        []string
	entries, orders *prometheus.Desc
}

// stateUnserved is the state of a bad key of which nothing is served.
const stateUnserved = "quarantined"

// NewStates returns a collector for some services, each named once.
func NewStates(from Snapshots, services ...string) *States {
	return &States{
		from: from, services: services,
		entries: describe("entries", "Keys by state: live, quarantined_cached (bad, its last good value is served), quarantined (bad, nothing is served), limbo (gone or changed, and held by a guard).", "service", "state"),
		orders:  describe("operator_orders", "Bans, pins and quarantines by operators that stand.", "service"),
	}
}

// Describe implements [prometheus.Collector].
func (s *States) Describe(out chan<- *prometheus.Desc) {
	out <- s.entries
	out <- s.orders
}

// Collect implements [prometheus.Collector].
func (s *States) Collect(out chan<- prometheus.Metric) {
	for _, service := range s.services {
		snapshot := s.from.Snapshot(service)
		counts := map[string]int{
			registry.StatusLive.String(): 0, registry.StatusQuarantinedCached.String(): 0, registry.StatusLimbo.String(): 0,
			stateUnserved: snapshot.QuarantineOverflow,
		}
		for row := range snapshot.Rows.All() {
			counts[row.Status.String()]++
		}
		for _, bad := range snapshot.Quarantined {
			if bad.ServingIndex == 0 {
				counts[stateUnserved]++
			}
		}
		for state, n := range counts {
			out <- prometheus.MustNewConstMetric(s.entries, prometheus.GaugeValue, float64(n), service, state)
		}
		out <- prometheus.MustNewConstMetric(s.orders, prometheus.GaugeValue, float64(len(snapshot.Orders)), service)
	}
}
