package actors_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry/pick"
	"github.com/firebreak-go/firebreak/registry/registrytest"
	"github.com/firebreak-go/firebreak/registry/ring"
)

var errRefused = errors.New("connection refused")

func newPicker(t *testing.T, c *cell, cfg actors.PickerConfig) *actors.Picker {
	t.Helper()
	p, err := c.runtime.Picker(service, cfg)
	if err != nil {
		t.Fatalf("Picker: got %v, want no error", err)
	}
	return p
}

// take deletes a record, as an orderly leave does.
func (c *cell) take(t *testing.T, id string) {
	t.Helper()
	entry, err := c.registry.Get(t.Context(), key(id))
	if err == nil {
		err = c.registry.Delete(t.Context(), entry.Key, entry.Index)
	}
	if err != nil {
		t.Fatalf("delete %s: got %v, want no error", id, err)
	}
}

// round picks as often as there are instances, and ends the calls well.
func round(p *actors.Picker) map[string]int {
	seen := map[string]int{}
	for range p.Len() {
		choice, _ := p.Pick()
		seen[choice.Instance().ID]++
		choice.Done(nil)
	}
	return seen
}

// TestPickerFollows: it picks from the snapshot that everybody reads.
func TestPickerFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a", "b")
		early := newPicker(t, c, actors.PickerConfig{})
		synctest.Wait()
		late := newPicker(t, c, actors.PickerConfig{})
		for _, p := range []*actors.Picker{early, late} {
			if got := round(p); got["a"] != 1 || got["b"] != 1 {
				t.Errorf("a round of two: got %v, want each once", got)
			}
		}
		c.put(t, "c", 50053)
		c.take(t, "a")
		c.put(t, "b", 50099)
		synctest.Wait()
		if got := round(early); got["b"] != 1 || got["c"] != 1 || len(got) != 2 {
			t.Errorf("a round after changes: got %v, want b and c", got)
		}
		for range 2 {
			if choice, _ := early.Pick(); choice.Instance().ID == "b" && choice.Instance().Port != 50099 {
				t.Errorf("port of b: got %d, want the new one", choice.Row().Instance.Port)
			}
		}
		late.Close()
		late.Close()
		c.put(t, "e", 50055)
		synctest.Wait()
		if early.Len() != 3 || late.Len() != 2 {
			t.Errorf("with one closed: got %d and %d to pick from, want 3 and 2", early.Len(), late.Len())
		}
		c.take(t, "e")
		synctest.Wait()
		c.stop(t)
		if early.Len() != 2 || late.Len() != 2 {
			t.Errorf("after Stop: got %d and %d to pick from, want 2", early.Len(), late.Len())
		}
		c.put(t, "d", 50054)
		if _, ok := early.Pick(); !ok {
			t.Error("after Stop: got nobody, want one of the last that were known")
		}
	})
}

// TestPickerEjects: two refused calls, thirty seconds aside, and events of both.
func TestPickerEjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a", "b", "c")
		synctest.Wait()
		p := newPicker(t, c, actors.PickerConfig{})
		c.kinds()
		failAt(p, "b", context.Canceled, 9)
		failAt(p, "b", errRefused, 1)
		failAt(p, "b", nil, 1)
		failAt(p, "b", errRefused, 1)
		if got := p.Tally(); got.Ejected != 0 {
			t.Errorf("cancelled calls, and errors with a success between: got %+v, want nobody ejected", got)
		}
		failAt(p, "b", errRefused, 1)
		if got := round(p); got["b"] != 0 || p.Len() != 2 || p.Ejections()[0].Row.Instance.ID != "b" {
			t.Errorf("after two errors: got %v, want no b", got)
		}
		time.Sleep(30*time.Second - 1)
		synctest.Wait()
		if p.Len() != 2 {
			t.Error("just before 30 s: got it back")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if got := round(p); got["b"] != 1 {
			t.Errorf("after 30 s: got %v, want b back", got)
		}
		if kinds := c.kinds(); kinds[actors.EventInstanceEjected] != 1 || kinds[actors.EventInstanceReturned] != 1 {
			t.Errorf("events: got %v, want one of each", kinds)
		}
		failAt(p, "a", errRefused, 2)
		p.Close()
		if p.Len() != 3 {
			t.Error("closed: got somebody ejected, who would never return")
		}
		failAt(p, "a", errRefused, 2)
		if p.Len() != 3 {
			t.Error("after Close: got somebody ejected, who would never return")
		}
		c.stop(t)
	})
}

// failAt ends the next so many calls to an instance with the error.
func failAt(p *actors.Picker, id string, err error, times int) {
	for tries := 0; times > 0 && tries < 100; tries++ {
		if choice, _ := p.Pick(); choice.Instance().ID == id {
			choice.Done(err)
			times--
		}
	}
}

// TestPowerOfTwoSparesTheBusy: of ten of which nine are busy, the tenth is taken
// whenever it is drawn.
func TestPowerOfTwoSparesTheBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a", "b", "c")
		synctest.Wait()
		p := newPicker(t, c, actors.PickerConfig{Policy: pick.PowerOfTwo})
		pending := map[string]int{}
		var calls []actors.Choice
		for range 300 {
			choice, _ := p.Pick()
			calls = append(calls, choice)
			pending[choice.Instance().ID]++
		}
		for id, n := range pending {
			if n < 90 || n > 110 {
				t.Errorf("calls under way to %s: got %d of 300, want a third", id, n)
			}
		}
		for _, choice := range calls {
			if choice.Instance().ID != "a" {
				choice.Done(nil)
			}
		}
		for range 100 { // a has about a hundred under way, the others none
			choice, _ := p.Pick()
			if choice.Instance().ID == "a" {
				t.Fatal("got the busy one, want one of the others")
			}
			choice.Done(nil)
		}
		c.stop(t)
	})
}

func TestPickerOfEveryPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a", "b")
		synctest.Wait()
		for policy := pick.RoundRobin; policy <= pick.ZoneAware; policy++ {
			p := newPicker(t, c, actors.PickerConfig{Policy: policy})
			seen := map[string]bool{}
			for range 200 {
				choice, ok := p.Pick()
				if !ok {
					t.Fatalf("%v: got nobody", policy)
				}
				seen[choice.Instance().ID] = true
				choice.Done(nil)
			}
			if len(seen) != 2 {
				t.Errorf("%v: got only %v", policy, seen)
			}
			if allocs := testing.AllocsPerRun(100, func() {
				choice, _ := p.Pick()
				choice.Done(nil)
			}); allocs != 0 {
				t.Errorf("%v: got %v allocations, want none", policy, allocs)
			}
			p.Close()
		}
		c.stop(t)
	})
}

// TestNobodyIsKnown: before the registry has answered.
func TestNobodyIsKnown(t *testing.T) {
	r := prepared(t)
	for policy := pick.RoundRobin; policy <= pick.ZoneAware; policy++ {
		p, err := r.Picker(service, actors.PickerConfig{Policy: policy})
		if err != nil {
			t.Fatal(err)
		}
		choice, ok := p.Pick()
		if ok || p.Len() != 0 {
			t.Errorf("%v: got %v, want nobody", policy, choice.Instance())
		}
		choice.Done(errRefused) // nothing happens
	}
	p, err := r.Placement(service, ring.Config{})
	if err != nil || p.Owner("guild-1") != nil {
		t.Errorf("placement: got %v, %v, want nobody", p.Owner("guild-1"), err)
	}
}

func TestWrongPicker(t *testing.T) {
	c := prepared(t)
	for _, test := range []struct {
		name string
		cfg  actors.PickerConfig
		want string
	}{
		{"other", actors.PickerConfig{}, "it is not watched"},
		{service, actors.PickerConfig{Policy: 9}, "policy(9) is unknown"},
		{service, actors.PickerConfig{Config: pick.Config{PanicFraction: 2}}, "PanicFraction is 2"},
	} {
		if p, err := c.Picker(test.name, test.cfg); p != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Picker(%s, %+v): got %v, want an error with %q", test.name, test.cfg, err, test.want)
		}
	}
	for name, cfg := range map[string]ring.Config{"other": {}, service: {Parts: 3}} {
		if p, err := c.Placement(name, cfg); p != nil || err == nil {
			t.Errorf("Placement(%s, %+v): got no error, want one", name, cfg)
		}
	}
}

func prepared(t *testing.T) *actors.Runtime {
	t.Helper()
	r, err := actors.New(actors.Config{Source: registrytest.NewMemory(registrytest.Config{})})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Watch(service); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPlacementFollows: who comes takes parts over while time passes.
func TestPlacementFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a", "b")
		p, err := c.runtime.Placement(service, ring.Config{})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c.put(t, "c", 50053)
		synctest.Wait()
		if p.Table().Pending() == 0 {
			t.Error("right after c came: got nothing that waits, want the budget to hold")
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if table := p.Table(); table.Pending() != 0 || table.History() != 1 {
			t.Errorf("ten seconds later: got %d parts that wait, %d placements before, want 0 and 1", table.Pending(), table.History())
		}
		owner := p.Owner("guild-1").ID
		other := map[string]string{"a": "b", "b": "c", "c": "a"}[owner]
		if err := p.Override(map[string]string{"guild-1": other}); err != nil || p.Owner("guild-1").ID != other {
			t.Errorf("overridden: got %s, %v, want %s", p.Owner("guild-1").ID, err, other)
		}
		many := map[string]string{}
		for i := range 2000 {
			many[strings.Repeat("x", i)] = "a"
		}
		if err := p.Override(many); err == nil {
			t.Error("too many overrides: got no error, want one")
		}
		c.put(t, "d", 50054)
		synctest.Wait()
		p.Close()
		waiting := p.Table().Pending()
		time.Sleep(time.Minute)
		if p.Table().Pending() != waiting || waiting == 0 {
			t.Errorf("closed: got %d parts that wait, want %d as they were", p.Table().Pending(), waiting)
		}
		c.stop(t)
	})
}

// TestNextCoalesces: who is slow gets the newest only, and misses no last one.
func TestNextCoalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a")
		first, err := c.runtime.Next(t.Context(), service, nil)
		if err != nil || first.Len() != 1 || first != c.runtime.Snapshot(service) {
			t.Fatalf("the first: got %v, %v, want that with a", first, err)
		}
		if age, known := c.runtime.Age(service); !known || age != 0 {
			t.Errorf("age: got %v, %v, want it confirmed just now", age, known)
		}
		for port := range 9 {
			c.put(t, "a", 1000+port)
			synctest.Wait()
		}
		second, err := c.runtime.Next(t.Context(), service, first)
		if err != nil || second != c.runtime.Snapshot(service) || second.Generation < 10 {
			t.Fatalf("after nine changes: got %v, %v, want the newest", second, err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if s, err := c.runtime.Next(short, service, second); s != nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nothing new: got %v, %v, want the context's end", s, err)
		}
		if age, _ := c.runtime.Age(service); age != time.Second {
			t.Errorf("age: got %v, want 1s", age)
		}
		waiting := make(chan error)
		go func() {
			_, err := c.runtime.Next(context.Background(), service, second)
			waiting <- err
		}()
		synctest.Wait()
		c.stop(t)
		if err := <-waiting; !errors.Is(err, actors.ErrNotRunning) {
			t.Errorf("after Stop: got %v, want %v", err, actors.ErrNotRunning)
		}
		if s, err := c.runtime.Next(t.Context(), "other", nil); s != nil || err == nil {
			t.Error("not watched: got no error, want one")
		}
		if _, known := c.runtime.Age("other"); known {
			t.Error("age of what is not watched: got one")
		}
	})
}

// TestNextOfAnEmptyDirectory: empty is known, unlike not known yet.
func TestNextOfAnEmptyDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated())
		if s, err := c.runtime.Next(t.Context(), service, nil); err != nil || s.Len() != 0 {
			t.Errorf("an empty directory: got %v, %v, want its snapshot", s, err)
		}
		c.stop(t)
	})
}
