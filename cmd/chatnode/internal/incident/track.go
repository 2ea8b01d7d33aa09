package incident

import (
	"slices"
	"time"
)

// track is one signal and its recent past.
type track struct {
	cfg    Config
	signal Signal

	last [readings]float64 // the newest readings, in a ring
	n    int               // how many there were since the last silence
	at   time.Time         // of the newest

	past [buckets]bucket // the levels of the window, in a ring by time

	// fixed is the baseline while an incident is open, since then.
	fixed   float64
	isFixed bool
	since   time.Time
}

// bucket is a piece of the window: the highest level in it.
type bucket struct {
	number int64 // which piece, counted from the zero time; 0 for an empty one
	level  float64
}

// read takes a reading in. What was read before a silence says nothing about now.
func (t *track) read(now time.Time, value float64) {
	if t.silent(now) {
		t.n = 0
	}
	t.last[t.n%readings] = value
	t.n++
	t.at = now
	if level, ok := t.level(now); ok {
		t.remember(now, level)
	}
}

func (t *track) silent(now time.Time) bool { return now.Sub(t.at) > t.cfg.Forget }

// level is the running median; there is none before five readings, nor in silence.
func (t *track) level(now time.Time) (float64, bool) {
	if t.n < readings || t.silent(now) {
		return 0, false
	}
	sorted := t.last
	slices.Sort(sorted[:])
	return sorted[readings/2], true
}

func (t *track) number(at time.Time) int64 {
	width := max(t.cfg.Window/buckets, 1)
	return at.UnixNano()/int64(width) + 1
}

func (t *track) remember(now time.Time, level float64) {
	number := t.number(now)
	b := &t.past[uint64(number)%buckets]
	if b.number != number {
		*b = bucket{number, level}
	}
	b.level = max(b.level, level)
}

// baseline is what the signal is compared with: the best level of the window where
// more is better, the middle one where less is.
func (t *track) baseline(now time.Time) (float64, bool) {
	if t.isFixed {
		return t.fixed * (1 - t.drift(now)), true
	}
	levels := make([]float64, 0, buckets)
	newest := t.number(now)
	for _, b := range t.past {
		if b.number != 0 && b.number > newest-buckets && b.number <= newest {
			levels = append(levels, b.level)
		}
	}
	if len(levels) == 0 {
		return 0, false
	}
	slices.Sort(levels)
	if t.signal.better() {
		return levels[len(levels)-1], true
	}
	return levels[len(levels)/2], true
}

// drift is the part that nobody misses any more.
func (t *track) drift(now time.Time) float64 {
	if t.signal != Sessions {
		return 0
	}
	return min(t.cfg.Drift*max(now.Sub(t.since).Hours(), 0), 1)
}

// fix lets the baseline stand still; one that is not known yet is still learned.
func (t *track) fix(now time.Time) {
	if baseline, ok := t.baseline(now); ok && !t.isFixed {
		t.fixAt(now, baseline)
	}
}

func (t *track) fixAt(since time.Time, baseline float64) {
	t.fixed, t.isFixed, t.since = baseline, true, since
}

// free lets the past begin anew: what is now is what comes next is compared with.
func (t *track) free(now time.Time) {
	t.isFixed, t.past = false, [buckets]bucket{}
	if level, ok := t.level(now); ok {
		t.remember(now, level)
	}
}

// severity is how bad the signal is now; it is unknown while there is no level or
// nothing to compare it with.
func (t *track) severity(now time.Time, slack float64) (s Severity, known bool) {
	level, ok := t.level(now)
	if !ok {
		return None, false
	}
	baseline, ok := t.baseline(now)
	if !ok {
		return None, false
	}
	return t.cfg.judge(t.signal, baseline, level, slack), true
}

// forgotten says that the signal has been silent for so long that it does not count
// as bad any more.
func (t *track) forgotten(now time.Time) bool { return now.Sub(t.at) > t.cfg.Forget+t.cfg.Window }
