package replica

import (
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// Config tunes both machines. The zero value of each field is usable.
type Config struct {
	// Keep is how many changes an owner keeps for followers that are behind, KeepBytes how many bytes of them. 0 means 4,096
	// and 8 MiB.
	Keep, KeepBytes int
	// Window is how many revisions a follower may be sent that it has not said to have seen. 0 means 512.
	Window int
	// MaxEarly is how many changes may wait for their predecessors. 0 means 512.
	MaxEarly int
	// HoleWait is how long a missing change may still be on its way before it is read from the store. 0 means 150 ms.
	HoleWait time.Duration
	// IdleAfter is how long a machine stays that nobody needs: an owner without followers, a follower without sessions. 0
	// means 10 s.
	IdleAfter time.Duration
	// SeenEvery is how often a follower says how far it is, at least. 0 means 3 s. Who is silent for five times as long is
	// taken for gone, by the other side.
	SeenEvery time.Duration
	// AnswerWait is how long an owner may take to answer who wants to follow: it may have to claim the guild first. 0 means
	// 3 s.
	AnswerWait time.Duration
	// Grace is how long a guild may be without an owner before its sessions see it unavailable. 0 means 1 s.
	Grace time.Duration
	// Retry is how calls of the store, and attempts to follow, are tried again. The zero value means 50 ms, doubling to 2 s,
	// with full jitter.
	Retry backoff.Policy
	// Random returns a number in [0, 1) for the jitter. Required.
	Random func() float64
}

func (c Config) withDefaults() Config {
	for _, n := range []struct {
		field *int
		value int
	}{{&c.Keep, 4096}, {&c.KeepBytes, 8 << 20}, {&c.Window, 512}, {&c.MaxEarly, 512}} {
		if *n.field == 0 {
			*n.field = n.value
		}
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.HoleWait, 150 * time.Millisecond},
		{&c.IdleAfter, 10 * time.Second},
		{&c.SeenEvery, 3 * time.Second},
		{&c.AnswerWait, 3 * time.Second},
		{&c.Grace, time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.Retry == (backoff.Policy{}) {
		c.Retry = backoff.Policy{Base: 50 * time.Millisecond, Cap: 2 * time.Second}
	}
	return c
}

// silence is how long the other side may say nothing.
func (c Config) silence() time.Duration { return 5 * c.SeenEvery }

const (
	// ReadLimit is how many changes one Read asks for.
	ReadLimit = 1000
	// batchEvents and batchBytes bound one Changes message, which takes one event at least.
	batchEvents = 64
	batchBytes  = 256 << 10
	// seenAfter is after how many changes a follower says how far it is, before its time.
	seenAfter = 64
)
