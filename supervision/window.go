package supervision

import "time"

// window remembers the restarts of the last period, in quarters, with their sum: O(1) a restart, amortised.
//
// A restart that does not fit is not remembered, for it is not made; hence the sum never exceeds the limit, and since an
// entry is at least a quarter, neither does the number of entries.
type window struct {
	limit  int // quarters; negative: unlimited
	period time.Duration
	grain  time.Duration
	ring   []charge
	head   int
	count  int
	used   int
}

type charge struct {
	at       time.Duration
	quarters int
}

// ringStart is room made in advance, so that usual intensities never allocate at a crash.
const ringStart = 32

func newWindow(in Intensity, grain time.Duration) window {
	w := window{limit: Unlimited, period: in.Period, grain: grain}
	if in.Restarts != Unlimited {
		w.limit = in.Restarts * quartersPerRestart
		w.ring = make([]charge, min(w.limit, ringStart))
	}
	return w
}

// admit counts a restart at the given time and reports whether it stays within the limit.
func (w *window) admit(now time.Duration, quarters int) bool {
	if quarters == 0 || w.limit < 0 {
		return true
	}
	now = floor(now, w.grain)
	w.forget(now)
	if w.used+quarters > w.limit {
		return false
	}
	w.push(charge{now, quarters})
	return true
}

// usedAt is the sum of what is inside the window at the given time, without changing anything.
func (w *window) usedAt(now time.Duration) int {
	now, used := floor(now, w.grain), w.used
	for i := 0; i < w.count; i++ {
		c := w.ring[(w.head+i)%len(w.ring)]
		if !w.expired(c.at, now) {
			break
		}
		used -= c.quarters
	}
	return used
}

func (w *window) forget(now time.Duration) {
	for w.count > 0 && w.expired(w.ring[w.head].at, now) {
		w.used -= w.ring[w.head].quarters
		w.head = (w.head + 1) % len(w.ring)
		w.count--
	}
}

// expired is exclusive at the edge: what happened exactly one period ago still counts. Unsigned subtraction keeps the
// distance right even between the two ends of the range.
func (w *window) expired(at, now time.Duration) bool {
	return now > at && uint64(now)-uint64(at) > uint64(w.period)
}

// push joins charges of one instant: with a grain, the ring then holds one entry a grain.
func (w *window) push(c charge) {
	w.used += c.quarters
	if w.count > 0 {
		if last := &w.ring[(w.head+w.count-1)%len(w.ring)]; last.at == c.at {
			last.quarters += c.quarters
			return
		}
	}
	if w.count == len(w.ring) {
		w.grow()
	}
	w.ring[(w.head+w.count)%len(w.ring)] = c
	w.count++
}

func (w *window) grow() {
	bigger := make([]charge, min(max(2*len(w.ring), 1), w.limit))
	for i := range w.count {
		bigger[i] = w.ring[(w.head+i)%len(w.ring)]
	}
	w.ring, w.head = bigger, 0
}

// floor cuts a time to a multiple of the grain, towards the past also before the origin; no grain leaves it exact.
func floor(now, grain time.Duration) time.Duration {
	if grain <= 0 {
		return now
	}
	rest := now % grain
	if rest < 0 {
		rest += grain
	}
	return now - rest
}
