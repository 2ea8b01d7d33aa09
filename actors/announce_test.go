package actors_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// herald is a runtime that announces on a registry in memory.
type herald struct {
	cell

	t *testing.T
}

func self(id string) registry.Instance {
	return registry.Instance{Service: service, ID: id, Incarnation: "i-" + id, Host: "10.0.0.7", Port: 50051}
}

// announce starts a runtime; it watches the service when watch says so.
func announce(t *testing.T, memory *registrytest.Memory, watch bool, announcements ...actors.Announcement) *herald {
	t.Helper()
	seed := uint64(1)
	for _, a := range announcements {
		seed = seed*31 + uint64(a.Instance.ID[0]) // as in a fleet, another one for each
	}
	runtime, err := actors.New(actors.Config{Source: memory, Writer: memory, Seed: seed})
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	if watch {
		if err := runtime.Watch(service); err != nil {
			t.Fatalf("Watch: got %v, want no error", err)
		}
	}
	for _, a := range announcements {
		if err := runtime.AnnounceWith(a); err != nil {
			t.Fatalf("AnnounceWith: got %v, want no error", err)
		}
	}
	h := &herald{cell: cell{registry: memory, runtime: runtime}, t: t}
	h.events, _ = runtime.Subscribe(1 << 14)
	if err := runtime.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	return h
}

// state is what the registry has under an ID: "up", "draining", "bad" or "none".
func (h *herald) state(id string) string {
	synctest.Wait()
	e, err := h.registry.Get(context.Background(), key(id))
	if errors.Is(err, registry.ErrNotFound) {
		return "none"
	}
	in, err := registry.Decode(service, id, e.Value)
	if err != nil || e.TTL == 0 {
		return "bad"
	}
	return string(in.State)
}

func (h *herald) expectState(when, id, want string) {
	h.t.Helper()
	if got := h.state(id); got != want {
		h.t.Errorf("record %s: got %s, want %s", when, got, want)
	}
}

func newMemory() *registrytest.Memory { return registrytest.NewMemory(registrytest.Config{}) }

func TestPauseDrainAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := announce(t, newMemory(), false, actors.Announcement{Instance: self("a")})
		steer := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: got %v, want no error", what, err)
			}
		}
		time.Sleep(time.Second)
		h.expectState("at first", "a", "up")
		steer("Drain", h.runtime.Drain(service, "a"))
		h.expectState("drained", "a", "draining")
		time.Sleep(10 * time.Minute)
		h.expectState("drained for long", "a", "draining")
		steer("Resume", h.runtime.Resume(service, "a"))
		h.expectState("resumed", "a", "up")
		steer("Pause", h.runtime.Pause(service, "a"))
		h.expectState("just paused", "a", "draining")
		time.Sleep(time.Second)
		h.expectState("paused", "a", "none")
		if got := h.runtime.Status().Records[0]; got.State != "paused" || got.Wanted != "absent" {
			t.Errorf("status: got %+v, want it paused, wanted absent", got)
		}
		time.Sleep(10 * time.Minute)
		h.expectState("paused for long", "a", "none")
		steer("Resume", h.runtime.Resume(service, "a"))
		time.Sleep(time.Second)
		h.expectState("resumed again", "a", "up")
		if err := h.runtime.Pause(service, "b"); err == nil || !strings.Contains(err.Error(), "api/b") {
			t.Errorf("Pause of what is not announced: got %v, want an error that names it", err)
		}
		h.stop(t)
		h.expectState("withdrawn", "a", "none")
		kinds := h.kinds()
		for kind, want := range map[actors.EventKind]int{
			actors.EventAnnounced: 2, actors.EventAnnouncePaused: 1, actors.EventAnnounceResumed: 1,
			actors.EventAnnounceDraining: 3, actors.EventWithdrawn: 1,
		} {
			if kinds[kind] != want {
				t.Errorf("events %s: got %d, want %d", kind, kinds[kind], want)
			}
		}
	})
}

// A leave is explained before it happens: consumers hear of it first.
func TestStopDrainsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := newMemory()
		h := announce(t, memory, false, actors.Announcement{Instance: self("a"), Lease: registry.LeaseConfig{Drain: 2 * time.Second}})
		time.Sleep(time.Second)
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			h.stop(t)
		}()
		time.Sleep(time.Second)
		h.expectState("while it stops", "a", "draining")
		<-stopped
		h.expectState("afterwards", "a", "none")
	})
}

// checker is as well as it is told.
type checker struct{ mood atomic.Int32 }

const (
	well int32 = iota
	unwell
	panicking
	hanging
)

func (c *checker) Healthy(ctx context.Context) error {
	switch c.mood.Load() {
	case unwell:
		return errors.New("the disk is full")
	case panicking:
		panic("no health here")
	case hanging:
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func TestAnnouncedOnlyWhileHealthy(t *testing.T) {
	for name, mood := range map[string]int32{"error": unwell, "panic": panicking, "hangs": hanging} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &checker{}
				c.mood.Store(mood)
				h := announce(t, newMemory(), false, actors.Announcement{Instance: self("a"), Checker: c})
				time.Sleep(time.Minute)
				h.expectState("before it was well", "a", "none")
				c.mood.Store(well)
				time.Sleep(10 * time.Second)
				h.expectState("well", "a", "up")
				c.mood.Store(mood)
				time.Sleep(7 * time.Second)
				h.expectState("after a failure or two", "a", "up")
				time.Sleep(23 * time.Second)
				h.expectState("after three", "a", "draining")
				c.mood.Store(well)
				time.Sleep(30 * time.Second)
				h.expectState("well again", "a", "up")
				h.stop(t)
				h.expectState("withdrawn", "a", "none")
				if kinds := h.kinds(); kinds[actors.EventUnhealthy] != 1 || kinds[actors.EventHealthy] != 2 {
					t.Errorf("events: got %v, want one of ill health and two of good", kinds)
				}
			})
		})
	}
}

// A check that never returns is one that fails, and is not asked twice.
func TestHealthCheckThatIgnoresItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		calls := atomic.Int32{}
		h := announce(t, newMemory(), false, actors.Announcement{Instance: self("a"), Checker: checkerFunc(func(context.Context) error {
			if calls.Add(1) == 2 {
				<-release
			}
			return nil
		})})
		time.Sleep(4 * time.Second)
		h.expectState("after the first check", "a", "up")
		time.Sleep(40 * time.Second)
		h.expectState("while the second hangs", "a", "draining")
		if n := calls.Load(); n != 2 {
			t.Errorf("checks while one hangs: got %d, want 2", n)
		}
		close(release)
		time.Sleep(time.Minute)
		h.expectState("after it returned", "a", "up")
		h.stop(t)
	})
}

type checkerFunc func(context.Context) error

func (f checkerFunc) Healthy(ctx context.Context) error { return f(ctx) }

// When all are unwell it is what they check that is: nobody leaves.
func TestUnhealthyFleetStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory, c := newMemory(), &checker{}
		heralds := make([]*herald, 0, 4)
		for _, id := range []string{"a", "b", "c", "d"} {
			heralds = append(heralds, announce(t, memory, true, actors.Announcement{Instance: self(id), Checker: c}))
		}
		time.Sleep(time.Minute)
		c.mood.Store(unwell)
		time.Sleep(5 * time.Minute)
		up, kept := 0, 0
		for i, h := range heralds {
			if h.state(string(rune('a'+i))) == "up" {
				up++
			}
			kept += h.kinds()[actors.EventUnhealthy]
			h.stop(t)
		}
		if up < 2 || kept != 4 {
			t.Errorf("of four that are unwell: got %d up, %d events; want half of them up, and all told", up, kept)
		}
	})
}

// TestForgetfulRegistryIsToldAgain: all of a fleet's records are gone at once, and
// are written again over as long as the fleet needs, not at one moment.
func TestForgetfulRegistryIsToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := newMemory()
		var all []actors.Announcement
		for id := range strings.FieldsSeq("a b c d e f g h") {
			all = append(all, actors.Announcement{Instance: self(id), Fleet: 500, Lease: registry.LeaseConfig{TTL: time.Hour}})
		}
		h := announce(t, memory, true, all...)
		time.Sleep(10 * time.Second)
		if got := h.runtime.Snapshot(service).Len(); got != len(all) {
			t.Fatalf("at first: got %d instances, want %d", got, len(all))
		}
		memory.Forget("another")
		moments := map[time.Duration]int{}
		begun := time.Now()
		for back := 0; back < len(all) && time.Since(begun) < 3*time.Minute; {
			time.Sleep(250 * time.Millisecond)
			l, err := memory.List(t.Context(), "/services/api/")
			if err != nil {
				t.Fatal(err)
			}
			if n := len(l.Entries); n > back {
				moments[time.Since(begun)], back = n-back, n
			}
		}
		if len(moments) < 4 {
			t.Errorf("records written again: got %v, want them spread over five seconds", moments)
		}
		l, err := memory.List(t.Context(), "/services/api/")
		if err != nil || len(l.Entries) != len(all) {
			t.Errorf("records: got %d and error %v, want all, long before a renewal was due", len(l.Entries), err)
		}
		h.stop(t)
	})
}

// TestRetriesShareABudget: a registry that comes back is not met by everything
// that a process has to say at one moment.
func TestRetriesShareABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := newMemory()
		memory.Fail(errors.New("connection refused"))
		var all []actors.Announcement
		for i := range 300 {
			all = append(all, actors.Announcement{Instance: self("a" + string(rune('0'+i/100)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10)))})
		}
		h := announce(t, memory, false, all...)
		time.Sleep(5 * time.Second)
		h.kinds()
		time.Sleep(time.Minute)
		if n := h.kinds()[actors.EventAnnounceRetry]; n > 660 || n < 300 {
			t.Errorf("retries of 300 records in a minute: got %d, want about ten a second", n)
		}
		memory.Fail(nil)
		time.Sleep(2 * time.Minute)
		l, err := memory.List(t.Context(), "/services/api/")
		if err != nil || len(l.Entries) != len(all) {
			t.Errorf("records: got %d and error %v, want all in after all", len(l.Entries), err)
		}
		h.stop(t)
	})
}
