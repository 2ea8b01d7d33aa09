package observe

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/actors"
)

const (
	// maxSeries is how many supervisors, and how many services, have series of
	// their own. All others share one.
	maxSeries = 200
	// maxLabelBytes is how much of a label's value is kept.
	maxLabelBytes = 200
	// maxWords is how many combinations of words (kinds and classes of exits) are
	// counted apart; there are about a dozen.
	maxWords = 64
	// other is the label of those that share their series.
	other = "other"
)

// Metrics counts events for Prometheus: register it as a collector and give its
// Observe to a runtime. What it counts comes from the stream, so it knows what
// happened since it began to listen; one Metrics is for one runtime or one
// supervisor. What changes with time alone it reads from the runtime, once it was
// told to [Metrics.Follow] it.
//
// A series of a supervisor or service begins at zero with its first event and
// stays. The names and labels are listed in docs/OPERATING.md.
type Metrics struct {
	// Fixed at construction.
	ofSupervisors supervisorMetrics
	ofServices    serviceMetrics
	ofVitals      vitalMetrics

	mu          sync.Mutex
	supervisors family[supervisorSeries]
	services    family[serviceSeries]
	living      map[string]*standing  // supervisors that are there, by path
	directories map[string]*directory // by service
	follow      func() actors.Vitals  // nil until Follow
}

// NewMetrics returns a collector that has seen nothing.
func NewMetrics() *Metrics {
	return &Metrics{
		ofSupervisors: describeSupervisors(), ofServices: describeServices(), ofVitals: describeVitals(),
		supervisors: make(family[supervisorSeries]),
		services:    make(family[serviceSeries]),
		living:      make(map[string]*standing),
		directories: make(map[string]*directory),
	}
}

// Observe takes one event. It may be called from any goroutine and does not
// block.
func (m *Metrics) Observe(e actors.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.Supervisor != "" {
		m.supervised(&e)
	}
	if e.Service != "" {
		m.served(&e)
	}
}

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range slices.Concat(m.ofSupervisors.all(), m.ofServices.all(), m.ofVitals.all()) {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	for _, s := range m.read() {
		out <- prometheus.MustNewConstMetric(s.desc, s.kind, s.value, s.labels...)
	}
}

// read copies the numbers and makes nothing of them yet: Observe waits meanwhile,
// and with it a supervisor.
func (m *Metrics) read() sheet {
	vitals, follows := m.vitals()
	m.mu.Lock()
	defer m.mu.Unlock()
	var s sheet
	m.readSupervisors(&s)
	m.readServices(&s)
	if follows {
		m.readVitals(&s, vitals)
	}
	return s
}

// family is the series of one kind of thing by label. What comes after the
// first maxSeries of them shares one.
type family[T any] map[string]*T

// of returns the series for a name. The label is made of it first, so that two
// names which give the same one cannot become the same series twice.
func (f family[T]) of(name string) *T {
	label := f.label(name)
	series, known := f[label]
	if !known {
		series = new(T)
		f[label] = series
	}
	return series
}

// label is the label that a name has, or will have with its first event.
func (f family[T]) label(name string) string {
	label := name
	if len(label) > maxLabelBytes {
		label = label[:maxLabelBytes]
	}
	label = strings.ToValidUTF8(label, "\uFFFD")
	if _, known := f[label]; !known && len(f) >= maxSeries {
		return other
	}
	return label
}

// tally counts by two words.
type tally map[[2]string]uint64

func (t *tally) add(a, b string) {
	words := [2]string{a, b}
	if _, known := (*t)[words]; !known && (len(*t) >= maxWords || !utf8.ValidString(a) || !utf8.ValidString(b)) {
		words = [2]string{other, other}
	}
	if *t == nil {
		*t = make(tally)
	}
	(*t)[words]++
}

// counted is a metric that counts the events of one kind.
type counted struct {
	kind actors.EventKind
	desc *prometheus.Desc
}

// sheet is what one collection brings.
type sheet []sample

type sample struct {
	desc   *prometheus.Desc
	kind   prometheus.ValueType
	value  float64
	labels []string // valid UTF-8
}

func (s *sheet) counter(d *prometheus.Desc, value uint64, labels ...string) {
	*s = append(*s, sample{d, prometheus.CounterValue, float64(value), labels})
}

func (s *sheet) gauge(d *prometheus.Desc, value float64, labels ...string) {
	*s = append(*s, sample{d, prometheus.GaugeValue, value, labels})
}

// describe makes the description of a metric. The name is without the prefix
// that all have.
func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("firebreak_"+name, help, labels, nil)
}
