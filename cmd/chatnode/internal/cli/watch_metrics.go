package cli

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident/monitor"
)

// watchMetrics are the numbers of a watch.
type watchMetrics struct {
	stats func() monitor.Stats
	rows  []watchRow
}

type watchRow struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(monitor.Stats) float64
}

func newWatchMetrics(m *monitor.Monitor) *watchMetrics {
	w := &watchMetrics{stats: m.Stats}
	add := func(name, help string, kind prometheus.ValueType, value func(monitor.Stats) float64) {
		w.rows = append(w.rows, watchRow{prometheus.NewDesc(name, help, nil, nil), kind, value})
	}
	add("chatnode_watch_targets", "Processes that are watched.", prometheus.GaugeValue, func(s monitor.Stats) float64 { return float64(s.Targets) })
	add("chatnode_watch_targets_dropped", "Processes over the limit, which are not watched.", prometheus.GaugeValue, func(s monitor.Stats) float64 { return float64(s.Dropped) })
	add("chatnode_watch_facts_missed_total", "Facts of event streams that came too fast.", prometheus.CounterValue, func(s monitor.Stats) float64 { return float64(s.Missed) })
	add("chatnode_incident_severity", "Severity of the open incident: 0 for none, 1 for SEV3 to 3 for SEV1.", prometheus.GaugeValue, func(s monitor.Stats) float64 { return float64(s.Severity) })
	add("chatnode_incidents_total", "Incidents opened, as far as the log goes back.", prometheus.CounterValue, func(s monitor.Stats) float64 { return float64(s.Incidents) })
	add("chatnode_incident_save_failures_total", "Times that the incident log could not be saved.", prometheus.CounterValue, func(s monitor.Stats) float64 { return float64(s.SaveFailures) })
	add("chatnode_webhook_sent_total", "Notices that a webhook took.", prometheus.CounterValue, func(s monitor.Stats) float64 { return float64(s.Sent) })
	add("chatnode_webhook_failed_total", "Notices that were given up.", prometheus.CounterValue, func(s monitor.Stats) float64 { return float64(s.Failed) })
	add("chatnode_webhook_dropped_total", "Notices dropped because too many waited.", prometheus.CounterValue, func(s monitor.Stats) float64 { return float64(s.Lost) })
	add("chatnode_webhook_waiting", "Notices that wait.", prometheus.GaugeValue, func(s monitor.Stats) float64 { return float64(s.Waiting) })
	return w
}

// Describe is part of [prometheus.Collector].
func (w *watchMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, r := range w.rows {
		to <- r.desc
	}
}

// Collect is part of [prometheus.Collector].
func (w *watchMetrics) Collect(to chan<- prometheus.Metric) {
	stats := w.stats()
	for _, r := range w.rows {
		to <- prometheus.MustNewConstMetric(r.desc, r.kind, r.value(stats))
	}
}
