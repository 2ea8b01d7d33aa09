package actors_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/merge"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// TestRuntimeOverTwoRegistries: one of two registries fails, comes back, and is
// another one. Its instances stay until it says itself that they are gone, and
// what the other one says is news all the while.
func TestRuntimeOverTwoRegistries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		east := registrytest.NewMemory(registrytest.Config{Cluster: "east"})
		west := registrytest.NewMemory(registrytest.Config{Cluster: "west"})
		write := func(m *registrytest.Memory, id string, port int) {
			t.Helper()
			value, err := registry.Encode(registry.Instance{Service: service, ID: id, Host: "10.0.0.7", Port: port})
			if err != nil {
				t.Fatalf("Encode: got %v, want no error", err)
			}
			m.Put(key(id), value, 0)
		}
		remove := func(m *registrytest.Memory, id string) {
			t.Helper()
			e, err := m.Get(t.Context(), key(id))
			if err = errors.Join(err, m.Delete(t.Context(), key(id), e.Index)); err != nil {
				t.Fatalf("delete of %s: got %v, want no error", id, err)
			}
		}
		write(east, "a", 1)
		write(east, "b", 1)
		write(west, "b", 2) // the earlier member's counts
		write(west, "c", 2)
		said := &reports{}
		source, err := merge.New(merge.Config{
			Members: []merge.Member{{Name: "east", Source: east}, {Name: "west", Source: west}}, Report: said.add,
		})
		if err != nil {
			t.Fatalf("merge.New: got %v, want no error", err)
		}
		c := startWith(t, actors.Config{Source: source, Prober: &pulse{}, Seed: 1})
		later := func(d time.Duration, when, want, state, guards string) {
			t.Helper()
			time.Sleep(d)
			c.expect(t, when, want)
			if got := c.status().Source; got != state {
				t.Errorf("source %s: got %s, want %s", when, got, state)
			}
			if got := c.guards(); got != guards {
				t.Errorf("guards %s: got %q, want %q", when, got, guards)
			}
		}
		later(0, "at first", "a:1 b:1 c:2", "live", "")

		east.Fail(errors.New("no route to host"))
		later(10*time.Minute, "without the east", "a:1 b:1 c:2", "live", "")
		write(west, "d", 2)
		later(10*time.Second, "with news from the west", "a:1 b:1 c:2 d:2", "live", "")
		remove(west, "c")
		later(10*time.Second, "with one less in the west", "a:1 b:1 d:2", "live", "")
		said.expect(t, "without the east", "east fails")

		west.Fail(errors.New("no route to host"))
		later(10*time.Minute, "without both", "a:1 b:1 d:2", "stale", "stale")
		west.Fail(nil)
		later(20*time.Second, "with the west again", "a:1 b:1 d:2", "live", "")
		said.expect(t, "with the west again", "east fails", "west fails", "west answers")

		east.Fail(nil)
		write(east, "a", 3)
		remove(east, "b")
		later(20*time.Second, "with both", "a:3 b:2 d:2", "live", "")
		time.Sleep(2 * time.Minute) // it has failed listings, too, and is well with the next one
		said.expect(t, "with both", "east fails", "west fails", "west answers", "east answers")

		east.Fail(errors.New("the disk is gone"))
		time.Sleep(time.Minute)
		east.Forget("another east")
		east.Fail(nil)
		later(2*time.Minute, "with an east that knows nothing", "b:2 d:2 a:3", "live", "amnesia")
		write(east, "a", 3)
		later(10*time.Minute, "when it has been told", "a:3 b:2 d:2", "live", "")
		if kinds := c.kinds(); kinds[actors.EventInstanceRemoved] != 1 {
			t.Errorf("events: got %v, want c alone removed", kinds)
		}
		c.stop(t)
	})
}

// reports are what a merged registry says of its members.
type reports struct {
	mu    sync.Mutex
	lines []string
}

func (r *reports) add(member, _ string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := member + " answers"
	if err != nil {
		line = member + " fails"
	}
	r.lines = append(r.lines, line)
}

func (r *reports) expect(t *testing.T, when string, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := fmt.Sprint(r.lines); !slices.Equal(r.lines, want) {
		t.Errorf("reports %s: got %s, want %v", when, got, want)
	}
}
