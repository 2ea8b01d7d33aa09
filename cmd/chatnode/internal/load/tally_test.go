package load

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The integral against one that looks at every nanosecond-exact interval on its own.
func TestConnectedTimeIsExact(t *testing.T) {
	t.Parallel()
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	now := start
	counters := newTally(1000, now)
	var users, want int64 // want is in nanoseconds: these few hours fit
	for range 5000 {
		passed := time.Duration(random.Int64N(int64(3 * time.Second)))
		now = now.Add(passed)
		want += users * int64(passed)
		switch random.IntN(4) {
		case 0, 1:
			counters.connected(now, false)
			users++
		case 2:
			if users > 0 {
				counters.ended(now, random.IntN(2) == 0)
				users--
			}
		case 3:
			counters.settle(now)
		}
		if got := counters.seconds*int64(time.Second) + counters.nanos; got != want {
			t.Fatalf("seed %d: connected nanoseconds: got %d, want %d", seed, got, want)
		}
	}
	s, _ := counters.read(now)
	if s.Connected != int(users) || s.Ready != s.Lost+s.Closed+uint64(users) {
		t.Errorf("seed %d: counters: got %+v, want %d connected", seed, s, users)
	}
}

func TestTallyAtTheEdges(t *testing.T) {
	t.Parallel()
	counters := newTally(2, start)
	counters.connected(start.Add(time.Second), false)
	counters.connected(start, true) // read its clock before the first, got the lock after it
	s, _ := counters.read(start.Add(1500 * time.Millisecond))
	if s.ConnectedSeconds != 1 {
		t.Errorf("two users for half a second: got %v s, want 1", s.ConnectedSeconds)
	}
	if !s.At.Equal(start.Add(1500 * time.Millisecond)) {
		t.Errorf("at: got %v, want the time of the reading", s.At)
	}
	// A million users for eleven years: far beyond what nanoseconds alone can hold.
	many := newTally(1_000_000, start)
	many.stats.Connected = 1_000_000
	many.settle(start.Add(100_000 * time.Hour))
	if s, _ := many.read(start); s.ConnectedSeconds != 1e6*3600*1e5 {
		t.Errorf("long run: got %v s, want %v", s.ConnectedSeconds, 1e6*3600*1e5)
	}
}

func TestConnectsPerSecond(t *testing.T) {
	t.Parallel()
	counters := newTally(10, start)
	for i, after := range []time.Duration{0, 900, 1000, 1100, 1999, 5500} {
		counters.connected(start.Add(after*time.Millisecond), i%2 == 1)
	}
	for _, row := range []struct {
		after     time.Duration
		last, max int
	}{{5500, 0, 3}, {6400, 1, 3}, {7100, 0, 3}} {
		s, _ := counters.read(start.Add(row.after * time.Millisecond))
		if s.PerSecond != row.last || s.PerSecondMax != row.max {
			t.Errorf("after %d ms: got %d in the last second and %d at most, want %d and %d", row.after, s.PerSecond, s.PerSecondMax, row.last, row.max)
		}
	}
	if s, _ := counters.read(start.Add(time.Minute)); s.Ready != 3 || s.Resumed != 3 {
		t.Errorf("counters: got %+v, want 3 ready and 3 resumed", s)
	}
}
