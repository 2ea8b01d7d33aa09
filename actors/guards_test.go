package actors_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// startWith starts a runtime with a configuration of the test's, on records
// that expire after a minute.
func startWith(t *testing.T, cfg actors.Config, records ...string) *cell {
	t.Helper()
	c := &cell{registry: registrytest.NewMemory(registrytest.Config{})}
	for _, id := range records {
		c.announce(t, id, time.Minute)
	}
	if cfg.Source == nil {
		cfg.Source = c.registry
	}
	var err error
	if c.runtime, err = actors.New(cfg); err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	if err := c.runtime.Watch(service); err != nil {
		t.Fatalf("Watch: got %v, want no error", err)
	}
	c.events, _ = c.runtime.Subscribe(1 << 16)
	if err := c.runtime.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	synctest.Wait()
	return c
}

func (c *cell) announce(t *testing.T, id string, ttl time.Duration) {
	t.Helper()
	value, err := registry.Encode(registry.Instance{Version: 1, Service: service, ID: id, Host: "10.0.0.7", Port: 50051})
	if err != nil {
		t.Fatalf("Encode: got %v, want no error", err)
	}
	c.registry.Put(key(id), value, ttl)
}

// pulse answers for the instances that live.
type pulse struct {
	mu    sync.Mutex
	alive map[string]bool
	asked map[string]int
}

func (p *pulse) Probe(_ context.Context, in registry.Instance) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		p.asked = map[string]int{}
	}
	p.asked[in.ID]++
	if p.alive[in.ID] {
		return nil
	}
	return errors.New("connection refused")
}

func (c *cell) guards() string {
	var names []string
	for _, g := range c.runtime.Status().Services[0].Guards {
		names = append(names, g.Guard)
	}
	return strings.Join(names, " ")
}

const six = "a:50051 b:50051 c:50051 d:50051 e:50051 f:50051"

// TestMassExpiryIsHeldAndProbed: the announcers of six instances are cut off;
// those that live stay, those that do not go, a few at a time.
func TestMassExpiryIsHeldAndProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pulse{alive: map[string]bool{"a": true, "b": true, "c": true, "d": true}}
		c := startWith(t, actors.Config{Prober: p}, "a", "b", "c", "d", "e", "f")
		time.Sleep(75 * time.Second)
		c.expect(t, "when all have expired", six)
		if got := c.guards(); !strings.Contains(got, "expiry") && !strings.Contains(got, "amnesia") {
			t.Errorf("guards: got %q, want expiry or amnesia", got)
		}
		time.Sleep(20 * time.Minute)
		c.expect(t, "long after that", "a:50051 b:50051 c:50051 d:50051")
		p.mu.Lock()
		if p.asked["a"] < 10 || p.asked["e"] < 3 {
			t.Errorf("probes: got %v, want many of a and at least three of e", p.asked)
		}
		p.mu.Unlock()
		for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
			c.announce(t, id, time.Hour)
		}
		time.Sleep(5 * time.Minute)
		c.expect(t, "after all have announced again", six)
		if got := c.guards(); got != "" {
			t.Errorf("guards in the end: got %q, want none", got)
		}
		kinds := c.kinds()
		for _, kind := range []actors.EventKind{
			actors.EventGuardEngaged, actors.EventGuardDisengaged, actors.EventInstanceHeld, actors.EventInstanceReclaimed,
		} {
			if kinds[kind] == 0 {
				t.Errorf("events: got no %s in %v", kind, kinds)
			}
		}
		c.stop(t)
	})
}

// TestRegistryThatForgetsRemovesNothing: its data is gone, and its index begins
// anew.
func TestRegistryThatForgetsRemovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startWith(t, actors.Config{Prober: &pulse{}}, "a", "b", "c", "d", "e", "f")
		c.registry.Forget("another")
		time.Sleep(2 * time.Minute)
		c.expect(t, "with an empty registry", six)
		if status := c.runtime.Status().Services[0]; status.Epoch != 1 || status.Rows[0].Hold != "amnesia" {
			t.Errorf("status: got epoch %d and hold %q, want 1 and amnesia", status.Epoch, status.Rows[0].Hold)
		}
		for _, id := range []string{"a", "b", "c", "d", "e"} {
			c.announce(t, id, time.Hour)
		}
		time.Sleep(20 * time.Minute)
		c.expect(t, "after all but f have announced again", "a:50051 b:50051 c:50051 d:50051 e:50051")
		c.stop(t)
	})
}

// TestOperatorHoldsAndThaws: what an operator holds is served although it was
// deleted, and thawing believes the registry at once.
func TestOperatorHoldsAndThaws(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startWith(t, actors.Config{Prober: &pulse{}}, "a", "b", "c", "d", "e", "f")
		if err := c.runtime.Hold(service); err != nil {
			t.Fatalf("Hold: got %v, want no error", err)
		}
		synctest.Wait()
		a, err := c.registry.Get(t.Context(), key("a"))
		if err != nil {
			t.Fatalf("Get: got %v, want no error", err)
		}
		if err := c.registry.Delete(t.Context(), key("a"), a.Index); err != nil {
			t.Fatalf("Delete: got %v, want no error", err)
		}
		c.expect(t, "held, and behind the others", strings.TrimPrefix(six, "a:50051 ")+" a:50051")
		if err := c.runtime.Thaw(service); err != nil {
			t.Fatalf("Thaw: got %v, want no error", err)
		}
		c.expect(t, "thawed", strings.TrimPrefix(six, "a:50051 "))
		if err := c.runtime.Hold("nobody"); err == nil {
			t.Error("Hold of a service that is not watched: got no error")
		}
		c.stop(t)
	})
}

// TestThawListsFirst: what came back while nobody could read it is not taken away by
// a thaw, which waits for the registry.
func TestThawListsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startWith(t, actors.Config{Prober: &pulse{}}, "a", "b", "c")
		if err := c.runtime.Hold(service); err != nil {
			t.Fatalf("Hold: got %v, want no error", err)
		}
		synctest.Wait()
		for _, id := range []string{"a", "b"} {
			e, err := c.registry.Get(t.Context(), key(id))
			if err == nil {
				err = c.registry.Delete(t.Context(), key(id), e.Index)
			}
			if err != nil {
				t.Fatalf("Delete: got %v, want no error", err)
			}
		}
		c.expect(t, "held", "c:50051 a:50051 b:50051")
		c.registry.Fail(errors.New("connection refused"))
		time.Sleep(10 * time.Second)
		if err := c.runtime.Thaw(service); err != nil {
			t.Fatalf("Thaw: got %v, want no error", err)
		}
		c.expect(t, "thawed, and the registry is away", "c:50051 a:50051 b:50051")
		c.registry.Fail(nil)
		c.announce(t, "a", time.Hour)
		time.Sleep(10 * time.Second)
		c.expect(t, "thawed", "a:50051 c:50051")
		if removed := c.kinds()[actors.EventInstanceRemoved]; removed != 1 {
			t.Errorf("removals: got %d, want that of b only", removed)
		}
		c.stop(t)
	})
}

// TestFailClosedServesNothingBad is for values where an old one is worse than none.
func TestFailClosedServesNothingBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startWith(t, actors.Config{View: registry.Config{FailClosed: true}}, "a", "b")
		c.registry.Put(key("a"), "", 0)
		c.expect(t, "with a poisoned", "b:50051")
		c.announce(t, "a", time.Minute)
		c.expect(t, "after the repair", "a:50051 b:50051")
		c.stop(t)
	})
}

// shelf is a keeper in memory.
type shelf struct {
	mu    sync.Mutex
	saved map[string]*registry.Snapshot
	err   error
}

func (s *shelf) Save(snapshot *registry.Snapshot, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saved == nil {
		s.saved = map[string]*registry.Snapshot{}
	}
	s.saved[snapshot.Directory] = snapshot
	return s.err
}

func (s *shelf) Load(directory string, _ time.Time) (*registry.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		panic(s.err)
	}
	if snapshot := s.saved[directory]; snapshot != nil {
		loaded := *snapshot
		rows := slices.Collect(loaded.Rows.All())
		for i := range rows {
			rows[i].Origin = registry.OriginDisk
		}
		loaded.Rows = registry.NewRows(rows)
		return &loaded, nil
	}
	return nil, errors.New("nothing saved")
}

func (s *shelf) ids() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, snapshot := range s.saved {
		for in := range snapshot.Instances() {
			ids = append(ids, in.ID)
		}
	}
	return strings.Join(ids, " ")
}

// silent is a registry that does not answer while it is switched off.
type silent struct {
	*registrytest.Memory

	off chan struct{} // closed when it is switched on
}

func (s silent) List(ctx context.Context, directory string) (registry.Listing, error) {
	select {
	case <-s.off:
		return s.Memory.List(ctx, directory)
	case <-ctx.Done():
		return registry.Listing{}, ctx.Err()
	case <-time.After(5 * time.Second):
		return registry.Listing{}, errors.New("connection refused")
	}
}

// TestStartWithoutRegistryServesWhatWasSaved: and what was saved is marked as
// such until the registry confirms it.
func TestStartWithoutRegistryServesWhatWasSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &shelf{}
		first := startWith(t, actors.Config{Keeper: kept}, "a", "b")
		time.Sleep(10 * time.Second)
		if got := kept.ids(); got != "a b" {
			t.Fatalf("saved: got %q, want a and b", got)
		}
		first.announce(t, "c", time.Hour)
		synctest.Wait()
		first.stop(t)
		if got := kept.ids(); got != "a b c" {
			t.Fatalf("saved by the stop: got %q, want a, b and c", got)
		}

		source := silent{Memory: registrytest.NewMemory(registrytest.Config{}), off: make(chan struct{})}
		second := startWith(t, actors.Config{Keeper: kept, Source: source, Prober: &pulse{}})
		second.expect(t, "at once", "")
		time.Sleep(4 * time.Second)
		second.expect(t, "after the grace", "a:50051 b:50051 c:50051")
		if origin := second.runtime.Status().Services[0].Rows[0].Origin; origin != "disk" {
			t.Errorf("origin: got %q, want disk", origin)
		}
		second.registry = source.Memory
		for _, id := range []string{"a", "b", "c"} {
			second.announce(t, id, time.Hour)
		}
		close(source.off)
		time.Sleep(time.Minute)
		second.expect(t, "with the registry back", "a:50051 b:50051 c:50051")
		if origin := second.runtime.Status().Services[0].Rows[0].Origin; origin != "registry" {
			t.Errorf("origin: got %q, want registry", origin)
		}
		second.stop(t)
	})
}

// TestKeeperThatBreaksBreaksNothing: it is other people's code.
func TestKeeperThatBreaksBreaksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := silent{Memory: registrytest.NewMemory(registrytest.Config{}), off: make(chan struct{})}
		c := startWith(t, actors.Config{Keeper: &shelf{err: errors.New("disk full")}, Source: source})
		time.Sleep(4 * time.Second)
		c.registry = source.Memory
		c.announce(t, "a", time.Hour)
		close(source.off)
		time.Sleep(time.Minute)
		c.expect(t, "with the registry back", "a:50051")
		kinds := c.kinds()
		if kinds[actors.EventRestoreFailed] != 1 || kinds[actors.EventSaveFailed] == 0 {
			t.Errorf("events: got %v, want one failed restore and failed saves", slices.Sorted(maps.Keys(kinds)))
		}
		c.stop(t)
	})
}
