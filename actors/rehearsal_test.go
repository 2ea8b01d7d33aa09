package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// safety is one line about the only directory.
func (c *cell) safety(t *testing.T) string {
	t.Helper()
	status, asked := c.runtime.RestartSafety()
	if !asked {
		return "not asked"
	}
	if len(status.Services) == 0 {
		return fmt.Sprintf("%v unknown", status.Safe)
	}
	s := status.Services[0]
	if s.Safe != status.Safe || status.Safe != (len(status.Reasons) == 0) {
		t.Errorf("restart safety: got %+v, want one verdict", status)
	}
	return fmt.Sprintf("%v serving %d would %d from %s, registry %d bad %d disk %d", s.Safe, s.Serving, s.Would, s.From, s.Registry, s.Bad, s.Disk)
}

func (c *cell) expectSafety(t *testing.T, when, want string) {
	t.Helper()
	if got := c.safety(t); got != want {
		t.Errorf("restart safety %s: got %q, want %q", when, got, want)
	}
}

// TestRestartThatWouldLoseWhatIsServed: the cliff behind last-known-good. All is
// served, and half of it only because this process has been up for long enough.
func TestRestartThatWouldLoseWhatIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startWith(t, actors.Config{Seed: 1}, "a")
		for _, id := range []string{"a", "b", "c"} {
			c.put(t, id, 50051)
		}
		c.expectSafety(t, "at first", "false unknown")
		time.Sleep(75 * time.Second) // more than the longest first pause
		c.expectSafety(t, "after a minute", "true serving 3 would 3 from registry, registry 3 bad 0 disk -1")

		c.registry.Put(key("a"), "", 0)
		c.registry.Put(key("b"), "{", 0)
		time.Sleep(75 * time.Second)
		c.expect(t, "poisoned", "a:50051 b:50051 c:50051")
		c.expectSafety(t, "poisoned", "false serving 3 would 1 from registry, registry 1 bad 2 disk -1")
		if status := c.runtime.Status().Restart; status == nil || !strings.Contains(strings.Join(status.Reasons, " "), service+": a start would serve 1 instances, and 3 are served now") {
			t.Errorf("status: got %+v, want the reason", status)
		}
		time.Sleep(10 * time.Minute)
		c.put(t, "a", 50052)
		c.put(t, "b", 50052)
		time.Sleep(75 * time.Second)
		c.expectSafety(t, "repaired", "true serving 3 would 3 from registry, registry 3 bad 0 disk -1")
		if kinds := c.kinds(); kinds[actors.EventRestartSafe] != 2 || kinds[actors.EventRestartUnsafe] != 1 {
			t.Errorf("events: got %v, want one for each change of the answer", kinds)
		}
		c.stop(t)
		time.Sleep(4 * time.Minute)
		if status, _ := c.runtime.RestartSafety(); status.Safe || !strings.Contains(strings.Join(status.Reasons, " "), "nobody asks any more") {
			t.Errorf("long after the end: got %+v, want the answer not to count", status)
		}
	})
}

// TestRestartWhileTheRegistryIsSilent: a start would have what is saved, and
// nothing else. The silent registry is not asked once more.
func TestRestartWhileTheRegistryIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &shelf{}
		first := startWith(t, actors.Config{Keeper: kept}, "a", "b")
		time.Sleep(75 * time.Second)
		first.expectSafety(t, "with both", "true serving 2 would 2 from registry, registry 2 bad 0 disk 2")
		first.stop(t)
		for _, row := range []struct {
			keeper actors.Keeper
			want   string
		}{
			{kept, "true serving 2 would 2 from disk, registry -1 bad 0 disk 2"},
			{nil, "false serving 0 would 0 from disk, registry -1 bad 0 disk -1"},
			{&shelf{err: errors.New("disk full")}, "false serving 0 would 0 from disk, registry -1 bad 0 disk -1"},
		} {
			source := silent{Memory: registrytest.NewMemory(registrytest.Config{}), off: make(chan struct{})}
			c := startWith(t, actors.Config{Keeper: row.keeper, Source: source, Prober: &pulse{}})
			time.Sleep(75 * time.Second)
			c.expectSafety(t, "in silence", row.want)
			if reason := c.runtime.Status().Restart.Services[0].Failure; !strings.Contains(reason, "connection refused") {
				t.Errorf("failure: got %q, want what the reader heard", reason)
			}
			c.stop(t)
		}
	})
}

// TestRestartOfASuspect: all is well in the registry, and this process may be what
// is not.
func TestRestartOfASuspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startWith(t, actors.Config{}, "a", "b", "c", "d", "e", "f")
		for _, id := range []string{"a", "b", "c"} {
			c.registry.Put(key(id), "", 0)
		}
		time.Sleep(75 * time.Second)
		reasons := c.runtime.Status().Restart.Reasons
		if len(reasons) != 1 || !strings.Contains(reasons[0], "suspects its own decoder") {
			t.Errorf("reasons: got %q, want the suspicion alone, for half is there", reasons)
		}
		c.stop(t)
	})
}

// TestRehearsalAsksNoConsumer: what it said of a write stands, and it sees nothing
// of the rehearsal.
func TestRehearsalAsksNoConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &flags{answer: func(_ context.Context, v actors.Value) error {
			if v.Data == "bad" {
				return errors.New("bad")
			}
			return nil
		}}
		c := followWith(t, actors.Config{}, actors.Directory{Consumer: f}, "a=1", "b=2", "c=3")
		c.registry.Put(key("c"), "bad", time.Hour)
		time.Sleep(45 * time.Second)
		f.mu.Lock()
		before := len(f.diary)
		f.mu.Unlock()
		c.registry.Put(key("b"), "4", time.Hour)
		time.Sleep(40 * time.Second)
		c.expectSafety(t, "with one refused", "true serving 3 would 2 from registry, registry 2 bad 1 disk -1")
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, entry := range f.diary[before:] {
			if entry != "b=4" && entry != "c=bad" { // which is asked again in quarantine
				t.Errorf("the consumer was asked about %s, want what was written alone", entry)
			}
		}
		c.stop(t)
	})
}

// TestNobodyAsksForRestartSafety: where it is switched off, and in the profile of 2020.
func TestNobodyAsksForRestartSafety(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		naive := actors.Naive()
		for _, cfg := range []actors.Config{{Restart: actors.RestartConfig{Off: true}}, {Policy: &naive}} {
			c := startWith(t, cfg, "a")
			time.Sleep(10 * time.Minute)
			c.expectSafety(t, "switched off", "not asked")
			if status := c.runtime.Status(); status.Restart != nil {
				t.Errorf("status: got %+v, want no answer", status.Restart)
			}
			c.stop(t)
		}
		for _, bad := range []actors.RestartConfig{{Every: -time.Second}, {Need: registry.RehearsalConfig{MinFraction: 2}}} {
			if _, err := actors.New(actors.Config{Restart: bad}); err == nil {
				t.Errorf("New with %+v: got no error, want one", bad)
			}
		}
	})
}
