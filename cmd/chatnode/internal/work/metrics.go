package work

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// Metrics are the figures of lanes for Prometheus, by the lane's name.
type Metrics struct {
	lanes  []*Lane
	gauges []metric
}

// metric is one of them.
type metric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(desk.Report) float64
}

// NewMetrics makes a collector of the lanes' figures.
func NewMetrics(lanes ...*Lane) *Metrics {
	m := &Metrics{lanes: lanes}
	add := func(name, help string, kind prometheus.ValueType, value func(desk.Report) float64) {
		m.gauges = append(m.gauges, metric{prometheus.NewDesc("chatnode_work_"+name, help, []string{"lane"}, nil), kind, value})
	}
	add("busy", "Workers that have work.", prometheus.GaugeValue, func(r desk.Report) float64 { return float64(r.Busy) })
	add("limit", "Workers there are, less those set aside.", prometheus.GaugeValue, func(r desk.Report) float64 { return float64(r.Limit) })
	add("waiting", "Calls in the queue.", prometheus.GaugeValue, func(r desk.Report) float64 { return float64(r.Waiting) })
	add("queue_age_seconds", "How long the one in front has waited.", prometheus.GaugeValue, func(r desk.Report) float64 { return r.QueueAgeMS / 1000 })
	add("p99_seconds", "Time from arrival to answer that 99 % did not exceed lately.", prometheus.GaugeValue, func(r desk.Report) float64 { return r.P99MS / 1000 })
	add("busy_seconds_total", "Time that workers were busy, added up.", prometheus.CounterValue, func(r desk.Report) float64 { return r.BusySeconds })
	add("served_total", "Calls worked on.", prometheus.CounterValue, func(r desk.Report) float64 { return float64(r.Served) })
	add("refused_total", "Calls that found no room.", prometheus.CounterValue, func(r desk.Report) float64 { return float64(r.Refused) })
	add("late_total", "Calls that could not have been answered in time.", prometheus.CounterValue, func(r desk.Report) float64 { return float64(r.Late) })
	add("gone_total", "Calls whose callers went away.", prometheus.CounterValue, func(r desk.Report) float64 { return float64(r.Gone) })
	return m
}

// Describe is part of [prometheus.Collector].
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, g := range m.gauges {
		to <- g.desc
	}
}

// Collect is part of [prometheus.Collector].
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	for _, lane := range m.lanes {
		r := lane.Report()
		for _, g := range m.gauges {
			to <- prometheus.MustNewConstMetric(g.desc, g.kind, g.value(r), lane.Name())
		}
	}
}
