package admission

import "time"

// Meter makes [Report]s of calls: whoever does granted work tells it how each ended. The zero value is ready.
type Meter struct {
	since         time.Duration
	inFlight      int
	done, refused int
	sum           time.Duration
}

// Began counts a call that is under way.
func (m *Meter) Began() { m.inFlight++ }

// Ended counts its end: after how long, and whether it was refused, or failed, for want of capacity.
func (m *Meter) Ended(took time.Duration, refused bool) {
	m.inFlight--
	if refused {
		m.refused++
		return
	}
	m.done++
	m.sum += max(took, 0)
}

// Report returns what was measured since the report before, and begins anew.
func (m *Meter) Report(now time.Duration, limit int) Report {
	r := Report{Over: now - m.since, Done: m.done, Refused: m.refused, InFlight: m.inFlight, Limit: limit}
	if m.done > 0 {
		r.Latency = m.sum / time.Duration(m.done)
	}
	m.since, m.done, m.refused, m.sum = now, 0, 0, 0
	return r
}
