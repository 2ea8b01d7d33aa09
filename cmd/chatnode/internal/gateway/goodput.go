package gateway

import "time"

// goodputReadings is how many readings, sweepInterval apart, goodput looks back over: five intervals.
const goodputReadings = 6

// goodput remembers how many sessions had become ready, lately.
type goodput struct {
	readings [goodputReadings]reading
	n        int
}

type reading struct {
	at    time.Time
	total uint64
}

func (g *goodput) add(at time.Time, total uint64) {
	if g.n == len(g.readings) {
		copy(g.readings[:], g.readings[1:])
		g.n--
	}
	g.readings[g.n] = reading{at, total}
	g.n++
}

// perSecond is zero until there are two readings.
func (g *goodput) perSecond() float64 {
	if g.n < 2 {
		return 0
	}
	first, last := g.readings[0], g.readings[g.n-1]
	return float64(last.total-first.total) / last.at.Sub(first.at).Seconds()
}

// measure reads what goodput needs.
func (s *Server) measure(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.goodput.add(now, s.stats.Identified+s.stats.Resumed)
}
