package gate

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics shows a gate to Prometheus: what it counts at the moment in which it is asked.
type Metrics struct {
	gate                                                     *Gate
	rate, inFlight, waiting, oldest, ageMax                  *prometheus.Desc
	granted, refused, left, doorOpened, doorRefused, limited *prometheus.Desc
}

// NewMetrics returns a collector of the gate's figures.
func NewMetrics(g *Gate) *Metrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("chatnode_"+name, help, labels, nil)
	}
	return &Metrics{
		gate:        g,
		rate:        desc("admission_rate", "Requests granted a second at most; +Inf without a limit."),
		limited:     desc("admission_limit", "How much may be in flight."),
		inFlight:    desc("admission_in_flight", "Requests granted and not done."),
		waiting:     desc("admission_waiting", "Requests that wait.", "lane"),
		oldest:      desc("admission_oldest_seconds", "How long the first of them has waited.", "lane"),
		ageMax:      desc("admission_age_max_seconds", "The longest that one has ever waited.", "lane"),
		granted:     desc("admission_granted_total", "Requests granted.", "lane"),
		refused:     desc("admission_refused_total", "Requests refused.", "lane", "reason"),
		left:        desc("admission_left_total", "Requests that did not wait for their answer.", "lane"),
		doorOpened:  desc("door_opened_total", "Connections let in."),
		doorRefused: desc("door_refused_total", "Connections refused with status 503.", "reason"),
	}
}

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, out) }

// Collect implements [prometheus.Collector].
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	f := m.gate.Figures()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, n uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	rate := math.Inf(1)
	if f.Rate != nil {
		rate = *f.Rate
	}
	gauge(m.rate, rate)
	gauge(m.limited, float64(f.Limit))
	gauge(m.inFlight, float64(f.InFlight))
	for _, l := range f.Lanes {
		gauge(m.waiting, float64(l.Waiting), l.Lane)
		gauge(m.oldest, float64(l.OldestMS)/1000, l.Lane)
		gauge(m.ageMax, float64(l.AgeMSMax)/1000, l.Lane)
		counter(m.granted, l.Granted, l.Lane)
		counter(m.left, l.Left, l.Lane)
		for reason, n := range l.Refused {
			counter(m.refused, n, l.Lane, reason)
		}
	}
	counter(m.doorOpened, f.Door.Opened)
	for reason, n := range f.Door.Refused {
		counter(m.doorRefused, n, reason)
	}
}
