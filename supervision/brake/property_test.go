package brake_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/brake"
)

// FuzzMachine feeds histories through a model of its owner and checks what must hold whatever happens. The seeds run with
// every go test; go test -fuzz FuzzMachine ./supervision/brake goes on from there.
func FuzzMachine(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		f.Add(history(rng))
	}
	f.Fuzz(func(t *testing.T, script []byte) { runHistory(t, script) })
}

// TestRandomHistories is the same with histories that differ from run to run.
func TestRandomHistories(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 3))
	for range 600 {
		runHistory(t, history(rng))
	}
}

func history(rng *rand.Rand) []byte {
	script := make([]byte, 20+rng.IntN(400))
	for i := range script {
		script[i] = byte(rng.Uint32())
	}
	return script
}

var (
	names   = []string{"a", "b", "c", "d", "e"}
	reports = []brake.Event{report(0, 1, 0), report(0, 1, 0), report(1, 1, 0), report(0, 0.8, 0), report(0, 0.5, 9)}
	asked   = []brake.Level{brake.None, brake.None, brake.Watch, brake.Brake, brake.Stop}
)

// world drives a machine and keeps an account of its own.
type world struct {
	t          *testing.T
	m          *brake.Machine
	now        time.Duration
	dead       map[string]bool // never acknowledge
	asked      map[string]bool // paused (true) or released last, of those that are known
	byHand     bool            // orders or holds were given
	level      brake.Level
	askedAt    [4]time.Duration // when a report last asked for the level, or a higher one
	releasedAt time.Duration
}

func runHistory(t *testing.T, script []byte) {
	t.Helper()
	m, err := brake.New(brake.Config{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, m: m, dead: map[string]bool{}, asked: map[string]bool{}, releasedAt: -time.Hour}
	for i := 0; i+1 < len(script); i += 2 {
		w.act(script[i], script[i+1])
	}
	w.recover()
}

func (w *world) act(what, much byte) {
	w.t.Helper()
	name := names[int(much)%len(names)]
	switch what % 16 {
	case 0, 1:
		delete(w.asked, name)
		w.dead[name] = what >= 192
		w.asked[name] = false
		w.step(brake.Event{Kind: brake.EventRegister, Job: name, Level: brake.Level(1 + what/16%3)})
	case 2, 3, 4, 5:
		n := int(much) % len(reports)
		for l := brake.None; l <= asked[n]; l++ {
			w.askedAt[l] = w.now
		}
		w.step(reports[n])
	case 6, 7, 8:
		if paused, known := w.asked[name]; known && !w.dead[name] {
			w.step(acknowledge(name, paused))
		}
	case 9:
		w.step(acknowledge(name, what >= 128)) // perhaps to what nobody asked
	case 10:
		w.byHand = true
		w.step(brake.Event{Kind: brake.EventOrder, Job: name, Order: brake.Order(what / 16 % 3), Until: w.now + time.Duration(much)*time.Second})
	case 11:
		w.byHand = true
		w.step(brake.Event{Kind: brake.EventHold, Level: brake.Level(what / 16 % 4), Until: w.now + time.Duration(much)*time.Second})
	case 12:
		delete(w.asked, name)
		w.step(brake.Event{Kind: brake.EventForget, Job: name})
	default:
		w.wait(time.Duration(much) * 200 * time.Millisecond)
	}
}

// wait lets time pass, with a tick whenever one is due.
func (w *world) wait(d time.Duration) {
	w.t.Helper()
	for end := w.now + d; ; {
		next, due := w.m.Next()
		if !due || next > end {
			w.now = end
			return
		}
		w.now = max(w.now, next)
		w.step(brake.Event{})
		if again, due := w.m.Next(); due && again <= w.now {
			w.t.Fatalf("next after the tick at %v: got %v, want later; %+v", w.now, again, w.m.Info())
		}
	}
}

func (w *world) step(ev brake.Event) {
	w.t.Helper()
	before := w.m.Info()
	for _, s := range w.m.Step(w.now, ev) {
		switch s.Kind {
		case brake.StepPause:
			w.asked[s.Job] = true
		case brake.StepRelease:
			w.checkRelease(s.Job, before)
			w.asked[s.Job] = false
		case brake.StepLevel:
			w.checkLevel(s)
		case brake.StepSilent, brake.StepSpoke, brake.StepRefuse:
		}
	}
	w.checkJobs()
}

func (w *world) checkRelease(name string, before brake.Info) {
	w.t.Helper()
	if !w.asked[name] {
		w.t.Fatalf("release of %s at %v: it was not paused", name, w.now)
	}
	if w.byHand {
		return
	}
	if w.now-w.releasedAt < brake.DefaultPause {
		w.t.Fatalf("release of %s at %v: got %v after another, want %v", name, w.now, w.now-w.releasedAt, brake.DefaultPause)
	}
	later := false
	for _, j := range before.Jobs {
		if j.State == brake.Releasing && !j.Silent && w.now-w.releasedAt < brake.DefaultAckTimeout {
			w.t.Fatalf("release of %s at %v: %s has not acknowledged its own", name, w.now, j.Name)
		}
		if later && w.asked[j.Name] && j.Level > w.m.Level() {
			w.t.Fatalf("release of %s at %v: %s is later in order and may run, too", name, w.now, j.Name)
		}
		later = later || j.Name == name
	}
	w.releasedAt = w.now
}

func (w *world) checkLevel(s brake.Step) {
	w.t.Helper()
	if s.From != w.level || s.Level == s.From {
		w.t.Fatalf("level at %v: got from %v to %v, want another one than %v", w.now, s.From, s.Level, w.level)
	}
	w.level = s.Level
	if s.Cause == brake.Lowered && (s.From != s.Level+1 || w.now-w.askedAt[s.From] < brake.DefaultHold) {
		w.t.Fatalf("level at %v: got %v from %v, asked for at %v, want one step down after %v", w.now, s.Level, s.From, w.askedAt[s.From], brake.DefaultHold)
	}
}

// checkJobs: whoever should pause has been asked to.
func (w *world) checkJobs() {
	w.t.Helper()
	info := w.m.Info()
	if info.Level != w.level {
		w.t.Fatalf("level at %v: got %v, want the %v that was told", w.now, info.Level, w.level)
	}
	for _, j := range info.Jobs {
		should := j.Order == brake.BePaused || j.Order == brake.ByLevel && info.Level >= j.Level
		if should && !w.asked[j.Name] || j.Order == brake.BeRunning && w.asked[j.Name] {
			w.t.Fatalf("%s at %v: got %+v at level %v, want it asked", j.Name, w.now, j, info.Level)
		}
		if down := j.State == brake.Pausing || j.State == brake.Paused; down != w.asked[j.Name] {
			w.t.Fatalf("%s at %v: got %v, want what it was told last (paused: %v)", j.Name, w.now, j.State, w.asked[j.Name])
		}
	}
}

// recover: when all is well for long enough, every job has been released, also behind dead ones.
func (w *world) recover() {
	w.t.Helper()
	w.wait(300 * time.Second) // orders end
	for range 40 {
		for _, j := range w.m.Info().Jobs {
			if paused, known := w.asked[j.Name]; known && !w.dead[j.Name] {
				w.step(acknowledge(j.Name, paused))
			}
		}
		w.step(reports[0])
		w.wait(5 * time.Second)
	}
	for _, j := range w.m.Info().Jobs {
		if j.State == brake.Paused || j.State == brake.Pausing {
			w.t.Fatalf("%s after 200 s in which all was well: got %+v, want it released", j.Name, j)
		}
	}
}
