package incident

import (
	"strings"
	"testing"
	"time"
)

// TestClockGoesBack: times stand still until it has caught up.
func TestClockGoesBack(t *testing.T) {
	w := broken(t, Config{})
	before := w.now
	w.now = w.now.Add(-time.Hour)
	w.tell(Throttled, 5)
	w.set(Sessions, 2000)
	w.run(10)
	i := w.only()
	last := i.Timeline[len(i.Timeline)-1]
	if last.At.Before(before) || last.AfterMS < 0 {
		t.Errorf("an entry after the clock went back: got %v, want not before %v", last.At, before)
	}
	w.now = before
	w.run(70)
	if i := w.only(); i.Open() {
		t.Errorf("after it caught up: got %s, want it closed", story(i))
	}
}

func TestOtherClocksAreShownAndNotTrusted(t *testing.T) {
	w := broken(t, Config{})
	w.tell(Skewed, 35)
	w.run(1)
	w.tell(Exited, 0)
	w.tell(Skewed, -3600)
	w.tell(Skewed, 20)
	i := w.only()
	e, ok := i.First(Skewed)
	if !ok || e.Times != 3 || e.Value != -3600 {
		t.Errorf("skew: got %+v, want one entry with the one furthest off", e)
	}
	if got, want := e.Text(), "A clock is 3,600 s behind the observer's (3 times)"; got != want {
		t.Errorf("text: got %q, want %q", got, want)
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, Config{Incidents: 3, Entries: 10, Hold: 5 * time.Second})
	w.set(Sessions, 2000)
	for n := range 5 {
		w.set(Sessions, 2000)
		w.run(60)
		for range 50 {
			w.tell(Poisoned, 0)
			w.tell(Healed, 0)
		}
		w.set(Sessions, 1000)
		w.run(10)
		for rate := range 50 {
			w.tell(Throttled, float64(rate))
		}
		w.set(Sessions, 2000)
		w.run(60)
		all := w.log.Incidents()
		i := all[len(all)-1]
		if i.ID != uint64(n+1) || i.Open() || len(i.Timeline) > 14 || i.Omitted < 40 {
			t.Fatalf("incident %d: got %d, open %v, %d entries and %d omitted, want 14 entries at most", n+1, i.ID, i.Open(), len(i.Timeline), i.Omitted)
		}
		if _, ok := i.First(Closed); !ok {
			t.Errorf("incident %d: got %s, want its end among the entries", n+1, story(i))
		}
	}
	if all := w.log.Incidents(); len(all) != 3 || all[0].ID != 3 {
		t.Errorf("kept: got %d from %d, want the last three of five", len(all), all[0].ID)
	}
	if v := w.log.View(w.now, 2); len(v.Incidents) != 2 || v.Incidents[0].ID != 5 || v.Before != 3 {
		t.Errorf("view: got %d incidents and %d before, want two and three", len(v.Incidents), v.Before)
	}
}

// TestOneLineEach: what comes again is counted, until something that matters lies
// between.
func TestOneLineEach(t *testing.T) {
	for _, row := range []struct{ name, kinds, want string }{
		{"again", "exited exited exited", "exited@0x3"},
		{"others between", "exited poisoned exited poisoned", "exited@0x2 poisoned@0x2"},
		{"it was over", "exited returned exited", "exited@0 returned@0 exited@0"},
		{"a decision between", "exited paged exited", "exited@0 paged@0 exited@0"},
		{"a clock is one line", "skewed paged skewed", "skewed@0x2 paged@0"},
		{"decisions are lines", "relapsed relapsed", "relapsed@0 relapsed@0"},
	} {
		i := Incident{Began: start}
		for k := range strings.FieldsSeq(row.kinds) {
			i.add(Entry{At: start, Kind: Kind(k), Times: 1}, 10)
		}
		if got := story(i); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

func TestRestore(t *testing.T) {
	w := broken(t, Config{})
	kept := w.log.Incidents()
	again := newWorld(t, Config{})
	if err := again.log.Restore(kept); err != nil {
		t.Fatal(err)
	}
	again.now = w.now.Add(30 * time.Second)
	again.set(Sessions, 1000)
	again.run(120)
	if i := again.only(); !i.Open() || i.ID != 1 {
		t.Errorf("after a restart of the observer: got %s, want it open: the baseline was kept", story(i))
	}
	again.set(Sessions, 1999)
	again.run(70)
	if i := again.only(); i.Open() {
		t.Errorf("all is back: got %s, want it closed", story(i))
	}
	again.set(Sessions, 100)
	again.run(10)
	if all := again.log.Incidents(); len(all) != 2 || all[1].ID != 2 {
		t.Errorf("the next one: got %d incidents, want number 2", len(all))
	}

	good := kept[0]
	for _, row := range []struct {
		name string
		edit func(*Incident)
	}{
		{"no number", func(i *Incident) { i.ID = 0 }},
		{"no severity", func(i *Incident) { i.Severity = None }},
		{"no times", func(i *Incident) { i.Began = time.Time{} }},
		{"unknown kind", func(i *Incident) { i.Timeline[0].Kind = "<script>" }},
		{"unknown signal", func(i *Incident) { i.Extents[0].Signal = "x" }},
		{"a part above one", func(i *Incident) { i.Extents[0] = Extent{Signal: Capacity, Baseline: 2} }},
	} {
		bad := good.clone()
		row.edit(&bad)
		if log, err := New(Config{}); err != nil || log.Restore([]Incident{bad}) == nil {
			t.Errorf("%s: got it restored, want an error", row.name)
		}
	}
	if log, err := New(Config{}); err != nil || log.Restore([]Incident{good, good}) == nil {
		t.Error("the same number twice: got it restored, want an error")
	}
}

func TestValidate(t *testing.T) {
	for _, cfg := range []Config{
		{Window: -1}, {Hold: 25 * time.Hour}, {Drift: 2}, {LeastSessions: -1}, {Incidents: -1}, {Entries: 5},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v: got no error, want one", cfg)
		}
	}
}
