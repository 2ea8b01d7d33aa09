package rest

import (
	"sync"
	"time"
)

const (
	// maxWindows bounds what is remembered; beyond it whoever has no window waits.
	maxWindows = 65_536
	// globalRoute is the route of the window that all calls of a user share.
	globalRoute = -1
)

// limit is how many calls one window takes.
type limit struct {
	count int
	per   time.Duration
}

// window counts calls until it ends; the zero one has ended.
type window struct {
	left int
	ends time.Time
}

// verdict is what a window says of one call.
type verdict struct {
	ok    bool
	limit int
	left  int
	ends  time.Time
}

// take counts a call, and begins a new window when this one has ended.
func (w window) take(l limit, now time.Time) (window, verdict) {
	if !now.Before(w.ends) {
		w = window{left: l.count, ends: now.Add(l.per)}
	}
	ok := w.left > 0
	if ok {
		w.left--
	}
	return w, verdict{ok: ok, limit: l.count, left: w.left, ends: w.ends}
}

// bucket is whose calls share a window: one user's, of one route, on one channel
// or guild.
type bucket struct {
	user  uint64
	route int
	major uint64
}

// limits remembers the windows.
type limits struct {
	mu      sync.Mutex
	windows map[bucket]window
	swept   time.Time // when ended windows were last thrown away
}

func newLimits() *limits { return &limits{windows: make(map[bucket]window)} }

// take counts a call in the window of its bucket.
func (ls *limits) take(b bucket, l limit, now time.Time) verdict {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	w, known := ls.windows[b]
	if !known && len(ls.windows) >= maxWindows && !ls.sweep(now) {
		return verdict{limit: l.count, ends: now.Add(time.Second)}
	}
	w, v := w.take(l, now)
	ls.windows[b] = w
	return v
}

// sweep throws ended windows away, once a second at most, and reports whether
// there is room.
func (ls *limits) sweep(now time.Time) bool {
	if now.Sub(ls.swept) >= time.Second {
		ls.swept = now
		for b, w := range ls.windows {
			if !now.Before(w.ends) {
				delete(ls.windows, b)
			}
		}
	}
	return len(ls.windows) < maxWindows
}
