package load

import (
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

func TestDelaysGrowUntilASessionWasHealthy(t *testing.T) {
	t.Parallel()
	policy := backoff.Policy{Base: time.Second, Cap: 8 * time.Second, Jitter: backoff.None, Healthy: 5 * time.Second}
	u := newUser(0, 1, "t", nil)
	steps := []struct {
		name      string
		connected time.Duration
		want      time.Duration
	}{
		{"first failure", 0, time.Second},
		{"second failure", 0, 2 * time.Second},
		{"a session too short to count", 5*time.Second - 1, 4 * time.Second},
		{"at the cap", 0, 8 * time.Second},
		{"still at the cap", 0, 8 * time.Second},
		{"a healthy session", 5 * time.Second, time.Second},
		{"the next failure", 0, 2 * time.Second},
	}
	for _, s := range steps {
		if got := u.nextDelay(policy, s.connected); got != s.want {
			t.Errorf("%s: got %v, want %v", s.name, got, s.want)
		}
	}
}

// What a user draws depends on the seed and its number alone.
func TestDrawsAreSeeded(t *testing.T) {
	t.Parallel()
	draws := func(number int, seed uint64) []int {
		u := newUser(number, seed, "t", nil)
		out := make([]int, 20)
		for i := range out {
			out[i] = u.random.IntN(1000)
		}
		return out
	}
	same, other, reseeded := draws(1, 7), draws(2, 7), draws(1, 8)
	if !slices.Equal(same, draws(1, 7)) {
		t.Errorf("user 1, seed 7: got two different sequences, want the same")
	}
	if slices.Equal(same, other) || slices.Equal(same, reseeded) {
		t.Errorf("another user or seed: got the same sequence, want another")
	}
}

func TestStartDelay(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		number int
		rate   float64
		want   time.Duration
	}{
		{"all at once", 1999, 0, 0},
		{"the first", 0, 500, 0},
		{"the last of 2000", 1999, 500, 3998 * time.Millisecond},
		{"slower than one a second", 3, 0.5, 6 * time.Second},
		{"hardly any", 1, 1e-300, maxStartSeconds * time.Second},
	}
	for _, r := range rows {
		if got := startDelay(r.number, r.rate); got != r.want {
			t.Errorf("%s: got %v, want %v", r.name, got, r.want)
		}
	}
}
