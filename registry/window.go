package registry

import "time"

// windowSamples is over how many answers of the source its rate of writes is
// measured.
const windowSamples = 32

// ResumeWindow is how much of the source's history is left to a reader: when it
// has run out, changes are missed and a listing must make up for them.
type ResumeWindow struct {
	// Lag is how many writes, of the whole keyspace, came after the last one that
	// was read; Left is how many more may come.
	Lag, Left int
	// Rate is the keyspace's writes in a second, renewals included; 0 while it is
	// not known.
	Rate float64
	// For is how long Left lasts at that rate; 0 when the rate is 0 and there is
	// something left, which is for ever as far as is known.
	For time.Duration
}

// window estimates a [ResumeWindow] from the positions that the source tells.
type window struct {
	samples [windowSamples]sample
	n       int // samples taken; the newest is samples[(n-1)%windowSamples]
}

type sample struct {
	head Index
	at   time.Duration
}

// saw takes the source's position at a moment. One that went back begins anew.
func (w *window) saw(head Index, at time.Duration) {
	switch newest, known := w.newest(); {
	case known && head < newest.head:
		*w = window{}
	case known && at == newest.at:
		w.n-- // the same moment: the later position replaces the earlier
	}
	w.samples[w.n%windowSamples] = sample{head, at}
	w.n++
}

func (w *window) newest() (sample, bool) {
	if w.n == 0 {
		return sample{}, false
	}
	return w.samples[(w.n-1)%windowSamples], true
}

// rate is the writes in a second over the samples.
func (w *window) rate() float64 {
	newest, known := w.newest()
	if !known {
		return 0
	}
	oldest := w.samples[max(w.n-windowSamples, 0)%windowSamples]
	if newest.at <= oldest.at {
		return 0
	}
	return float64(newest.head-oldest.head) / (newest.at - oldest.at).Seconds()
}

// left is what remains of a history of the given size after a position. Between
// two answers the source is taken to go on at its rate.
func (w *window) left(history int, cursor Index, at time.Duration) ResumeWindow {
	newest, known := w.newest()
	if !known {
		return ResumeWindow{Left: history}
	}
	r := ResumeWindow{Rate: w.rate()}
	lag := max(float64(newest.head)-float64(cursor), 0) + r.Rate*(at-newest.at).Seconds()
	r.Lag = int(min(lag, 1<<30))
	r.Left = max(history-r.Lag, 0)
	if r.Rate > 0 {
		seconds := float64(r.Left) / r.Rate
		r.For = time.Duration(min(seconds, float64(1<<32)) * float64(time.Second))
	}
	return r
}

// Resume estimates how much of the source's history is left after what the view
// has seen, at the given moment.
func (v *View) Resume(now time.Time) ResumeWindow {
	at := v.clock.at + max(now.Sub(v.clock.last), 0)
	if v.clock.last.IsZero() {
		at = 0
	}
	return v.window.left(v.cfg.History, v.index, at)
}
