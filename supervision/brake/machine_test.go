package brake_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision/brake"
)

const sec = time.Second

func newMachine(t *testing.T) *brake.Machine {
	t.Helper()
	m, err := brake.New(brake.Config{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// told is what steps say, in few words.
func told(steps []brake.Step) string {
	var words []string
	for _, s := range steps {
		switch s.Kind {
		case brake.StepLevel:
			words = append(words, strings.TrimSpace(fmt.Sprintf("%v from %v %v", s.Level, s.From, s.Cause)))
		case brake.StepPause, brake.StepRelease, brake.StepSilent, brake.StepSpoke, brake.StepRefuse:
			words = append(words, fmt.Sprintf("%v %s", s.Kind, s.Job))
		}
	}
	return strings.Join(words, ", ")
}

func report(guards int, capacity, restarts float64) brake.Event {
	return brake.Event{Kind: brake.EventReport, Report: brake.Report{Guards: guards, Capacity: capacity, Restarts: restarts}}
}

func register(job string, level brake.Level) brake.Event {
	return brake.Event{Kind: brake.EventRegister, Job: job, Level: level}
}

func acknowledge(job string, paused bool) brake.Event {
	return brake.Event{Kind: brake.EventAcknowledge, Job: job, Paused: paused}
}

// row is one event of a story and what it must cause.
type row struct {
	at   time.Duration
	ev   brake.Event
	want string
}

func tell(t *testing.T, m *brake.Machine, rows []row) {
	t.Helper()
	for _, r := range rows {
		if got := told(m.Step(r.at, r.ev)); got != r.want {
			t.Errorf("%v at %v: got %q, want %q", r.ev.Kind, r.at, got, r.want)
		}
	}
}

func TestSignals(t *testing.T) {
	rows := []struct {
		name   string
		ev     brake.Event
		want   brake.Level
		signal brake.Signal
	}{
		{"all is well", report(0, 1, 0), brake.None, brake.NoSignal},
		{"a little less", report(0, 0.98, 0.19), brake.None, brake.NoSignal},
		{"a guard", report(1, 1, 0), brake.Watch, brake.Guards},
		{"two guards", report(2, 1, 0), brake.Brake, brake.Guards},
		{"four guards", report(4, 1, 0), brake.Stop, brake.Guards},
		{"a node of fifty", report(0, 0.97, 0), brake.Watch, brake.Capacity},
		{"one of six", report(0, 0.83, 0), brake.Brake, brake.Capacity},
		{"half", report(0, 0.5, 9), brake.Stop, brake.Capacity},
		{"nothing at all", report(0, 0, 0), brake.Stop, brake.Capacity},
		{"restarts", report(0, 1, 0.2), brake.Watch, brake.Restarts},
		{"a storm", report(0, 1, 5), brake.Stop, brake.Restarts},
		{"capacity is not known", report(0, math.NaN(), 1), brake.Brake, brake.Restarts},
		{"nothing is a number", report(-1, math.NaN(), math.NaN()), brake.None, brake.NoSignal},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			m := newMachine(t)
			signal := brake.NoSignal
			for _, s := range m.Step(0, r.ev) {
				signal = s.Signal
			}
			if m.Level() != r.want || signal != r.signal {
				t.Errorf("level: got %v by %v, want %v by %v", m.Level(), signal, r.want, r.signal)
			}
		})
	}
}

// TestLevelFallsSlowly: at once up, down by one after 30 s in which all asked for less.
func TestLevelFallsSlowly(t *testing.T) {
	m := newMachine(t)
	tell(t, m, []row{
		{0, report(0, 0.5, 0), "stop from none raised"},
		{10 * sec, report(0, 1, 0), ""},
		{20 * sec, report(0, 0.5, 0), ""}, // once more
		{30 * sec, report(0, 1, 0), ""},
		{49 * sec, report(0, 1, 0), ""},
		{50 * sec, brake.Event{}, "brake from stop lowered"},
		{70 * sec, report(0, 0.9, 0), ""}, // asks for watch
		{80 * sec, brake.Event{}, "watch from brake lowered"},
		{100 * sec, report(0, 0.9, 0), ""},
		{120 * sec, report(0, 1, 0), ""},
		{200 * sec, brake.Event{}, ""}, // silence is no health
		{201 * sec, report(0, 1, 0), ""},
		{230 * sec, brake.Event{}, ""},
		{231 * sec, report(0, 1, 0), "none from watch lowered"},
		{240 * sec, report(0, 0.5, 0), "stop from none raised"},
		{250 * sec, report(0, 1, 0), ""},
		{270 * sec, report(0, 0.5, 0), ""}, // once more, at the last moment
	})
}

func TestJobsPauseAndComeBackInReverse(t *testing.T) {
	m := newMachine(t)
	tell(t, m, []row{
		{0, register("repair", brake.Brake), ""},
		{0, register("export", brake.Watch), ""},
		{0, register("compact", brake.Brake), ""},
		{1 * sec, report(0, 0.95, 0), "watch from none raised, pause export"},
		{2 * sec, acknowledge("export", true), ""},
		{2 * sec, acknowledge("export", true), ""}, // twice
		{3 * sec, report(0, 0.8, 0), "brake from watch raised, pause repair, pause compact"},
		{4 * sec, acknowledge("compact", true), ""},
		{5 * sec, register("late", brake.Watch), "pause late"},
		{6 * sec, acknowledge("late", true), ""},
		{13 * sec, brake.Event{}, "silent repair"}, // it is dead
		{20 * sec, report(0, 1, 0), ""},
		{33 * sec, brake.Event{}, "watch from brake lowered, release compact"},
		{34 * sec, acknowledge("compact", false), ""},
		{38 * sec, brake.Event{}, ""},
		{39 * sec, brake.Event{}, "release repair"},
		{40 * sec, report(0, 1, 0), ""},
		{49 * sec, brake.Event{}, "silent repair"},
		{63 * sec, report(0, 1, 0), "none from watch lowered, release late"},
		{64 * sec, acknowledge("repair", false), "spoke repair"}, // it was only slow
		{64 * sec, acknowledge("nobody", false), ""},
		{65 * sec, acknowledge("late", false), ""},
		{70 * sec, brake.Event{}, "release export"},
		{71 * sec, acknowledge("export", false), ""},
	})
	for _, j := range m.Info().Jobs {
		if j.State != brake.Running || j.Silent {
			t.Errorf("%s in the end: got %v, silent %v, want running", j.Name, j.State, j.Silent)
		}
	}
}

func TestOrders(t *testing.T) {
	m := newMachine(t)
	order := func(job string, o brake.Order, until time.Duration) brake.Event {
		return brake.Event{Kind: brake.EventOrder, Job: job, Order: o, Until: until}
	}
	hold := func(l brake.Level, until time.Duration) brake.Event {
		return brake.Event{Kind: brake.EventHold, Level: l, Until: until}
	}
	tell(t, m, []row{
		{0, register("repair", brake.Brake), ""},
		{0, register("export", brake.Watch), ""},
		{0, order("nobody", brake.BePaused, 0), "refuse nobody"},
		{0, order("repair", 9, 0), "refuse repair"},
		{1 * sec, order("repair", brake.BePaused, 0), "pause repair"},
		{2 * sec, acknowledge("repair", true), ""},
		{3 * sec, order("repair", brake.ByLevel, 0), "release repair"},
		{3 * sec, acknowledge("repair", false), ""},
		{4 * sec, report(0, 0.5, 0), "stop from none raised, pause export, pause repair"},
		{5 * sec, order("repair", brake.BeRunning, 20*sec), "release repair"},
		{5 * sec, acknowledge("repair", false), ""},
		{6 * sec, register("repair", brake.Brake), ""}, // started anew: the order stays
		{19 * sec, acknowledge("export", true), "silent export, spoke export"},
		{20 * sec, brake.Event{}, "pause repair"},
		{20 * sec, acknowledge("repair", true), ""},
		{21 * sec, hold(brake.None, 60*sec), "none from stop held, release repair"},
		{22 * sec, acknowledge("repair", false), ""},
		{23 * sec, hold(brake.Watch, 60*sec), "watch from none held"}, // before export's turn
		{24 * sec, report(0, 0.8, 0), ""},                             // unseen
		{34 * sec, brake.Event{}, ""},                                 // as is the fall
		{59 * sec, report(0, 0.8, 0), ""},
		{60 * sec, brake.Event{}, "brake from watch hold ended, pause repair"},
		{61 * sec, hold(brake.Stop, 90*sec), "stop from brake held"},
		{62 * sec, hold(brake.Stop, 0), "brake from stop hold ended"},
		{62 * sec, hold(9, 90*sec), ""},
		{63 * sec, order("export", brake.BeRunning, 1*sec), ""}, // over before it began
		{63 * sec, brake.Event{Kind: brake.EventForget, Job: "export"}, ""},
		{64 * sec, order("export", brake.BePaused, 0), "refuse export"},
	})
	if got := m.Info(); got.Level != brake.Brake || got.HeldUntil != 0 || len(got.Jobs) != 1 || got.Jobs[0].State != brake.Pausing {
		t.Errorf("in the end: got %+v, want level brake and one job that pauses", got)
	}
}

func TestNext(t *testing.T) {
	m := newMachine(t)
	rows := []struct {
		at   time.Duration
		ev   brake.Event
		want time.Duration // 0: nothing is waited for
	}{
		{0, register("a", brake.Watch), 0},
		{0, register("b", brake.Watch), 0},
		{1 * sec, report(1, 1, 0), 11 * sec}, // the acknowledgements
		{2 * sec, acknowledge("a", true), 11 * sec},
		{2 * sec, acknowledge("b", true), 0},
		{3 * sec, brake.Event{Kind: brake.EventHold, Level: brake.None, Until: 50 * sec}, 13 * sec}, // b is released
		{4 * sec, acknowledge("b", false), 9 * sec},                                                 // then a
		{9 * sec, brake.Event{}, 19 * sec},
		{10 * sec, acknowledge("a", false), 50 * sec},
		{20 * sec, brake.Event{Kind: brake.EventOrder, Job: "a", Order: brake.BeRunning, Until: 40 * sec}, 40 * sec},
		{25 * sec, report(0, 1, 0), 31 * sec}, // the level falls, unseen
		{31 * sec, brake.Event{}, 40 * sec},
		{40 * sec, brake.Event{}, 50 * sec},
		{50 * sec, brake.Event{}, 0},
	}
	for _, r := range rows {
		m.Step(r.at, r.ev)
		if got, due := m.Next(); due != (r.want != 0) || due && got != r.want {
			t.Errorf("next after %v at %v: got %v, %v, want %v", r.ev.Kind, r.at, got, due, r.want)
		}
	}
}

func TestJobsAreBounded(t *testing.T) {
	m := newMachine(t)
	for i := range 64 {
		tell(t, m, []row{{0, register(fmt.Sprintf("job-%02d", i), brake.Watch), ""}})
	}
	long := strings.Repeat("x", 65)
	tell(t, m, []row{
		{0, register("one more", brake.Watch), "refuse one more"},
		{0, register("job-07", brake.Stop), ""}, // known
		{0, brake.Event{Kind: brake.EventForget, Job: "job-08"}, ""},
		{0, register(long, brake.Watch), "refuse " + long[:64]},
		{0, register("", brake.Watch), "refuse "},
		{0, register("never", brake.None), "refuse never"},
		{0, register("beyond", 4), "refuse beyond"},
		{0, register("one more", brake.Watch), ""},
	})
}

func TestValidate(t *testing.T) {
	rows := []struct {
		name string
		cfg  brake.Config
		want string // part of the error; empty: valid
	}{
		{"zero", brake.Config{}, ""},
		{"only restarts", brake.Config{Watch: brake.Limits{Restarts: 1}}, ""},
		{"negative hold", brake.Config{Hold: -1}, "hold -1ns"},
		{"capacity above one", brake.Config{Brake: brake.Limits{Capacity: 2}}, "level brake"},
		{"capacity that is none", brake.Config{Stop: brake.Limits{Capacity: math.NaN()}}, "level stop"},
		{"endless restarts", brake.Config{Watch: brake.Limits{Restarts: math.Inf(1)}}, "level watch"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			_, err := brake.New(r.cfg, 0)
			if r.want == "" && err != nil || r.want != "" && (err == nil || !strings.Contains(err.Error(), r.want)) {
				t.Errorf("new: got %v, want an error with %q", err, r.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for l := brake.None; l <= brake.Stop; l++ {
		if got, err := brake.ParseLevel(l.String()); err != nil || got != l {
			t.Errorf("level %v: got %v, %v, want it read as written", l, got, err)
		}
	}
	if _, err := brake.ParseLevel("panic"); err == nil {
		t.Error("level panic: got no error, want one")
	}
	for got, want := range map[string]string{
		brake.Level(7).String(): "level(7)", brake.Restarts.String(): "restarts", brake.EventHold.String(): "hold",
		brake.BeRunning.String(): "running", brake.StepSpoke.String(): "spoke", brake.HoldEnded.String(): "hold ended",
		brake.Releasing.String(): "releasing",
	} {
		if got != want {
			t.Errorf("word: got %q, want %q", got, want)
		}
	}
}
