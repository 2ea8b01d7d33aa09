package pick

import (
	"strings"
	"testing"
	"time"
)

// call is one outcome at so many seconds: of a call that failed, unless well.
type call struct {
	at   int
	well bool
}

func TestErrorsEject(t *testing.T) {
	for _, test := range []struct {
		name  string
		cfg   Config
		calls []call
		want  bool
	}{
		{"one error", Config{}, []call{{at: 0}}, false},
		{"two at once", Config{}, []call{{at: 0}, {at: 0}}, true},
		{"two within the window", Config{}, []call{{at: 0}, {at: 30}}, true},
		{"two further apart", Config{}, []call{{at: 0}, {at: 31}}, false},
		{"the second and the third", Config{}, []call{{at: 0}, {at: 31}, {at: 60}}, true},
		{"a success between", Config{}, []call{{at: 0}, {at: 1, well: true}, {at: 2}}, false},
		{"two after a success", Config{}, []call{{at: 0}, {at: 1, well: true}, {at: 2}, {at: 3}}, true},
		{"never", Config{ErrorLimit: -1}, []call{{at: 0}, {at: 0}, {at: 0}}, false},
		{"one is enough", Config{ErrorLimit: 1}, []call{{at: 0}}, true},
		{"three", Config{ErrorLimit: 3}, []call{{at: 0}, {at: 1}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPool(t, test.cfg, several(20)...)
			a := row("a0000")
			for _, c := range test.calls {
				if c.well {
					p.NoteSuccess(&a)
				} else {
					p.NoteError(&a, at(c.at))
				}
			}
			if got := p.Table().Tally().Ejected == 1; got != test.want || p.Table().Len() != 20-p.Table().Tally().Ejected {
				t.Errorf("ejected: got %v, of %d picked, want %v", got, p.Table().Len(), test.want)
			}
		})
	}
}

func at(seconds int) time.Time { return time.Unix(int64(seconds), 0) }

// fail ejects, where that is allowed.
func fail(p *Pool, id string, when time.Time) time.Duration {
	r := row(id)
	p.NoteError(&r, when)
	return p.NoteError(&r, when)
}

func TestEjectionEnds(t *testing.T) {
	p := newPool(t, Config{}, several(20)...)
	if _, due := p.Due(); due {
		t.Error("Due: got a moment, want none while nobody is ejected")
	}
	when := at(0)
	for _, want := range []time.Duration{30, 60, 120, 240, 300, 300} {
		if got := fail(p, "a0000", when); got != want*time.Second {
			t.Errorf("ejected for: got %v, want %v", got, want*time.Second)
		}
		due, _ := p.Due()
		if p.Tick(due.Add(-1)); p.Table().Tally().Ejected != 1 {
			t.Error("just before its time: got it back")
		}
		if returned := p.Tick(due); len(returned) != 1 || p.Table().Len() != 20 {
			t.Errorf("at its time: got %d back, %d picked, want it back", len(returned), p.Table().Len())
		}
		when = due
	}
	if got := fail(p, "a0000", when.Add(5*time.Minute)); got != 30*time.Second {
		t.Errorf("ejected after a good time for: got %v, want 30s", got)
	}
}

// TestEjectionIsBounded: a tenth, but always one.
func TestEjectionIsBounded(t *testing.T) {
	for _, test := range []struct{ live, want int }{{1, 1}, {2, 1}, {10, 1}, {19, 1}, {20, 2}, {100, 10}} {
		rows := several(test.live)
		p := newPool(t, Config{}, rows...)
		for _, r := range rows {
			fail(p, r.Instance.ID, at(0))
		}
		if got := p.Table().Tally().Ejected; got != test.want {
			t.Errorf("ejected of %d: got %d, want %d", test.live, got, test.want)
		}
		if test.live == 1 && p.Table().Len() != 1 {
			t.Error("the only instance: got it out of the picks")
		}
		p.Follow(snapshot(rows[:(test.live+1)/2]...))
		if got := p.Table().Tally(); got.Ejected > max(1, (test.live+1)/20) {
			t.Errorf("ejected after half of %d left: got %d, want a tenth at most", test.live, got.Ejected)
		}
	}
}

// TestPanic: with fewer than half in use, all are used.
func TestPanic(t *testing.T) {
	p := newPool(t, Config{EjectFraction: 1}, several(4)...)
	fail(p, "a0000", at(0))
	if fail(p, "a0001", at(1)); p.Table().Len() != 2 {
		t.Errorf("half ejected: got %d picked, want 2", p.Table().Len())
	}
	if fail(p, "a0002", at(2)); p.Table().Len() != 4 || !p.Table().Tally().Panicking {
		t.Errorf("three of four ejected: got %d picked, want all", p.Table().Len())
	}
	if p.Tick(at(30)); p.Table().Len() != 2 {
		t.Errorf("the first is back: got %d picked, want 2", p.Table().Len())
	}
}

func TestAnotherRunIsAnotherInstance(t *testing.T) {
	p := newPool(t, Config{}, several(2)...)
	fail(p, "a0000", at(0))
	p.Follow(snapshot(row("a0000", again), row("a0001")))
	if p.Table().Len() != 2 || len(p.Ejections()) != 0 {
		t.Errorf("another incarnation: got %d picked, want both", p.Table().Len())
	}
	if got := fail(p, "a0000", at(1)); got != 0 {
		t.Errorf("calls to the incarnation before: got it ejected for %v", got)
	}
	p.Follow(snapshot(row("a0001")))
	if got := fail(p, "a0000", at(1)); got != 0 || p.NoteError(nil, at(1)) != 0 {
		t.Errorf("one that is gone: got it ejected for %v", got)
	}
	if r := row("a0000"); p.NoteSuccess(nil) || p.NoteSuccess(&r) {
		t.Error("a call to one that is gone: got it for one of the directory's")
	}
}

func TestReinstate(t *testing.T) {
	p := newPool(t, Config{}, several(30)...)
	for _, id := range []string{"a0001", "a0002", "a0003"} {
		fail(p, id, at(0))
	}
	if p.Reinstate(); p.Table().Len() != 30 || len(p.Ejections()) != 0 {
		t.Errorf("reinstated: got %d picked, want all", p.Table().Len())
	}
}

// TestEjectedInLimbo: limbo counts first; who comes back from it is ejected still.
func TestEjectedInLimbo(t *testing.T) {
	p := newPool(t, Config{}, several(4)...)
	fail(p, "a0000", at(0))
	p.Follow(snapshot(append(several(4)[1:], row("a0000", limbo))...))
	if got := p.Table().Tally(); got != (Tally{Usable: 3, Limbo: 1}) {
		t.Errorf("in limbo: got %+v", got)
	}
	fail(p, "a0001", at(1))
	p.Follow(snapshot(several(4)...))
	if got := p.Table().Tally(); got != (Tally{Usable: 3, Ejected: 1}) || p.Ejections()[0].Row.Instance.ID != "a0001" {
		t.Errorf("back: got %+v, want the first back in use, for one only may be out", got)
	}
}

// TestEjectionOutlastsLimbo, unless it is over by then.
func TestEjectionOutlastsLimbo(t *testing.T) {
	for _, back := range []bool{false, true} {
		p := newPool(t, Config{}, several(30)...)
		fail(p, "a0000", at(0))
		fail(p, "a0001", at(1))
		fail(p, "a0002", at(2))
		p.Follow(snapshot(append(several(30)[1:], row("a0000", limbo))...))
		p.Follow(snapshot(append(several(20)[1:], row("a0000", limbo))...)) // one too many
		if got := p.Table().Tally(); got.Ejected != 1 || len(p.Ejections()) != 2 {
			t.Errorf("with fewer live: got %+v and %d ejections, want one and that in limbo", got, len(p.Ejections()))
		}
		want := 2
		if back {
			p.Tick(at(30))
			want = 1
		}
		p.Follow(snapshot(several(30)...))
		if got := p.Table().Tally(); got.Ejected != want {
			t.Errorf("back from limbo: got %+v, want %d ejected", got, want)
		}
	}
}

func TestWrongConfig(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		want string
	}{
		{Config{ErrorWindow: -1}, "want none below zero"},
		{Config{EjectFor: -1}, "want none below zero"},
		{Config{EjectCap: time.Second}, "EjectCap 1s is shorter than EjectFor 30s"},
		{Config{EjectFraction: 1.1}, "want 0 to 1"},
		{Config{EjectFraction: -1}, "want 0 to 1"},
		{Config{PanicFraction: 2}, "want at most 1"},
		{Config{ErrorLimit: 101}, "want at most 100"},
	} {
		p, err := NewPool(test.cfg)
		if p != nil || err == nil || !strings.HasPrefix(err.Error(), "pick: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("NewPool(%+v): got %v, want an error with %q", test.cfg, err, test.want)
		}
	}
	if _, err := NewPool(Config{EjectFor: time.Hour}); err != nil {
		t.Errorf("a long ejection: got %v, want it to be its own cap", err)
	}
}
