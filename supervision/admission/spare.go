package admission

import (
	"math"
	"time"
)

// How a measured ramp moves. Recovery is slower by as much as the rate is too low, and fails where it is too high, so it
// rises a step a report and falls at once.
const (
	// firstStep multiplies the rate while it has never been too high, and once that is long ago.
	firstStep = 1.5
	// nearStep multiplies it from the last rate that was too high, less this step, on; beyond that rate each further step
	// is larger by as much, as what lies there is less and less likely to be too high for the same reason.
	nearStep = 1.1
	// retreat of what was got done while there was nothing to spare is what is granted next: a little less, so that
	// what has piled up is worked off.
	retreat = 0.85
	// used is the part of its rate that has to be granted for a climb: what nobody asked for proves nothing.
	used = 0.8
	// slowFactor times the best latency of the last minute, and slowBy more, is congestion. 20 ms of waiting is where
	// WeChat's DAGOR (SoCC 2018) sees overload; the factor is that of Netflix's gradient limits. It takes two reports one
	// after the other: a single one may be a pause of this process's own.
	slowFactor  = 2
	slowBy      = 20 * time.Millisecond
	slowReports = 2
	// slowSamples is how many calls a mean is worth looking at.
	slowSamples = 5
	// window is half of the time in which the best latency is looked for, and how long a rate that was too high is
	// remembered.
	window = 30 * time.Second
)

// Report is what was measured of granted work since the report before.
type Report struct {
	// Over is the time that it covers.
	Over time.Duration
	// Done is how much of it was finished and was of use, Refused how much was turned away or failed for want of
	// capacity: a wrong token is Done.
	Done, Refused int
	// InFlight is how much is under way, Limit how much may be; Limit 0 is no limit.
	InFlight, Limit int
	// Latency is the mean of what is Done.
	Latency time.Duration
}

// spare follows the capacity that is left.
type spare struct {
	rate, floor, ceiling float64
	tooHigh              float64 // the lowest rate that was too high lately; 0: none
	tooHighAt            time.Duration
	beyond               float64          // steps beyond that rate
	slow                 int              // reports in a row that were slow
	best                 [2]time.Duration // latencies of this half and of the half before; 0: not known
	halfAt               time.Duration
	granted              int // since the last report
}

func newSpare(cfg Config, now time.Duration) spare {
	return spare{rate: cfg.Start, floor: cfg.Floor, ceiling: cfg.Ceiling, halfAt: now}
}

// take moves the rate by a report. waiting says that somebody would have used more.
func (s *spare) take(now time.Duration, r Report, waiting bool) {
	granted := s.granted
	s.granted = 0
	if r.Over <= 0 {
		return
	}
	if s.tooHigh > 0 && now-s.tooHighAt > window {
		s.tooHigh = 0
	}
	seconds := r.Over.Seconds()
	switch {
	case s.congested(now, r):
		s.fall(now, float64(max(r.Done, 0))/seconds)
	case s.slow == 0 && r.Done > 0 && (waiting || float64(granted) >= used*s.rate*seconds):
		s.climb()
	}
}

// fall goes below what was got done. A rate that is there already stays: what is slow now was granted before.
func (s *spare) fall(now time.Duration, doneRate float64) {
	target := doneRate * retreat
	if target >= s.rate {
		return
	}
	if s.tooHigh == 0 || s.rate < s.tooHigh {
		s.tooHigh = s.rate
	}
	s.tooHighAt, s.beyond = now, 0
	s.set(target)
}

func (s *spare) climb() {
	step := firstStep
	if s.tooHigh > 0 && s.rate*firstStep > s.tooHigh/nearStep {
		step = min(nearStep+s.beyond*(nearStep-1), firstStep)
	}
	s.set(s.rate * step)
	if s.tooHigh > 0 && s.rate > s.tooHigh {
		s.beyond++
	}
}

func (s *spare) set(rate float64) {
	if math.IsNaN(rate) {
		rate = s.floor
	}
	s.rate = min(max(rate, s.floor), s.ceiling)
}

// congested looks at the signs of too much: refusals, nothing left of the limit, and answers that take longer than they
// did at their best.
func (s *spare) congested(now time.Duration, r Report) bool {
	if now-s.halfAt > window {
		s.best = [2]time.Duration{0, s.best[0]}
		s.halfAt = now
	}
	slow := false
	if r.Done >= slowSamples && r.Latency > 0 {
		if best := s.bestLatency(); best > 0 {
			slow = r.Latency > slowFactor*best+slowBy
		}
		if s.best[0] == 0 || r.Latency < s.best[0] {
			s.best[0] = r.Latency
		}
	}
	if s.slow++; !slow {
		s.slow = 0
	}
	return s.slow >= slowReports || r.Refused > 0 || (r.Limit > 0 && r.InFlight >= r.Limit)
}

func (s *spare) bestLatency() time.Duration {
	switch {
	case s.best[0] == 0:
		return s.best[1]
	case s.best[1] == 0:
		return s.best[0]
	}
	return min(s.best[0], s.best[1])
}
