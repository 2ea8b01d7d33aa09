package supervision

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestWindowEdges(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name     string
		grain    time.Duration
		first    time.Duration
		second   time.Duration
		admitted bool // the second, with one allowed in a second
	}{
		{"same instant", 0, 5 * s, 5 * s, false},
		{"exactly one period later still counts", 0, 5 * s, 6 * s, false},
		{"a nanosecond more does not", 0, 5 * s, 6*s + 1, true},
		{"before the origin", 0, -5 * s, -4 * s, false},
		{"across the origin", 0, -s / 2, s/2 + 1, true},
		{"the ends of the range do not wrap", 0, math.MinInt64, math.MaxInt64, true},
		{"grain: 1.2 s apart can be outside", s, 800 * time.Millisecond, 2 * s, true},
		{"grain: 1.8 s apart can be inside", s, 4 * s, 5800 * time.Millisecond, false},
		{"grain: last nanosecond inside", s, 4 * s, 6*s - 1, false},
		{"grain: first outside", s, 4 * s, 6 * s, true},
		{"grain: floor, not truncation, before the origin", s, -200 * time.Millisecond, s, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWindow(Intensity{Restarts: 1, Period: s}, tt.grain)
			if !w.admit(tt.first, quartersPerRestart) {
				t.Fatal("first restart: got refused, want admitted")
			}
			if got := w.admit(tt.second, quartersPerRestart); got != tt.admitted {
				t.Errorf("second restart admitted: got %v, want %v", got, tt.admitted)
			}
		})
	}
}

// naiveWindow keeps every admitted charge and counts again each time.
type naiveWindow struct {
	limit         int
	period, grain time.Duration
	charges       []charge
}

func (n *naiveWindow) read(now time.Duration) time.Duration {
	if n.grain == 0 {
		return now
	}
	return time.Duration(math.Floor(float64(now)/float64(n.grain))) * n.grain
}

func (n *naiveWindow) usedAt(now time.Duration) int {
	used := 0
	for _, c := range n.charges {
		if n.read(now)-n.read(c.at) <= n.period {
			used += c.quarters
		}
	}
	return used
}

func (n *naiveWindow) admit(now time.Duration, quarters int) bool {
	if quarters > 0 && n.usedAt(now)+quarters > n.limit {
		return false
	}
	n.charges = append(n.charges, charge{now, quarters})
	return true
}

func TestWindowAgainstNaive(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 40 {
		in := Intensity{Restarts: rng.IntN(200), Period: time.Duration(1+rng.IntN(40)) * time.Second}
		grain := []time.Duration{0, time.Second, 250 * time.Millisecond}[rng.IntN(3)]
		w := newWindow(in, grain)
		dumb := naiveWindow{limit: 4 * in.Restarts, period: in.Period, grain: grain}
		now := time.Duration(rng.IntN(20)-10) * time.Second
		pace := 1 + rng.IntN(6) // fast enough to fill the ring, or slow enough to empty it
		for range 400 {
			// Multiples of a quarter second, so that the edges are met and not only passed by.
			now += time.Duration(rng.IntN(pace)*rng.IntN(6)) * 250 * time.Millisecond
			quarters := rng.IntN(pace) % 5
			if got, want := w.usedAt(now), dumb.usedAt(now); got != want {
				t.Fatalf("%v, grain %v, at %v: used %d, want %d", in, grain, now, got, want)
			}
			if got, want := w.admit(now, quarters), dumb.admit(now, quarters); got != want {
				t.Fatalf("%v, grain %v, %d quarters at %v: admitted %v, want %v", in, grain, quarters, now, got, want)
			}
			if limit := 4*in.Restarts + 1; len(w.ring) > limit {
				t.Fatalf("%v: ring has %d entries, want at most %d", in, len(w.ring), limit)
			}
		}
	}
}

// TestWindowGrows lets the ring grow while its oldest entry is not in the first place.
func TestWindowGrows(t *testing.T) {
	in := Intensity{Restarts: 100, Period: 40 * time.Second}
	w, dumb := newWindow(in, 0), naiveWindow{limit: 400, period: in.Period}
	var times []time.Duration
	for i := range 10 {
		times = append(times, time.Duration(i)*time.Second)
	}
	for i := range 60 {
		times = append(times, 45*time.Second+time.Duration(i)*time.Millisecond)
	}
	for i := range 60 {
		times = append(times, time.Duration(46+i)*time.Second)
	}
	for _, now := range times {
		w.admit(now, 1)
		dumb.admit(now, 1)
		if got, want := w.usedAt(now), dumb.usedAt(now); got != want {
			t.Fatalf("used at %v: got %d, want %d", now, got, want)
		}
	}
	if len(w.ring) <= ringStart {
		t.Fatalf("ring: got room for %d, want more than at the start", len(w.ring))
	}
}

// TestRosterAgainstSlice adds and removes at random and compares order and lookups with a plain slice.
func TestRosterAgainstSlice(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	r := newRoster(0)
	var want []string
	seen := map[Ref]bool{}
	for step := range 3000 {
		if len(want) == 0 || rng.IntN(2) == 0 {
			id := string(rune('a'+rng.IntN(26))) + time.Duration(step).String()
			c := r.add(ChildSpec{ID: id})
			c.ref = c.ref.following()
			if seen[c.ref] {
				t.Fatalf("step %d: ref %v was given out before", step, c.ref)
			}
			seen[c.ref] = true
			want = append(want, id)
		} else {
			i := rng.IntN(len(want))
			c := r.named(want[i])
			old := c.ref
			r.remove(c)
			want = append(want[:i:i], want[i+1:]...)
			if r.current(old) != nil {
				t.Fatalf("step %d: ref %v of a removed child is still current", step, old)
			}
		}
		i := 0
		for c := range r.inOrder() {
			if i >= len(want) || c.id != want[i] {
				t.Fatalf("step %d: child %d is %s, want order %v", step, i, c.id, want)
			}
			i++
		}
		if i != len(want) || r.len() != len(want) {
			t.Fatalf("step %d: got %d in order, %d by ID, want %d", step, i, r.len(), len(want))
		}
	}
}

// TestDeferralKeepsOrder pushes and pops at random: first in, first out, and the room stays in proportion.
func TestDeferralKeepsOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var d deferral
	in, out := uint32(0), uint32(0)
	for range 100_000 {
		if rng.IntN(100) < 50 && in-out < 100 {
			in++
			d.push(Event{Ref: Ref{gen: in}})
			continue
		}
		ev, ok := d.pop()
		if ok != (in > out) {
			t.Fatalf("pop with %d waiting: got %v", in-out, ok)
		}
		if ok {
			out++
			if ev.Ref.gen != out {
				t.Fatalf("event: got number %d, want %d", ev.Ref.gen, out)
			}
		}
	}
	if cap(d.events) > 1000 {
		t.Errorf("room after at most 100 waiting: got %d, want at most 1000", cap(d.events))
	}
}
