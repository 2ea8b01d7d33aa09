package desk

import (
	"math"
	"time"
)

// windowTime is how long one window of the recent past is. Figures are of the
// present and the previous one.
const windowTime = 5 * time.Second

// Report is how busy a desk is and was.
type Report struct {
	// Busy of Limit workers have work; Limit does not count those set aside.
	Busy  int `json:"busy"`
	Limit int `json:"limit"`
	Aside int `json:"set_aside"`
	// Waiting calls are queued, at most Queue.
	Waiting int `json:"waiting"`
	Queue   int `json:"queue"`
	// InFlight is Busy and Waiting together.
	InFlight int `json:"in_flight"`
	// Served calls were worked on. Refused ones found no room, Late ones could not
	// have been answered in time, Gone ones went away.
	Served  uint64 `json:"served"`
	Refused uint64 `json:"refused"`
	Late    uint64 `json:"late"`
	Gone    uint64 `json:"gone"`
	// BusySeconds is the integral of Busy over time: its growth over a time,
	// divided by that time and Limit, is the utilisation.
	BusySeconds float64 `json:"busy_seconds"`
	// HeldMS is the mean time for which a worker was held lately.
	HeldMS float64 `json:"held_ms"`
	// P50MS and P99MS are of the time from a call's arrival to its end, over the
	// last five to ten seconds, each at most a tenth above the true one.
	P50MS float64 `json:"p50_ms"`
	P99MS float64 `json:"p99_ms"`
	// QueueAgeMS is how long the one in front has waited; QueueAgeMaxMS is the
	// longest that anybody waited in the last five to ten seconds.
	QueueAgeMS    float64 `json:"queue_age_ms"`
	QueueAgeMaxMS float64 `json:"queue_age_ms_max"`
}

// Occupancy is what of a report costs nothing to know.
type Occupancy struct{ Busy, Limit, Waiting int }

// Occupancy says how busy the desk is now.
func (d *Desk) Occupancy() Occupancy { return Occupancy{d.busy, d.workers(), d.queue.Len()} }

// Report returns the current figures.
func (d *Desk) Report(now time.Time) Report {
	d.tally.work(now, d.busy)
	d.tally.turn(now)
	r := Report{
		Busy: d.busy, Limit: d.workers(), Aside: d.aside, Waiting: d.queue.Len(), Queue: d.cfg.Queue,
		InFlight: d.busy + d.queue.Len(),
		Served:   d.tally.served, Refused: d.tally.full, Late: d.tally.late, Gone: d.tally.gone,
		BusySeconds: d.tally.busy, HeldMS: ms(d.held),
		P50MS: ms(d.tally.quantile(0.50)), P99MS: ms(d.tally.quantile(0.99)),
	}
	if front := d.queue.Front(); front != nil {
		if t, ok := front.Value.(*Ticket); ok {
			r.QueueAgeMS = ms(now.Sub(t.arrived))
		}
	}
	r.QueueAgeMaxMS = max(r.QueueAgeMS, ms(max(d.tally.now.oldest, d.tally.before.oldest)))
	return r
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// tally counts what a desk did.
type tally struct {
	served, full, late, gone uint64

	busy   float64   // worker-seconds
	worked time.Time // up to when busy was counted

	now, before window
}

// work counts that so many workers were busy since the last time.
func (t *tally) work(now time.Time, busy int) {
	if !t.worked.IsZero() && now.After(t.worked) {
		t.busy += now.Sub(t.worked).Seconds() * float64(busy)
	}
	if now.After(t.worked) {
		t.worked = now
	}
}

// took counts a call that was served.
func (t *tally) took(now time.Time, took time.Duration) {
	t.turn(now)
	t.now.counts[bucketOf(took)]++
	t.now.total++
}

// waited counts a wait that ended.
func (t *tally) waited(now time.Time, wait time.Duration) {
	t.turn(now)
	t.now.oldest = max(t.now.oldest, wait)
}

// turn begins a new window when the present one is over.
func (t *tally) turn(now time.Time) {
	age := now.Sub(t.now.began)
	if age < windowTime {
		return
	}
	t.before = window{}
	if age < 2*windowTime {
		t.before = t.now
	}
	t.now = window{began: now}
}

// window is one piece of the recent past.
type window struct {
	began  time.Time
	counts [buckets]uint32
	total  uint64
	oldest time.Duration
}

// Durations are counted in buckets of which eight are in each power of two of
// microseconds.
const (
	perOctave = 8
	octaves   = 32 // up to an hour
	buckets   = perOctave * octaves
)

func bucketOf(d time.Duration) int {
	if d < 2*time.Microsecond {
		return 0
	}
	n := int(math.Floor(perOctave * math.Log2(float64(d)/float64(time.Microsecond))))
	return min(n, buckets-1)
}

// upTo is the longest duration of a bucket.
func upTo(bucket int) time.Duration {
	return time.Duration(math.Exp2(float64(bucket+1)/perOctave) * float64(time.Microsecond))
}

// quantile is a duration that so large a part of the calls did not exceed; 0 when
// there were none.
func (t *tally) quantile(part float64) time.Duration {
	total := t.now.total + t.before.total
	if total == 0 {
		return 0
	}
	rank := uint64(math.Ceil(part * float64(total)))
	var seen uint64
	for i := range buckets {
		seen += uint64(t.now.counts[i]) + uint64(t.before.counts[i])
		if seen >= rank {
			return upTo(i)
		}
	}
	return upTo(buckets - 1)
}
