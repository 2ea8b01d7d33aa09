package cluster

import "time"

type sessionFigures struct {
	before   int
	lost     int64
	seconds  float64       // session-seconds lost
	recovery time.Duration // from the good write until the users were back
	back     bool          // they were, or never away, for the hold time
}

// sessions computes what the users felt, from the load's readings. The last
// reading up to the cut is the base line.
func (r *record) sessions(p poisoning) sessionFigures {
	samples := r.samples(p.cut)
	if len(samples) == 0 || p.cut.IsZero() {
		return sessionFigures{}
	}
	f := sessionFigures{before: samples[0].Connected}
	var had float64 // session-seconds that users did have
	for i, s := range samples[1:] {
		prev := samples[i]
		if s.Life == prev.Life {
			f.lost += s.Lost - prev.Lost
			had += s.Seconds - prev.Seconds
			continue
		}
		// A new load counts from zero; what the old one still held went with it.
		f.lost += int64(prev.Connected) + s.Lost
		had += s.Seconds
	}
	elapsed := samples[len(samples)-1].At.Sub(samples[0].At)
	f.seconds = max(0, round(float64(f.before)*elapsed.Seconds()-had, 3))
	f.recovery, f.back = recovery(samples, p.forwarded)
	return f
}

// samples returns the load's readings from the last one up to the cut.
func (r *record) samples(cut time.Time) []loadSampled {
	var samples []loadSampled
	for _, e := range r.events {
		s, ok := e.(loadSampled)
		if !ok {
			continue
		}
		if !s.At.After(cut) {
			samples = samples[:0]
		}
		samples = append(samples, s)
	}
	return samples
}

// recovery finds the reading from which on the users were back for good. It is
// zero when they never were below, and the time waited in vain when they are
// not back, or not for the hold time, at the last reading.
func recovery(samples []loadSampled, good time.Time) (after time.Duration, back bool) {
	if good.IsZero() {
		return 0, false
	}
	before, last := samples[0].Connected, samples[len(samples)-1]
	low := -1
	for i, s := range samples {
		if !enough(s.Connected, before) {
			low = i
		}
	}
	switch {
	case low < 0:
		return 0, true
	case low == len(samples)-1:
		return max(0, last.At.Sub(good)), false
	}
	regained := samples[low+1].At
	return max(0, regained.Sub(good)), last.At.Sub(regained) >= holdTime
}
