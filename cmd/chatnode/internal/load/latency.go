package load

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// What latencies can be told apart: from a microsecond to longestLatency, at three digits. What is longer counts as that.
const (
	longestLatency = 10 * time.Minute
	latencyDigits  = 3
)

// Latency is how long something took, in milliseconds.
type Latency struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// stopwatch collects latencies. It is safe for concurrent use.
type stopwatch struct {
	mu        sync.Mutex
	histogram *hdrhistogram.Histogram
}

func newStopwatch() *stopwatch {
	return &stopwatch{histogram: hdrhistogram.New(1, longestLatency.Microseconds(), latencyDigits)}
}

func (w *stopwatch) record(took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	// Within the bounds there is no error.
	_ = w.histogram.RecordValue(min(max(took.Microseconds(), 1), longestLatency.Microseconds()))
}

func (w *stopwatch) read() Latency {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.histogram.TotalCount() == 0 {
		return Latency{}
	}
	at := func(q float64) float64 { return float64(w.histogram.ValueAtQuantile(q)) / 1000 }
	return Latency{
		Count: w.histogram.TotalCount(), P50: at(50), P90: at(90), P99: at(99),
		Max: float64(w.histogram.Max()) / 1000,
	}
}
