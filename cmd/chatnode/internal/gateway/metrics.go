package gateway

import "github.com/prometheus/client_golang/prometheus"

// Metrics shows a server's sessions to Prometheus, as they are at the moment in which it is asked.
type Metrics struct {
	server                                    *Server
	open, ready, parked, goodput              *prometheus.Desc
	identified, failed, rejected, resumed, no *prometheus.Desc
}

// NewMetrics returns a collector of the server's counters.
func NewMetrics(s *Server) *Metrics {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc("chatnode_"+name, help, nil, nil) }
	return &Metrics{
		server:     s,
		open:       desc("connections", "Open sockets."),
		ready:      desc("sessions_ready", "Sessions with a client."),
		parked:     desc("sessions_parked", "Sessions that wait for a client whose connection broke."),
		goodput:    desc("goodput", "Sessions that became ready a second, over the last five seconds."),
		identified: desc("identified_total", "Sessions begun."),
		failed:     desc("identify_failed_total", "Bad tokens, tokens that came too often, and users that could not be loaded."),
		rejected:   desc("identify_rejected_total", "Identifies sent away because too many wanted to at once."),
		resumed:    desc("resumed_total", "Sessions resumed on this node."),
		no:         desc("resume_refused_total", "Resumes that were refused."),
	}
}

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, out) }

// Collect implements [prometheus.Collector].
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	s := m.server.Stats()
	for desc, value := range map[*prometheus.Desc]float64{
		m.open: float64(s.Sessions), m.ready: float64(s.Ready), m.parked: float64(s.Parked), m.goodput: s.Goodput,
	} {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
	for desc, n := range map[*prometheus.Desc]uint64{
		m.identified: s.Identified, m.failed: s.IdentifyFailed, m.rejected: s.IdentifyRejected, m.resumed: s.Resumed, m.no: s.ResumeRefused,
	} {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n))
	}
}
