package merge_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/merge"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

const api = "/services/api/"

// part is a registry whose watch can fail by itself.
type part struct {
	*registrytest.Memory

	broken  atomic.Bool // its watch
	watches int
	panics  bool
	lingers time.Duration // how long a watch takes to end when it is told to
}

func (p *part) List(ctx context.Context, directory string) (registry.Listing, error) {
	if p.panics {
		panic("broken")
	}
	return p.Memory.List(ctx, directory)
}

func (p *part) Next(ctx context.Context, directory string, after registry.Index) (registry.Change, error) {
	p.watches++
	if p.broken.Load() {
		return registry.Change{}, errAway
	}
	if p.panics {
		panic("broken")
	}
	c, err := p.Memory.Next(ctx, directory, after)
	if ctx.Err() != nil {
		time.Sleep(p.lingers)
	}
	return c, err
}

// whole is two registries as one, as a reader of it sees them.
type whole struct {
	one, two *part
	source   *merge.Source
	after    registry.Index
	cluster  string
	reports  []string
}

func join(t *testing.T, cfg merge.Config) *whole {
	t.Helper()
	w := &whole{}
	memory := func(cluster string) *part {
		return &part{Memory: registrytest.NewMemory(registrytest.Config{Cluster: cluster, Wait: 10 * time.Minute})}
	}
	w.one, w.two = memory("east"), memory("west")
	optional := len(cfg.Members) > 0 // given as a mark only
	cfg.Members = []merge.Member{{Name: "one", Source: w.one}, {Name: "two", Source: w.two, Optional: optional}}
	cfg.Report = func(member, directory string, err error) {
		w.reports = append(w.reports, fmt.Sprintf("%s %s %v", member, strings.TrimPrefix(directory, "/services"), err))
	}
	w.source = open(t, cfg)
	return w
}

func put(p *part, id, value string) { p.Put(api+id, value, 0) }

func (w *whole) list(t *testing.T, when, want string) {
	t.Helper()
	l, err := w.source.List(t.Context(), api)
	var got []string
	for _, e := range l.Entries {
		got = append(got, strings.TrimPrefix(e.Key, api)+"="+e.Value)
		if e.Index > l.Index {
			t.Errorf("list %s: got %s at %d, above the listing's %d", when, e.Key, e.Index, l.Index)
		}
	}
	text := strings.Join(got, " ")
	if err != nil {
		text = "error: " + err.Error()
	}
	if text != want {
		t.Errorf("list %s: got %q, want %q", when, text, want)
	}
	if err == nil {
		if l.Index < w.after {
			t.Errorf("list %s: got index %d, want no less than %d", when, l.Index, w.after)
		}
		w.after, w.cluster = l.Index, l.Cluster
	}
}

// next expects one change, written as "kind id=value was value", or an error's text.
func (w *whole) next(t *testing.T, want string) {
	t.Helper()
	c, err := w.source.Next(t.Context(), api, w.after)
	got := fmt.Sprintf("%v %s=%s", c.Kind, strings.TrimPrefix(c.Entry.Key, api), c.Entry.Value)
	if c.Previous != nil {
		got += " was " + c.Previous.Value
	}
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Fatalf("next: got %q, want %q", got, want)
	}
	if err == nil {
		if c.Index <= w.after || c.Head < c.Index {
			t.Errorf("next: got index %d, head %d, want them above %d", c.Index, c.Head, w.after)
		}
		w.after, w.cluster = c.Index, c.Cluster
	}
}

func (w *whole) quiet(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if c, err := w.source.Next(ctx, api, w.after); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("next: got %+v, %v, want silence", c, err)
	}
}

func (w *whole) reported(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(w.reports, ", "); got != strings.Join(want, ", ") {
		t.Errorf("reports: got %q, want %q", got, strings.Join(want, ", "))
	}
	w.reports = nil
}

func drop(t *testing.T, p *part, id string) {
	t.Helper()
	if err := remove(t.Context(), p.Memory, api+id); err != nil {
		t.Fatalf("remove of %s: %v", id, err)
	}
}

func TestUnionShowsTheEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := join(t, merge.Config{})
		put(w.one, "a", "1")
		put(w.two, "a", "2")
		put(w.two, "b", "3")
		w.list(t, "at first", "a=1 b=3")
		if w.cluster != "one=east two=west" {
			t.Errorf("cluster: got %q, want both", w.cluster)
		}
		put(w.two, "a", "hidden")
		w.quiet(t)
		drop(t, w.one, "a")
		w.next(t, "put a=hidden was 1")
		put(w.one, "a", "hidden") // the same from somebody else is no news, but for a rewrite
		w.next(t, "put a=hidden was hidden")
		drop(t, w.one, "a")
		w.quiet(t)
		put(w.one, "b", "{")
		w.next(t, "put b={ was 3")
		drop(t, w.two, "a")
		w.next(t, "deleted a= was hidden")
		w.two.Put(api+"c", "4", time.Second)
		w.next(t, "put c=4")
		w.next(t, "expired c= was 4")
		w.list(t, "at last", "b={")
		w.quiet(t)
		w.reported(t)
	})
}

// TestMemberThatFails: what it said stays, somebody is told, once, and all of them
// failing is a failure.
func TestMemberThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := join(t, merge.Config{})
		w.two.Fail(errAway)
		w.list(t, "before two ever answered", "error: merge: list /services/api/: a part is not known yet: two: away")
		w.two.Fail(nil)
		put(w.one, "a", "1")
		put(w.two, "b", "2")
		w.list(t, "at first", "a=1 b=2")
		w.reported(t, "two /api/ away", "two /api/ <nil>")

		w.two.Fail(errAway)
		for range 3 {
			w.list(t, "without two", "a=1 b=2")
		}
		_, err := w.source.Get(t.Context(), api+"b")
		if !errors.Is(err, errAway) {
			t.Errorf("get of what two had: got %v, want %v", err, errAway)
		}
		if _, err = w.source.Get(t.Context(), api+"c"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("get of what nobody had: got %v, want %v", err, registry.ErrNotFound)
		}
		w.one.Fail(errAway)
		w.list(t, "without anybody", "error: merge: list /services/api/: no member answers: one: away; two: away")
		w.one.Fail(nil)
		w.two.Fail(nil)
		drop(t, w.two, "b")
		w.list(t, "when all is well", "a=1")
		w.reported(t, "two /api/ away", "one /api/ away", "one /api/ <nil>", "two /api/ <nil>")
		if !strings.HasSuffix(w.cluster, "forgot=1") {
			t.Errorf("cluster after two was empty of a sudden: got %q, want another one", w.cluster)
		}
	})
}

// TestOptionalMember: the union is there without it, and one that joins is no other
// cluster.
func TestOptionalMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := join(t, merge.Config{Members: make([]merge.Member, 1)})
		put(w.one, "a", "1")
		put(w.two, "b", "2")
		w.two.Fail(errAway)
		w.list(t, "without two", "a=1")
		if w.cluster != "" {
			t.Errorf("cluster without two: got %q, want none yet", w.cluster)
		}
		put(w.one, "a", "3")
		w.next(t, "put a=3 was 1")
		if w.two.watches != 0 {
			t.Errorf("watches of two: got %d, want none before it is listed", w.two.watches)
		}
		w.two.Fail(nil)
		before := w.after
		w.list(t, "with two", "a=3 b=2")
		w.after = before
		w.next(t, "directory =") // who watched all the while is told to list
	})
}

// TestWatchThatFails: the others are watched on, and the one that fails is asked
// again at a bounded pace, until it answers.
func TestWatchThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := join(t, merge.Config{})
		w.list(t, "at first", "")
		w.two.broken.Store(true)
		for begin := time.Now(); time.Since(begin) < 10*time.Minute; {
			time.Sleep(10 * time.Second)
			put(w.one, "a", time.Now().String())
			if _, err := w.source.Next(t.Context(), api, w.after); err != nil {
				t.Fatalf("next with one watch: got %v, want a change", err)
			}
			w.list(t, "meanwhile", "a="+time.Now().String())
		}
		if n := w.two.watches; n < 50 || n > 300 {
			t.Errorf("watches of two in ten minutes: got %d, want no more than one in two seconds", n)
		}
		w.reported(t, "two /api/ away")
		put(w.two, "b", "1")
		ended := make(chan struct{})
		go func() { w.next(t, "put b=1"); close(ended) }()
		time.Sleep(20 * time.Second) // within one call
		w.two.broken.Store(false)
		begin := time.Now()
		<-ended
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("change of two when it answers again: got it after %v, want it within the backoff's cap", d)
		}
		w.reported(t, "two /api/ <nil>")

		w.one.broken.Store(true)
		w.two.broken.Store(true)
		w.next(t, "merge: next /services/api/: one: away; two: away")
		w.one.broken.Store(false)
		w.two.broken.Store(false)
		put(w.one, "c", "1")
		w.next(t, "put c=1")
	})
}

func TestMemberThatLostItsHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := join(t, merge.Config{})
		put(w.one, "a", "1")
		w.list(t, "at first", "a=1")
		for range 1001 {
			w.two.Put("/elsewhere", "x", 0)
		}
		put(w.two, "b", "1")
		if _, err := w.source.Next(t.Context(), api, w.after); !errors.Is(err, registry.ErrHistoryLost) {
			t.Errorf("next: got %v, want %v", err, registry.ErrHistoryLost)
		}
		w.list(t, "after it", "a=1 b=1")
		put(w.two, "b", "2")
		w.next(t, "put b=2 was 1")
		w.reported(t)
	})
}

// TestIdentity: the whole is another one when a part of it is, or forgets.
func TestIdentity(t *testing.T) {
	for _, row := range []struct {
		name   string
		happen func(w *whole)
		want   string
	}{
		{"nothing", func(*whole) {}, "one=east two=west"},
		{"a member is another cluster", func(w *whole) { w.two.Forget("north"); put(w.two, "b", "1") }, "one=east two=north"},
		{"its index goes back", func(w *whole) { w.two.Forget(""); put(w.two, "b", "1") }, "one=east two=west forgot=1"},
		{"it fails", func(w *whole) { w.two.Fail(errAway) }, "one=east two=west"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := join(t, merge.Config{})
			put(w.one, "a", "1")
			put(w.two, "b", "1")
			put(w.two, "c", "1")
			drop(t, w.two, "c")
			w.list(t, "at first", "a=1 b=1")
			row.happen(w)
			w.list(t, "afterwards", "a=1 b=1")
			if w.cluster != row.want {
				t.Errorf("cluster: got %q, want %q", w.cluster, row.want)
			}
		})
	}
}

// TestMemberThatPanics has failed, and nothing else.
func TestMemberThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := join(t, merge.Config{})
		put(w.one, "a", "1")
		put(w.two, "b", "2")
		w.list(t, "at first", "a=1 b=2")
		w.two.panics = true
		w.list(t, "while two panics", "a=1 b=2")
		put(w.one, "a", "3")
		w.next(t, "put a=3 was 1")
		w.reported(t, `two /api/ the member panicked: "broken"`)
	})
}

// TestNextWaitsForItsWatches: when it returns, nothing of it is left.
func TestNextWaitsForItsWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := join(t, merge.Config{})
		w.list(t, "at first", "")
		w.two.lingers = time.Second
		put(w.one, "a", "1")
		begin := time.Now()
		w.next(t, "put a=1")
		if d := time.Since(begin); d != time.Second {
			t.Errorf("next: took %v, want it to wait for the watch of two", d)
		}
	})
}

func TestRefuses(t *testing.T) {
	m := registrytest.NewMemory(registrytest.Config{})
	for _, cfg := range []merge.Config{
		{},
		{Members: []merge.Member{{Name: "a"}}},
		{Members: []merge.Member{{Source: m}}},
		{Members: []merge.Member{{Name: "a", Source: m}, {Name: "a", Source: m}}},
		{Members: []merge.Member{{Name: "a", Source: m}}, Mode: 7},
		{Members: []merge.Member{{Name: "a", Source: m}}, Timeout: -1},
		{Members: []merge.Member{{Name: "a", Source: m}}, Wait: -1},
	} {
		if _, err := merge.New(cfg); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("New of %+v: got error %v, want one line", cfg, err)
		}
	}
	s := open(t, merge.Config{Members: []merge.Member{{Name: "a", Source: m}}})
	if _, err := s.Get(t.Context(), "a"); err == nil || errors.Is(err, registry.ErrNotFound) {
		t.Errorf("get of what is no key: got %v, want it refused", err)
	}
}
