package actors_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

// incumbent is the list that a service uses today.
type incumbent struct {
	mu   sync.Mutex
	list []string
	err  error
}

func (i *incumbent) Addresses(context.Context) ([]string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil && i.err.Error() == "panic" {
		panic(i.err)
	}
	return i.list, i.err
}

func (i *incumbent) is(err error, list ...string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.list, i.err = list, err
}

func TestShadowReportsWhatDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		today := &incumbent{}
		const a, b = "10.0.0.7:50051", "10.0.0.7:50052"
		today.is(nil, a)
		record := func(id string, port int) string {
			value, err := registry.Encode(registry.Instance{Service: service, ID: id, Host: "10.0.0.7", Port: port})
			if err != nil {
				t.Fatalf("Encode: got %v, want no error", err)
			}
			return id + "=" + value
		}
		c := follow(t, actors.Directory{Shadow: &actors.Shadowing{Incumbent: today}}, record("a", 50051))
		expect := func(when string, want map[actors.EventKind]int, words ...string) {
			t.Helper()
			time.Sleep(30 * time.Second)
			synctest.Wait()
			told := map[actors.EventKind]int{}
			for len(c.events) > 0 {
				e := <-c.events
				if !strings.HasPrefix(string(e.Kind), "shadow_") {
					continue
				}
				told[e.Kind]++
				for _, word := range words {
					if !strings.Contains(e.Reason, word) {
						t.Errorf("%s: got reason %q, want %q in it", when, e.Reason, word)
					}
				}
			}
			if len(told) != len(want) {
				t.Errorf("%s: got %v, want %v", when, told, want)
			}
			for kind, n := range want {
				if told[kind] != n {
					t.Errorf("%s: got %v, want %v", when, told, want)
				}
			}
		}
		expect("agreeing", map[actors.EventKind]int{actors.EventShadowAgrees: 1})
		today.is(nil, a, b)
		expect("one missing", map[actors.EventKind]int{actors.EventShadowDiffers: 1}, "used today and not in the view: 1", b)
		if s := c.runtime.Status().Services[0].Shadow; s == nil || s.Same != 1 || s.MissingCount != 1 || s.Missing[0] != b || s.Compared < 5 {
			t.Errorf("Status: got %+v, want one missing", s)
		}
		c.put(t, "b", 50052)
		expect("caught up", map[actors.EventKind]int{actors.EventShadowAgrees: 1})
		today.is(errors.New("away"))
		expect("today's list away", map[actors.EventKind]int{actors.EventShadowFailed: 1}, "away")
		today.is(errors.New("panic"))
		expect("and broken", nil)
		if s := c.runtime.Status().Services[0].Shadow; !strings.Contains(s.Failed, "panic") || s.Same != 2 {
			t.Errorf("Status: got %+v, want why it failed and what was known", s)
		}
		today.is(nil, b)
		expect("one extra", map[actors.EventKind]int{actors.EventShadowDiffers: 1}, "not used: 1", a)
		c.stop(t)
	})
}

// A directory that is compared only complains of nothing.
func TestShadowWritesNothing(t *testing.T) {
	for _, shadow := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			d := actors.Directory{}
			if shadow {
				d.Shadow = &actors.Shadowing{Incumbent: &incumbent{}}
			}
			c := followWith(t, actors.Config{}, d)
			for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
				c.put(t, id, 50051)
			}
			synctest.Wait()
			c.registry.Put(key("a"), "", 0)
			time.Sleep(5 * time.Minute)
			kinds := c.kinds()
			if wrote := kinds[actors.EventComplained] > 0; wrote == shadow {
				t.Errorf("shadow %v: got %d complaints", shadow, kinds[actors.EventComplained])
			}
			c.stop(t)
		})
	}
}
