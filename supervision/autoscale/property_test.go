package autoscale_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/autoscale"
)

// look is one step as a test remembers it.
type look struct {
	at time.Duration
	autoscale.Decision
}

// TestRandomHistories holds the guarantees for whatever is measured.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		cfg := randomConfig(rnd)
		s := scaler(t, cfg, rnd.IntN(40))
		var at time.Duration
		var seen []look
		for range 300 {
			at += time.Duration(rnd.IntN(3000)) * time.Millisecond
			d := s.Step(instant(at), randomSamples(rnd, s.Want()))
			seen = append(seen, look{at, d})
			if !holds(t, cfg, seen) {
				t.Fatalf("seed %d, %+v, at %v: %+v", seed, cfg, at, d)
			}
		}
	}
}

func randomConfig(rnd *rand.Rand) autoscale.Config {
	least := 1 + rnd.IntN(5)
	pace := func() autoscale.Pace {
		return autoscale.Pace{
			Add: 1 + rnd.IntN(4), Factor: []float64{0, 1, 1.5, 2}[rnd.IntN(4)],
			Period: time.Duration(1+rnd.IntN(20)) * time.Second, Window: time.Duration(rnd.IntN(30)-1) * time.Second,
		}
	}
	return autoscale.Config{
		Min: least, Max: least + rnd.IntN(30), Target: 0.1 + 0.9*rnd.Float64(), Up: pace(), Down: pace(),
		Cooldown: time.Duration(rnd.IntN(10)-1) * time.Second,
	}
}

func randomSamples(rnd *rand.Rand, n int) []autoscale.Sample {
	samples := make([]autoscale.Sample, max(0, n+rnd.IntN(5)-2))
	common := 2 * rnd.Float64()
	for i := range samples {
		samples[i] = autoscale.Sample{Utilisation: common + 0.2*rnd.Float64(), Known: rnd.IntN(10) > 0}
		if rnd.IntN(50) == 0 {
			samples[i].Utilisation = []float64{math.NaN(), math.Inf(1), -1, math.MaxFloat64}[rnd.IntN(4)]
		}
	}
	return samples
}

func holds(t *testing.T, cfg autoscale.Config, seen []look) bool {
	t.Helper()
	d := seen[len(seen)-1]
	if d.Want < cfg.Min || d.Want > cfg.Max {
		t.Errorf("want: got %d, outside the bounds", d.Want)
	}
	if d.Known == 0 && d.Changed() {
		t.Errorf("changed to %d with nobody saying anything", d.Want)
	}
	if d.Want > d.Before && d.Load < d.Want || d.Want < d.Before && d.Load > d.Want {
		t.Errorf("changed from %d to %d, beyond the %d that the load asks for", d.Before, d.Want, d.Load)
	}
	grown, shrunk := 0, 0
	upBegan, downBegan := d.Want, d.Want
	for i, old := range slices.Backward(seen) {
		step := old.Want - old.Before
		if age := d.at - old.at; step > 0 && age < cfg.Up.Period {
			grown += step
			upBegan = min(upBegan, old.Before)
		} else if step < 0 && age < cfg.Down.Period {
			shrunk -= step
			downBegan = max(downBegan, old.Before)
		}
		if age := d.at - old.at; d.Want < d.Before && age < cfg.Down.Window-time.Second && old.Known > 0 && old.Load > d.Want {
			t.Errorf("shrank to %d although %d were wanted %v ago", d.Want, old.Load, age)
		}
		if i < len(seen)-1 && d.Changed() && step != 0 && d.at-old.at < cfg.Cooldown {
			t.Errorf("changed %v after the last change", d.at-old.at)
		}
	}
	if d.Want > d.Before { // what shrank meanwhile is room to grow again, hence from the start of the period
		if most := max(float64(cfg.Up.Add), math.Ceil(float64(d.Want-grown)*cfg.Up.Factor)-float64(d.Want-grown)); float64(grown) > most {
			t.Errorf("grew by %d within a period, want %v at most", grown, most)
		}
	}
	if d.Want < d.Before {
		began := float64(d.Want + shrunk)
		if most := max(float64(cfg.Down.Add), began-math.Floor(began/max(cfg.Down.Factor, 1))); float64(shrunk) > most {
			t.Errorf("shrank by %d within a period, want %v at most", shrunk, most)
		}
	}
	return !t.Failed()
}

// TestSteadyLoadSettles: instances that take a while to boot, under a load that does
// not change, come to be as many as it needs, and stay that many.
func TestSteadyLoadSettles(t *testing.T) {
	const boot = 10 * time.Second
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		load := 20 * rnd.Float64() // in instances
		cfg := autoscale.Config{Min: 1, Max: 100, Target: 0.6, Down: autoscale.Pace{Window: 30 * time.Second}}
		start := 1 + rnd.IntN(60)
		s := scaler(t, cfg, start)
		var born []time.Duration
		for range start {
			born = append(born, -boot)
		}
		changedAt := time.Duration(0)
		var at time.Duration
		for ; at < 15*time.Minute; at += time.Second {
			ready := 0
			for _, b := range born {
				if at-b >= boot {
					ready++
				}
			}
			samples := append(fleet(ready, load/float64(max(ready, 1))), make([]autoscale.Sample, len(born)-ready)...)
			d := s.Step(instant(at), samples)
			if d.Changed() {
				changedAt = at
			}
			for len(born) < d.Want {
				born = append(born, at)
			}
			born = born[:d.Want]
		}
		need := load / 0.6
		if got := float64(s.Want()); got < need/1.1-1 || got > max(1, need*1.12+1) {
			t.Errorf("seed %d: got %v instances for a load of %.2f, want about %.1f", seed, got, load, need)
		}
		if changedAt > 8*time.Minute {
			t.Errorf("seed %d: still changed at %v", seed, changedAt)
		}
	}
}

// More load never asks for fewer.
func TestMoreLoadMoreInstances(t *testing.T) {
	before := 0
	for u := 0.0; u < 5; u += 0.01 {
		d := scaler(t, atOnce(1, 1000), 10).Step(instant(0), fleet(10, u))
		if d.Want < before {
			t.Fatalf("at %.2f: got %d, and %d with less load", u, d.Want, before)
		}
		before = d.Want
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := scaler(t, autoscale.Config{Min: 1, Max: 1000}, 10)
	rnd := rand.New(rand.NewPCG(1, 1))
	step := func(i int) { s.Step(instant(time.Duration(i)*time.Millisecond), fleet(10, rnd.Float64())) }
	for i := range 700_000 {
		step(i)
	}
	samples := fleet(10, 0.5)
	at := 700_000
	if n := testing.AllocsPerRun(1000, func() { at++; s.Step(instant(time.Duration(at)*time.Millisecond), samples) }); n > 1 {
		t.Errorf("allocations of a step: got %v, want what is kept to be overwritten", n)
	}
}
