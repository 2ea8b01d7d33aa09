package load

import (
	"sync"
	"time"
)

// Stats is what the users have lived through so far.
type Stats struct {
	// Users is how many there are, Connected how many of them have a session at this moment.
	Users     int `json:"users"`
	Connected int `json:"connected"`
	// Ready counts sessions that came up, Lost those that ended against the user's will, Closed those it ended itself.
	Ready  uint64 `json:"ready_total"`
	Lost   uint64 `json:"lost_total"`
	Closed uint64 `json:"closed_total"`
	// Attempts counts connections begun, Failures those that ended before READY.
	Attempts uint64 `json:"attempts_total"`
	Failures uint64 `json:"failures_total"`
	// ConnectedSeconds is the integral of Connected over time, up to At.
	ConnectedSeconds float64   `json:"connected_seconds"`
	At               time.Time `json:"at"`
}

// tally is the owner of the counters. Every change of the connected users first settles the time up to it.
type tally struct {
	mu        sync.Mutex // owns everything below
	stats     Stats
	settled   time.Time
	seconds   int64 // the integral, in parts: nanoseconds alone would overflow within a day at 100,000 users
	nanos     int64
	lastError error
}

func newTally(users int, now time.Time) *tally {
	return &tally{stats: Stats{Users: users}, settled: now}
}

func (t *tally) attempted() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Attempts++
}

func (t *tally) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Failures++
	t.lastError = err
}

func (t *tally) connected(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	t.stats.Ready++
	t.stats.Connected++
}

func (t *tally) ended(now time.Time, own bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	t.stats.Connected--
	if own {
		t.stats.Closed++
	} else {
		t.stats.Lost++
	}
}

// read returns the counters as they are at now, and why the last attempt failed.
func (t *tally) read(now time.Time) (Stats, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	s := t.stats
	s.ConnectedSeconds = float64(t.seconds) + float64(t.nanos)/float64(time.Second)
	s.At = t.settled
	return s, t.lastError
}

// settle adds the time since the last change. Callers read the clock before they get the lock, so that now may lie before
// the change that another caller made meanwhile: then there is nothing to add.
func (t *tally) settle(now time.Time) {
	passed := now.Sub(t.settled)
	if passed <= 0 {
		return
	}
	t.settled = now
	users := int64(t.stats.Connected)
	t.seconds += users * int64(passed/time.Second)
	t.nanos += users * int64(passed%time.Second)
	t.seconds += t.nanos / int64(time.Second)
	t.nanos %= int64(time.Second)
}
