package store

import "github.com/prometheus/client_golang/prometheus"

// repairMetrics are the figures of repairs for Prometheus.
type repairMetrics struct {
	repairs *Repairs
	figures []repairFigure
}

type repairFigure struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(RepairStatus) float64
}

// Metrics makes a collector of the figures of the repairs.
func (r *Repairs) Metrics() prometheus.Collector {
	m := &repairMetrics{repairs: r}
	add := func(name, help string, kind prometheus.ValueType, value func(RepairStatus) float64) {
		m.figures = append(m.figures, repairFigure{prometheus.NewDesc("chatnode_repairs_"+name, help, nil, nil), kind, value})
	}
	is := func(state RepairState) func(RepairStatus) float64 {
		return func(s RepairStatus) float64 {
			if s.State == state {
				return 1
			}
			return 0
		}
	}
	add("running", "1 while a pass takes its share.", prometheus.GaugeValue, is(RepairsRunning))
	add("paused", "1 while somebody holds them.", prometheus.GaugeValue, is(RepairsPaused))
	add("progress", "How much of the pass is done, 0 to 1.", prometheus.GaugeValue, func(s RepairStatus) float64 { return s.Progress })
	add("passes_total", "Passes that came to their end.", prometheus.CounterValue, func(s RepairStatus) float64 { return float64(s.Passes) })
	add("rows_total", "Rows read.", prometheus.CounterValue, func(s RepairStatus) float64 { return float64(s.Rows) })
	add("damaged_total", "Damaged rows found, each time that they were.", prometheus.CounterValue, func(s RepairStatus) float64 { return float64(s.Found) })
	add("repaired_total", "Rows written anew.", prometheus.CounterValue, func(s RepairStatus) float64 { return float64(s.Repaired) })
	return m
}

// Describe is part of [prometheus.Collector].
func (m *repairMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, f := range m.figures {
		to <- f.desc
	}
}

// Collect is part of [prometheus.Collector].
func (m *repairMetrics) Collect(to chan<- prometheus.Metric) {
	s := m.repairs.Status()
	for _, f := range m.figures {
		to <- prometheus.MustNewConstMetric(f.desc, f.kind, f.value(s))
	}
}
