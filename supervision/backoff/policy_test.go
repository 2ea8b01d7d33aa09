package backoff_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

func TestDelay(t *testing.T) {
	const ms = time.Millisecond
	plain := backoff.Policy{Base: 100 * ms, Cap: time.Second, Jitter: backoff.None}
	full := backoff.Policy{Base: 100 * ms, Cap: time.Second}
	equal := backoff.Policy{Base: 100 * ms, Cap: time.Second, Jitter: backoff.Equal}
	tests := []struct {
		name    string
		policy  backoff.Policy
		attempt int
		rnd     float64
		want    time.Duration
	}{
		{"zero policy does not wait", backoff.Policy{}, 7, 0.9, 0},
		{"first attempt waits the base", plain, 1, 0, 100 * ms},
		{"second attempt waits twice", plain, 2, 0, 200 * ms},
		{"last below the cap", plain, 4, 0, 800 * ms},
		{"first at the cap", plain, 5, 0, time.Second},
		{"attempt 0 counts as the first", plain, 0, 0, 100 * ms},
		{"negative attempt counts as the first", plain, math.MinInt, 0, 100 * ms},
		{"attempts without end stay at the cap", plain, math.MaxInt, 0, time.Second},
		{"full jitter draws from zero", full, 3, 0, 0},
		{"full jitter at a half", full, 3, 0.5, 200 * ms},
		{"full jitter stays below its ceiling", full, 3, 0.999, 399600 * time.Microsecond},
		{"equal jitter keeps half", equal, 3, 0, 200 * ms},
		{"equal jitter at a half", equal, 3, 0.5, 300 * ms},
		{"random number above one is one", full, 1, 7, 100 * ms},
		{"negative random number is zero", full, 1, -1, 0},
		{"random number that is none is zero", full, 1, math.NaN(), 0},
		{"factor 1 is constant", backoff.Policy{Base: 100 * ms, Factor: 1, Jitter: backoff.None}, 50, 0, 100 * ms},
		{"factor that is no number stays at the cap", backoff.Policy{Base: 1, Cap: 5, Factor: math.NaN(), Jitter: backoff.None}, 2, 0, 5},
		{"no cap means the default cap", backoff.Policy{Base: time.Second, Jitter: backoff.None}, 99, 0, backoff.DefaultCap},
		{"no cap and a long base means the base", backoff.Policy{Base: time.Hour, Jitter: backoff.None}, 99, 0, time.Hour},
		{"longest duration does not overflow", backoff.Policy{Base: math.MaxInt64, Cap: math.MaxInt64, Jitter: backoff.None}, 3, 0, math.MaxInt64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.policy.Delay(tt.attempt, tt.rnd); got != tt.want {
				t.Errorf("delay: got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestDelayStaysInRange draws policies at random, valid or not: whatever they are, 0 <= delay <= cap.
func TestDelayStaysInRange(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 20_000 {
		p := backoff.Policy{
			Base: time.Duration(rng.Uint64()), Factor: math.Float64frombits(rng.Uint64()),
			Cap: time.Duration(rng.Int64()), Jitter: backoff.Jitter(rng.UintN(5)),
		}
		attempt, rnd := int(rng.Uint64()>>rng.UintN(64)), math.Float64frombits(rng.Uint64())
		if got := p.Delay(attempt, rnd); got < 0 || got > p.Cap {
			t.Fatalf("delay of %+v, attempt %d, rnd %v: got %v, want 0 to %v", p, attempt, rnd, got, p.Cap)
		}
	}
}

func TestResetAfter(t *testing.T) {
	tests := []struct {
		name   string
		policy backoff.Policy
		want   time.Duration
	}{
		{"healthy time given", backoff.Policy{Base: 1, Cap: time.Second, Healthy: time.Minute}, time.Minute},
		{"healthy time is the cap", backoff.Policy{Base: 1, Cap: time.Second}, time.Second},
		{"healthy time is the default cap", backoff.Policy{Base: 1}, backoff.DefaultCap},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.policy.ResetAfter(); got != tt.want {
				t.Errorf("reset after: got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		policy backoff.Policy
		want   string // part of the error; empty: valid
	}{
		{"zero policy", backoff.Policy{}, ""},
		{"base alone", backoff.Policy{Base: 1}, ""},
		{"cap equal to base", backoff.Policy{Base: 5, Cap: 5}, ""},
		{"factor one", backoff.Policy{Base: 5, Factor: 1}, ""},
		{"negative base", backoff.Policy{Base: -1}, "base -1ns is negative"},
		{"negative cap", backoff.Policy{Base: 1, Cap: -1}, "cap -1ns is negative"},
		{"negative healthy time", backoff.Policy{Base: 1, Healthy: -1}, "healthy time -1ns is negative"},
		{"cap below base", backoff.Policy{Base: 6, Cap: 5}, "cap 5ns is below base 6ns"},
		{"cap without base", backoff.Policy{Cap: 5}, "set a base"},
		{"shrinking factor", backoff.Policy{Base: 1, Factor: 0.9}, "factor 0.9"},
		{"factor not a number", backoff.Policy{Base: 1, Factor: math.NaN()}, "factor NaN"},
		{"infinite factor", backoff.Policy{Base: 1, Factor: math.Inf(1)}, "factor +Inf"},
		{"unknown jitter", backoff.Policy{Base: 1, Jitter: 3}, "jitter 3 is unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.policy.Validate()
			if tt.want == "" && err != nil {
				t.Fatalf("validate: got %v, want no error", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Fatalf("validate: got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestJitterString(t *testing.T) {
	for j, want := range map[backoff.Jitter]string{backoff.Full: "full", backoff.Equal: "equal", backoff.None: "none", 9: "jitter(9)"} {
		if got := j.String(); got != want {
			t.Errorf("jitter: got %q, want %q", got, want)
		}
	}
}
