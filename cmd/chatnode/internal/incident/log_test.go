package incident

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// start is when every test's observer begins.
var start = time.Date(2020, 3, 16, 14, 0, 0, 0, time.UTC)

// world drives a log, one reading of each known signal a second.
type world struct {
	t      *testing.T
	log    *Log
	now    time.Time
	values map[Signal]float64
	steps  []Step
}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	log, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, log: log, now: start, values: map[Signal]float64{}}
}

func (w *world) set(s Signal, v float64) { w.values[s] = v }

// run lets seconds pass.
func (w *world) run(seconds int) { w.pass(seconds, time.Second) }

// hours lets time pass with a reading every twenty seconds.
func (w *world) hours(n int) { w.pass(n*180, 20*time.Second) }

func (w *world) pass(rounds int, step time.Duration) {
	for range rounds {
		w.now = w.now.Add(step)
		var read []Reading
		for _, s := range Signals() {
			if v, ok := w.values[s]; ok {
				read = append(read, Reading{s, v})
			}
		}
		w.steps = append(w.steps, w.log.Observe(w.now, read...)...)
	}
}

func (w *world) tell(k Kind, v float64) {
	w.steps = append(w.steps, w.log.Tell(w.now, Fact{k, v})...)
}

// story is the timeline of an incident: kinds, with the seconds from its beginning.
func story(i Incident) string {
	var words []string
	for _, e := range i.Timeline {
		word := string(e.Kind) + "@" + number(float64(e.AfterMS)/1000)
		if e.Times > 1 {
			word += "x" + number(float64(e.Times))
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func (w *world) told() string {
	var words []string
	for _, s := range w.steps {
		if slices.Contains([]Kind{Paged, Escalated, Closed}, s.Kind) {
			words = append(words, string(s.Kind)+" "+s.Incident.Severity.String())
		}
	}
	return strings.Join(words, ", ")
}

func (w *world) only() Incident {
	w.t.Helper()
	all := w.log.Incidents()
	if len(all) != 1 {
		w.t.Fatalf("incidents: got %d, want one", len(all))
	}
	return all[0]
}

// TestMarch2020 plays the day: a bad record, exits, a page, a throttle, brakes, and
// the way back.
func TestMarch2020(t *testing.T) {
	w := newWorld(t, Config{})
	w.set(Sessions, 2000)
	w.set(Capacity, 1)
	w.run(300)
	w.tell(Scaled, 4)
	w.run(10)
	w.tell(Poisoned, 0)
	w.run(2)
	for range 3 {
		w.tell(Exited, 0)
	}
	w.set(Sessions, 1750) // an eighth at first
	w.run(5)
	w.set(Capacity, 0.5)
	w.set(Sessions, 1000)
	w.run(10)
	w.tell(Throttled, 200)
	w.tell(RepairsPaused, 0)
	w.run(60)
	w.tell(Healed, 0)
	w.tell(Throttled, 400)
	w.set(Capacity, 1)
	w.set(Sessions, 1990)
	w.run(10)
	w.tell(RepairsReleased, 0)
	w.tell(Unthrottled, 0)
	w.run(100)

	i := w.only()
	want := "poisoned@0 exited@2x3 paged@5 escalated@10 throttled@17 repairs_paused@17 healed@77 throttled@77 " +
		"recovered@80 repairs_released@87 unthrottled@87 closed@140"
	if got := story(i); got != want {
		t.Errorf("timeline:\n got %s\nwant %s", got, want)
	}
	if got, want := w.told(), "paged SEV3, escalated SEV1, closed SEV1"; got != want {
		t.Errorf("told: got %s, want %s", got, want)
	}
	d := i.Durations()
	if *d.ToPage != 5000 || *d.ToBrakes != 17000 || *d.ToRecovery != 80000 {
		t.Errorf("durations: got %d, %d and %d ms, want 5000, 17000 and 80000", *d.ToPage, *d.ToBrakes, *d.ToRecovery)
	}
	if !i.Closed.Equal(i.Recovered.Add(time.Minute)) {
		t.Errorf("closed: got %v after the recovery, want the hold time", i.Closed.Sub(i.Recovered))
	}
}

// TestJudge has both sides of every threshold.
func TestJudge(t *testing.T) {
	for _, row := range []struct {
		name            string
		signal          Signal
		baseline, level float64
		open, back      Severity
	}{
		{"all there", Sessions, 2000, 2000, None, None},
		{"more than ever", Sessions, 2000, 9000, None, None},
		{"just below a twentieth", Sessions, 2000, 1901, None, SEV3},
		{"a twentieth", Sessions, 2000, 1900, SEV3, SEV3},
		{"just below a fortieth", Sessions, 2000, 1951, None, None},
		{"a seventh and more", Sessions, 2000, 1700, SEV2, SEV2},
		{"a third", Sessions, 3000, 2000, SEV1, SEV1},
		{"nobody left", Sessions, 2000, 0, SEV1, SEV1},
		{"too few to judge", Sessions, 19, 0, None, None},
		{"nine of a hundred", Sessions, 100, 91, None, SEV2},
		{"ten of a hundred", Sessions, 100, 90, SEV3, SEV2},
		{"one node of ten", Capacity, 1, 0.9, SEV3, SEV3},
		{"one node of eleven", Capacity, 1, 10.0 / 11, None, SEV3},
		{"one node of four", Capacity, 1, 0.75, SEV2, SEV1},
		{"half of the nodes", Capacity, 1, 0.5, SEV1, SEV1},
		{"one call of a hundred", Calls, 1, 0.99, None, SEV3},
		{"one call of fifty", Calls, 1, 0.98, SEV3, SEV3},
		{"calls that always fail a little", Calls, 0.9, 0.89, None, SEV3},
		{"every tenth call", Calls, 1, 0.9, SEV2, SEV2},
		{"every second call", Calls, 1, 0.5, SEV1, SEV1},
		{"restarts out of nothing", Restarts, 0, 1, SEV3, SEV3},
		{"a few restarts", Restarts, 0, 0.9, None, SEV3},
		{"few restarts", Restarts, 0, 0.4, None, None},
		{"three times the usual", Restarts, 1, 3, None, SEV3},
		{"four times the usual", Restarts, 1, 4, SEV3, SEV3},
		{"a storm is no worse", Restarts, 0, 1e9, SEV3, SEV3},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := Config{}.withDefaults()
			if got := cfg.judge(row.signal, row.baseline, row.level, 1); got != row.open {
				t.Errorf("severity: got %v, want %v", got, row.open)
			}
			if got := cfg.judge(row.signal, row.baseline, row.level, 0.5); (got > None) != (row.back > None) {
				t.Errorf("not yet back: got %v, want %v", got, row.back)
			}
		})
	}
}

// TestWhatOpensNothing: each of these happens every day.
func TestWhatOpensNothing(t *testing.T) {
	for _, row := range []struct {
		name string
		play func(*world)
	}{
		{"nothing is measured", func(w *world) { w.values = nil; w.hours(1) }},
		{"a cluster that starts", func(w *world) {
			for n := range 200 {
				w.set(Sessions, float64(10*n))
				w.run(1)
			}
		}},
		{"two wild readings", func(w *world) {
			w.run(60)
			for range 20 {
				w.set(Sessions, 0)
				w.run(2)
				w.set(Sessions, 2000)
				w.run(3)
			}
		}},
		{"two readings far above", func(w *world) {
			w.run(60)
			w.set(Sessions, 50_000)
			w.run(2)
			w.set(Sessions, 2000)
			w.run(60)
		}},
		{"people go to sleep", func(w *world) {
			sessions := 2000.0
			for range 8 * 60 {
				sessions *= 0.998
				w.set(Sessions, sessions)
				w.pass(3, 20*time.Second)
			}
		}},
		{"a signal falls silent", func(w *world) {
			w.run(60)
			delete(w.values, Sessions)
			w.hours(1)
		}},
		{"facts alone", func(w *world) {
			w.run(60)
			for range 1000 {
				w.tell(Poisoned, 0)
				w.tell(Healed, 0)
				w.run(1)
			}
		}},
		{"nonsense", func(w *world) {
			w.run(60)
			nan := 0.0
			w.steps = append(w.steps, w.log.Observe(w.now, Reading{Sessions, nan / nan}, Reading{"other", 0}, Reading{Capacity, -1}, Reading{Capacity, 7})...)
			w.tell(Paged, 0)
			w.tell("other", 0)
			w.run(10)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			w.set(Sessions, 2000)
			w.set(Capacity, 1)
			w.set(Restarts, 0)
			row.play(w)
			if got := w.log.Incidents(); len(got) != 0 {
				t.Errorf("incidents: got %s for %v, want none", story(got[0]), got[0].Extents)
			}
		})
	}
}

// broken is a world in the middle of an incident.
func broken(t *testing.T, cfg Config) *world {
	t.Helper()
	w := newWorld(t, cfg)
	w.set(Sessions, 2000)
	w.set(Capacity, 1)
	w.run(60)
	w.set(Sessions, 1000)
	w.run(20)
	if i := w.only(); !i.Open() || i.Severity != SEV1 {
		t.Fatalf("incident: got %v, want an open SEV1", i)
	}
	return w
}

func TestHysteresis(t *testing.T) {
	w := broken(t, Config{Drift: 1e-9})
	w.set(Sessions, 1930) // below what opens, above what closes
	w.run(600)
	if i := w.only(); !i.Recovered.IsZero() {
		t.Errorf("between the thresholds: got %s, want no recovery", story(i))
	}
	w.set(Sessions, 1990)
	w.run(30)
	w.set(Sessions, 1800)
	w.run(30)
	w.set(Sessions, 1990)
	w.run(62)
	if i := w.only(); !i.Open() {
		t.Errorf("before the hold time: got %s, want it open", story(i))
	}
	w.run(2)
	i := w.only()
	if got := story(i); i.Open() || !strings.Contains(got, "recovered@620 relapsed@650 recovered@680 closed@740") {
		t.Errorf("timeline: got %s, want a relapse, and the end a minute after the second recovery", got)
	}
	if i.Severity != SEV1 {
		t.Errorf("severity: got %v, want the worst that it had", i.Severity)
	}
}

// TestTheOutageIsNotLearned: the baseline stands still, but for what nobody would miss.
func TestTheOutageIsNotLearned(t *testing.T) {
	w := broken(t, Config{})
	w.hours(1)
	if i := w.only(); !i.Open() {
		t.Errorf("after an hour: got %s, want it open", story(i))
	}
	v := w.log.View(w.now, 1)
	if got := *v.Signals[0].Baseline; got < 1790 || got > 1810 {
		t.Errorf("baseline after an hour: got %v, want a tenth less than 2000", got)
	}
	w.hours(5)
	if i := w.only(); i.Open() {
		t.Errorf("after six hours at half: got it open, want it closed: the baseline has come down")
	}
}

func TestSilenceEndsNothing(t *testing.T) {
	w := broken(t, Config{})
	delete(w.values, Sessions)
	w.run(9 * 60)
	if i := w.only(); !i.Recovered.IsZero() {
		t.Errorf("a bad signal fell silent: got %s, want no recovery", story(i))
	}
	w.run(5 * 60)
	if i := w.only(); i.Open() {
		t.Errorf("silent for longer than the window: got it open, want the signal forgotten")
	}
	w = broken(t, Config{})
	clear(w.values)
	w.hours(24)
	if i := w.only(); !i.Open() {
		t.Error("nothing is measured any more: got it closed, want it open")
	}
}
