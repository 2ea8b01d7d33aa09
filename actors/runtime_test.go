package actors_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

const service = "api"

// cell is one runtime on one registry in memory.
type cell struct {
	registry *registrytest.Memory
	runtime  *actors.Runtime
	events   <-chan actors.Event
}

func start(t *testing.T, policy actors.Policy, records ...string) *cell {
	t.Helper()
	c := &cell{registry: registrytest.NewMemory(registrytest.Config{})}
	for _, id := range records {
		c.put(t, id, 50051)
	}
	var err error
	c.runtime, err = actors.New(actors.Config{Source: c.registry, Writer: c.registry, Policy: &policy, Seed: 1})
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	if err := c.runtime.Watch(service); err != nil {
		t.Fatalf("Watch: got %v, want no error", err)
	}
	c.events, _ = c.runtime.Subscribe(1 << 16)
	if err := c.runtime.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	return c
}

func key(id string) string { return registry.DefaultPrefix + "/" + service + "/" + id }

func (c *cell) put(t *testing.T, id string, port int) {
	t.Helper()
	value, err := registry.Encode(registry.Instance{Version: 1, Service: service, ID: id, Host: "10.0.0.7", Port: port})
	if err != nil {
		t.Fatalf("Encode: got %v, want no error", err)
	}
	c.registry.Put(key(id), value, time.Hour)
}

func (c *cell) stop(t *testing.T) {
	t.Helper()
	if err := c.runtime.Stop(context.Background()); err != nil {
		t.Errorf("Stop: got %v, want no error", err)
	}
}

// ports is the pick set, as id:port, in order.
func (c *cell) ports() string {
	var all []string
	for in := range c.runtime.Snapshot(service).Instances() {
		all = append(all, in.ID+":"+in.Address()[strings.LastIndexByte(in.Address(), ':')+1:])
	}
	return strings.Join(all, " ")
}

func (c *cell) kinds() map[actors.EventKind]int {
	kinds := map[actors.EventKind]int{}
	for len(c.events) > 0 {
		e := <-c.events
		kinds[e.Kind]++
		if e.Kind == actors.EventChildExited && e.Exit == "error" {
			kinds["exits of class "+actors.EventKind(e.Class)]++
		}
	}
	return kinds
}

func (c *cell) expect(t *testing.T, when, want string) {
	t.Helper()
	synctest.Wait()
	if got := c.ports(); got != want {
		t.Errorf("pick set %s: got %q, want %q", when, got, want)
	}
}

func TestIsolatedKeepsTheLastGoodValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a", "b")
		c.expect(t, "after the first listing", "a:50051 b:50051")

		c.registry.Put(key("a"), "", 0)
		c.expect(t, "with a poisoned", "a:50051 b:50051")
		if bad := c.runtime.Snapshot(service).Quarantined; len(bad) != 1 || bad[0].Key != key("a") || bad[0].Class != registry.ClassEmpty {
			t.Fatalf("quarantined: got %+v, want a, class empty", bad)
		}

		c.put(t, "b", 50052)
		c.expect(t, "after a sibling changed", "a:50051 b:50052")

		time.Sleep(10 * time.Minute) // of re-reads
		c.expect(t, "ten minutes later", "a:50051 b:50052")

		c.put(t, "a", 50053)
		c.expect(t, "after the repair, at once", "a:50053 b:50052")
		if bad := c.runtime.Snapshot(service).Quarantined; len(bad) != 0 {
			t.Errorf("quarantined after the repair: got %+v, want none", bad)
		}
		kinds := c.kinds()
		if kinds[actors.EventSupervisorGaveUp] != 0 || kinds[actors.EventKeyReleased] != 1 {
			t.Errorf("events: got %v, want one release and nobody who gave up", kinds)
		}
		if kinds["exits of class data"] == 0 || kinds["exits of class bug"] != 0 {
			t.Errorf("events: got %v, want exits of class data only", kinds)
		}
		c.stop(t)
	})
}

func TestIsolatedNewKeyThatIsBadIsNotPicked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a")
		c.registry.Put(key("b"), "", 0)
		c.expect(t, "with b poisoned from the start", "a:50051")
		c.put(t, "b", 50051)
		c.expect(t, "after the announcement", "a:50051 b:50051")
		c.stop(t)
	})
}

// TestIsolatedSurvivesAFloodOfPoison writes many bad values quickly: no data
// fault, at any rate, may cost more than its key.
func TestIsolatedSurvivesAFloodOfPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a", "b")
		synctest.Wait()
		for range 200 {
			c.registry.Put(key("a"), "{", 0)
			c.registry.Put(key("c"), "null", 0)
		}
		c.expect(t, "after the flood", "a:50051 b:50051")
		c.put(t, "a", 50052)
		c.put(t, "c", 50052)
		c.expect(t, "after the repair, at once", "a:50052 b:50051 c:50052")
		c.stop(t)
	})
}

// TestNaiveReproducesTheCascade counts as OTP would: three restarts by each of
// the four incarnations that the root's budget gives the service's supervisor.
func TestNaiveReproducesTheCascade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Naive(), "a", "b")
		c.expect(t, "after the first listing", "a:50051 b:50051")
		c.registry.Put(key("a"), "", 0)
		synctest.Wait()
		select {
		case <-c.runtime.Failed():
		default:
			t.Fatal("with a poisoned key: the runtime goes on, want it failed")
		}
		if err := c.runtime.Err(); !errors.Is(err, actors.ErrGaveUp) || !strings.Contains(err.Error(), "watcher") {
			t.Errorf("Err: got %v, want ErrGaveUp that names the watcher", err)
		}
		restarts := 0
		for e := range c.events {
			if e.Kind == actors.EventChildRestarting && strings.HasSuffix(e.Child, "/watcher") {
				restarts++
			}
		}
		if restarts != 12 {
			t.Errorf("restarts of the watcher: got %d, want 12", restarts)
		}
	})
}

func TestNaiveWithoutPoisonFollowsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Naive(), "a")
		c.put(t, "b", 50051)
		c.expect(t, "after a join", "a:50051 b:50051")
		c.stop(t)
	})
}

func TestSilentSourceRemovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a", "b")
		synctest.Wait()
		c.registry.Fail(errors.New("connection refused"))
		time.Sleep(5 * time.Minute)
		c.expect(t, "while the registry is away", "a:50051 b:50051")
		status := c.runtime.Status().Services[0]
		if status.Source != "stale" || status.ConfirmedAgeMS < (4*time.Minute).Milliseconds() {
			t.Errorf("status: got %s, confirmed %d ms ago, want stale for minutes", status.Source, status.ConfirmedAgeMS)
		}
		c.registry.Fail(nil)
		c.put(t, "c", 50051)
		time.Sleep(time.Minute)
		c.expect(t, "when it is back", "a:50051 b:50051 c:50051")
		if kinds := c.kinds(); kinds[actors.EventSourceFailed] != 1 || kinds[actors.EventSourceRecovered] != 1 {
			t.Errorf("events: got %v, want one failure and one recovery", kinds)
		}
		c.stop(t)
	})
}

// TestSourceEventsCountWhatIsInQuarantine: the line that says what is served
// while the registry is away must not call a bad directory clean.
func TestSourceEventsCountWhatIsInQuarantine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := registrytest.NewMemory(registrytest.Config{})
		memory.Put(key("a"), "", 0)
		runtime, err := actors.New(actors.Config{Source: memory})
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		if err := runtime.Watch(service); err != nil {
			t.Fatalf("Watch: got %v, want no error", err)
		}
		events, end := runtime.Subscribe(1000)
		defer end()
		if err := runtime.Start(t.Context()); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		synctest.Wait()
		memory.Fail(errors.New("connection refused"))
		synctest.Wait()
		got := map[actors.EventKind]int{}
		for len(events) > 0 {
			e := <-events
			got[e.Kind] = e.Quarantined
		}
		if got[actors.EventSourceSynced] != 1 || got[actors.EventSourceFailed] != 1 {
			t.Errorf("quarantined in source_synced and source_failed: got %d and %d, want 1 and 1",
				got[actors.EventSourceSynced], got[actors.EventSourceFailed])
		}
		if err := runtime.Stop(t.Context()); err != nil {
			t.Errorf("Stop: got %v, want no error", err)
		}
	})
}

func TestWaitReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, actors.Isolated(), "a")
		ready := make(chan error, 1)
		go func() { ready <- c.runtime.WaitReady(t.Context(), service, 2) }()
		synctest.Wait()
		if len(ready) != 0 {
			t.Fatalf("WaitReady(2) with one instance: got %v, want it to wait", <-ready)
		}
		c.put(t, "b", 50051)
		synctest.Wait()
		if err := <-ready; err != nil {
			t.Errorf("WaitReady(2) with two instances: got %v, want nil", err)
		}
		c.stop(t)
		if err := c.runtime.WaitReady(t.Context(), service, 3); err == nil {
			t.Error("WaitReady of a stopped runtime: got nil, want an error")
		}
	})
}

func TestAnnounceAndWithdraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := registrytest.NewMemory(registrytest.Config{})
		runtime, err := actors.New(actors.Config{Source: memory, Writer: memory})
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		in := registry.Instance{
			Version: 1, Service: service, ID: "a", Incarnation: "i1", Host: "10.0.0.7", Port: 50051,
			Weight: 100, State: registry.StateUp,
		}
		if err := runtime.Announce(in, 6*time.Second); err != nil {
			t.Fatalf("Announce: got %v, want no error", err)
		}
		if err := runtime.Start(t.Context()); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		time.Sleep(time.Minute) // ten lives of the record
		entry, err := memory.Get(t.Context(), key("a"))
		if err != nil {
			t.Fatalf("the record after a minute: got %v, want it there", err)
		}
		if got, err := registry.Decode(service, "a", entry.Value); err != nil || !got.Equal(in) {
			t.Errorf("the record: got %+v, %v, want %+v", got, err, in)
		}
		memory.Put(key("a"), "", 0) // torn by somebody
		time.Sleep(6 * time.Second)
		if entry, _ = memory.Get(t.Context(), key("a")); entry.Value == "" || entry.TTL == 0 {
			t.Errorf("a damaged record after one beat: got %+v, want it repaired, with a TTL", entry)
		}
		if err := runtime.Stop(t.Context()); err != nil {
			t.Fatalf("Stop: got %v, want no error", err)
		}
		if _, err := memory.Get(t.Context(), key("a")); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("the record after Stop: got %v, want it withdrawn", err)
		}
	})
}

// TestCeilingIsHeldWhenTheTreeIsBuilt: a policy that says nothing escalates
// and then escalates is refused, not found out at night.
func TestCeilingIsHeldWhenTheTreeIsBuilt(t *testing.T) {
	policy := actors.Isolated()
	policy.Service.Exhaustion = supervision.Escalate
	policy.Service.Probe = backoff.Policy{}
	policy.Service.Backoff = backoff.Policy{}
	if _, err := actors.New(actors.Config{Policy: &policy}); err == nil || !strings.Contains(err.Error(), "service") {
		t.Errorf("New: got %v, want an error that names the service's policy", err)
	}
}

func TestMisuseIsAnError(t *testing.T) {
	memory := registrytest.NewMemory(registrytest.Config{})
	runtime, err := actors.New(actors.Config{Source: memory})
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	in := registry.Instance{Version: 1, Service: service, ID: "a", Host: "h", Port: 1}
	for name, call := range map[string]func() error{
		"Watch of a bad name":           func() error { return runtime.Watch("a/b") },
		"Announce without a Writer":     func() error { return runtime.Announce(in, 0) },
		"WaitReady of what nobody sees": func() error { return runtime.WaitReady(t.Context(), "x", 1) },
	} {
		if call() == nil {
			t.Errorf("%s: got nil, want an error", name)
		}
	}
	if err := runtime.Stop(t.Context()); err != nil {
		t.Errorf("Stop before Start: got %v, want nil", err)
	}
	if runtime.Start(t.Context()) == nil {
		t.Error("Start after Stop: got nil, want an error")
	}
}

// TestFailedAnnouncementsAreCounted: whoever prints a line per change of state
// must be able to tell the first failure from the ones after it.
func TestFailedAnnouncementsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := registrytest.NewMemory(registrytest.Config{})
		runtime, err := actors.New(actors.Config{Source: memory, Writer: memory})
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		in := registry.Instance{Service: service, ID: "a", Host: "10.0.0.7", Port: 50051}
		if err := runtime.Announce(in, 6*time.Second); err != nil {
			t.Fatalf("Announce: got %v, want no error", err)
		}
		events, end := runtime.Subscribe(1000)
		defer end()
		memory.Fail(errors.New("connection refused"))
		if err := runtime.Start(t.Context()); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		firsts, most := 0, 0
		for _, failure := range []error{nil, errors.New("connection refused"), nil} {
			time.Sleep(time.Minute)
			memory.Fail(failure)
		}
		time.Sleep(time.Minute)
		for len(events) > 0 {
			if e := <-events; e.Kind == actors.EventAnnounceRetry {
				most = max(most, e.Attempt)
				if e.Attempt == 1 {
					firsts++
				}
			}
		}
		if firsts != 2 || most < 3 {
			t.Errorf("two outages of a minute: got %d first failures and at most %d in a row, want 2 and several", firsts, most)
		}
		if err := runtime.Stop(t.Context()); err != nil {
			t.Errorf("Stop: got %v, want no error", err)
		}
	})
}
