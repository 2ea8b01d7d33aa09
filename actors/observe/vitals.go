package observe

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/actors"
)

// vitalMetrics are read from the runtime with each collection.
type vitalMetrics struct {
	stuck, left, leftSeconds, rate, silence, confirmed *prometheus.Desc
}

func describeVitals() vitalMetrics {
	return vitalMetrics{
		stuck: describe("calls_stuck", "Calls of consumers and decoders that were left behind and have not come back; each holds a goroutine."),
		left: describe("source_history_left",
			"Writes of the whole keyspace that may still come before the registry has forgotten what the directory's watch has not read.", "service"),
		leftSeconds: describe("source_history_left_seconds", "How long that lasts at the present rate of writes; +Inf where nobody writes.", "service"),
		rate:        describe("source_writes_per_second", "Writes of the whole keyspace in a second, renewals included; 0 while it is not known.", "service"),
		silence: describe("source_watch_silence_seconds",
			"Time since a watch of the directory was last answered, or since the first listing if none ever was. It grows where nobody writes.", "service"),
		confirmed: describe("source_confirmed_age_seconds", "Time since the registry last answered a listing or told a change: the age of what is believed.", "service"),
	}
}

func (v vitalMetrics) all() []*prometheus.Desc {
	return []*prometheus.Desc{v.stuck, v.left, v.leftSeconds, v.rate, v.silence, v.confirmed}
}

// Follow adds to the metrics what a runtime tells by no event: give it the
// Vitals method of the runtime that is observed. It is called once with each
// collection, from any goroutine. A second call replaces the first.
func (m *Metrics) Follow(vitals func() actors.Vitals) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow = vitals
}

// vitals asks without the lock: Observe must not wait for it.
func (m *Metrics) vitals() (actors.Vitals, bool) {
	m.mu.Lock()
	follow := m.follow
	m.mu.Unlock()
	if follow == nil {
		return actors.Vitals{}, false
	}
	return follow(), true
}

// worst is the one of the services of a label that is worst off, in each number.
type worst struct {
	known, confirmed, watched                        bool
	left, leftSeconds, rate, silence, confirmedSince float64
}

func (w *worst) add(s actors.SourceVitals) {
	if s.Known {
		left, seconds := float64(s.Left), s.LeftSeconds()
		if !w.known {
			w.left, w.leftSeconds = left, seconds
		}
		w.left, w.leftSeconds, w.rate = min(w.left, left), min(w.leftSeconds, seconds), max(w.rate, s.Rate)
		w.known = true
	}
	if s.Confirmed >= 0 {
		w.confirmed, w.confirmedSince = true, max(w.confirmedSince, s.Confirmed.Seconds())
	}
	if s.WatchSilence >= 0 {
		w.watched, w.silence = true, max(w.silence, s.WatchSilence.Seconds())
	}
}

// readVitals is called with the lock held. A service gets its label here if it
// has had no event yet, so that labels stay bounded.
func (m *Metrics) readVitals(s *sheet, vitals actors.Vitals) {
	d := &m.ofVitals
	s.gauge(d.stuck, float64(vitals.Stuck))
	labels := make(map[string]*worst)
	for _, source := range vitals.Sources {
		label := m.services.label(source.Service)
		m.services.of(source.Service)
		if labels[label] == nil {
			labels[label] = &worst{}
		}
		labels[label].add(source)
	}
	for label, w := range labels {
		if w.known {
			s.gauge(d.left, w.left, label)
			s.gauge(d.leftSeconds, w.leftSeconds, label)
			s.gauge(d.rate, w.rate, label)
		}
		if w.watched {
			s.gauge(d.silence, w.silence, label)
		}
		if w.confirmed {
			s.gauge(d.confirmed, w.confirmedSince, label)
		}
	}
}
