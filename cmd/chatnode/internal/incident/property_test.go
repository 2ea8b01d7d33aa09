package incident

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// dice makes a history out of random numbers; a failure names its seed.
type dice struct{ *rand.Rand }

func (d dice) play(t *testing.T, log *Log, moves int) {
	t.Helper()
	now := start
	told := map[uint64][]Step{}
	for range moves {
		now = now.Add(time.Duration(d.IntN(5000)-200) * time.Millisecond)
		if d.IntN(500) == 0 {
			now = now.Add(time.Duration(d.IntN(7200)-3600) * time.Second)
		}
		var steps []Step
		if d.IntN(3) == 0 {
			all := append(facts(), decisions()...)
			steps = log.Tell(now, Fact{all[d.IntN(len(all))], d.NormFloat64() * 100})
		} else {
			var read []Reading
			for _, s := range Signals() {
				if d.IntN(10) > 0 {
					read = append(read, Reading{s, d.value(s)})
				}
			}
			steps = log.Observe(now, read...)
		}
		for _, s := range steps {
			told[s.Incident.ID] = append(told[s.Incident.ID], s)
		}
		invariants(t, log)
	}
	for id, steps := range told {
		if steps[0].Kind != Paged {
			t.Errorf("incident %d: got %s as its first step, want the page", id, steps[0].Kind)
		}
		for n, s := range steps[1:] {
			if s.Kind == Paged || steps[n].Kind == Closed {
				t.Errorf("incident %d: got %s after %s, want one page at first and one end at last", id, s.Kind, steps[n].Kind)
			}
			if s.Incident.Severity < steps[n].Incident.Severity {
				t.Errorf("incident %d: got %v after %v, want a severity that never falls", id, s.Incident.Severity, steps[n].Incident.Severity)
			}
		}
	}
}

// value is mostly good, and bad for a while.
func (d dice) value(s Signal) float64 {
	bad := d.IntN(4) == 0
	switch s {
	case Sessions:
		if bad {
			return float64(d.IntN(2000))
		}
		return 1990 + float64(d.IntN(20))
	case Restarts:
		if bad {
			return d.Float64() * 10
		}
		return 0
	case Capacity, Calls:
	}
	if bad {
		return d.Float64()*1.2 - 0.1
	}
	return 1
}

// invariants are what holds after every move.
func invariants(t *testing.T, log *Log) {
	t.Helper()
	all := log.Incidents()
	if err := check(all); err != nil {
		t.Fatalf("what is kept: got %v, want it sound", err)
	}
	if len(all) > log.cfg.Incidents+1 || len(log.recent) > log.cfg.Entries {
		t.Fatalf("kept: got %d incidents and %d facts that wait, want at most %d and %d", len(all), len(log.recent), log.cfg.Incidents+1, log.cfg.Entries)
	}
	for _, i := range all {
		if len(i.Timeline) > log.cfg.Entries+4 || len(i.Extents) > len(Signals()) {
			t.Fatalf("incident %d: got %d entries, want at most %d", i.ID, len(i.Timeline), log.cfg.Entries+4)
		}
		if len(i.Timeline) == 0 || !i.Timeline[0].At.Equal(i.Began) {
			t.Fatalf("incident %d: got %s, want it to begin with its first entry", i.ID, story(i))
		}
		if !slices.IsSortedFunc(i.Timeline, func(a, b Entry) int { return a.At.Compare(b.At) }) {
			t.Fatalf("incident %d: got %s, want it in order", i.ID, story(i))
		}
		for _, e := range i.Timeline {
			if e.AfterMS < 0 || e.Times < 1 || !e.Last.IsZero() && e.Last.Before(e.At) {
				t.Fatalf("incident %d: got %+v, want times after its beginning", i.ID, e)
			}
		}
		if !i.Open() && (i.Recovered.IsZero() || i.Closed.Sub(i.Recovered) < log.cfg.Hold) {
			t.Fatalf("incident %d: got %s, want the hold time between recovery and end", i.ID, story(i))
		}
	}
}

func TestRandomHistories(t *testing.T) {
	for round := range 20 {
		seed := uint64(round) + 1
		log, err := New(Config{Incidents: 5, Entries: 20, Hold: 10 * time.Second, Window: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		dice{rand.New(rand.NewPCG(seed, 0))}.play(t, log, 1000)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestLevelAndBaseline compares the ring of buckets with a list of everything.
func TestLevelAndBaseline(t *testing.T) {
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 7))
		cfg := Config{Window: time.Minute}.withDefaults()
		tr := &track{cfg: cfg, signal: Sessions}
		type reading struct {
			at    time.Time
			value float64
		}
		var last []float64
		var levels []reading
		now := start
		for n := range 1000 {
			before := now
			now = now.Add(time.Duration(random.IntN(3000)+1) * time.Millisecond)
			if random.IntN(300) == 0 {
				now = now.Add(time.Duration(random.IntN(300)) * time.Second)
			}
			if now.Sub(before) > cfg.Forget {
				last = nil
			}
			value := float64(random.IntN(1000))
			tr.read(now, value)
			last = append(last, value)
			got, ok := tr.level(now)
			if ok != (len(last) >= readings) {
				t.Fatalf("seed %d, reading %d: got a level %v after %d, want one from five on", seed, n, ok, len(last))
			}
			if !ok {
				continue
			}
			five := slices.Clone(last[len(last)-readings:])
			slices.Sort(five)
			if got != five[2] {
				t.Fatalf("seed %d, reading %d: got level %v, want the median of %v", seed, n, got, five)
			}
			levels = append(levels, reading{now, got})
			baseline, _ := tr.baseline(now)
			// A bucket of a second is whole or not there: the window is as exact as that.
			low, high := 0.0, 0.0
			for _, l := range levels {
				if age := now.Sub(l.at); age <= cfg.Window-time.Second {
					low = max(low, l.value)
				}
				if age := now.Sub(l.at); age <= cfg.Window+time.Second {
					high = max(high, l.value)
				}
			}
			if baseline < low || baseline > high {
				t.Fatalf("seed %d, reading %d: got baseline %v, want %v to %v", seed, n, baseline, low, high)
			}
		}
	}
}

// FuzzLog: no history breaks what always holds.
func FuzzLog(f *testing.F) {
	f.Add(uint64(1), uint8(20), uint16(10))
	f.Add(uint64(99), uint8(10), uint16(1000))
	f.Fuzz(func(t *testing.T, seed uint64, entries uint8, hold uint16) {
		log, err := New(Config{Incidents: 3, Entries: int(entries), Hold: time.Duration(hold) * time.Millisecond, Window: time.Minute})
		if err != nil {
			t.Skip()
		}
		dice{rand.New(rand.NewPCG(seed, uint64(hold)))}.play(t, log, 300)
	})
}
