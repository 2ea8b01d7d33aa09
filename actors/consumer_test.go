package actors_test

import (
	"context"
	"errors"
	"fmt"
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

// flags is a consumer that keeps what it takes, and a diary of what it is asked.
type flags struct {
	mu    sync.Mutex
	diary []string
	held  map[string]string
	busy  map[string]int
	peak  int // calls at the same time
	twice bool
	// answer decides about a value; nil takes everything.
	answer func(ctx context.Context, v actors.Value) error
}

func (f *flags) Consume(ctx context.Context, v actors.Value) error {
	f.begin(v)
	defer f.end(v)
	if f.answer != nil {
		if err := f.answer(ctx, v); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if v.Gone {
		delete(f.held, v.ID)
	} else {
		f.held[v.ID] = v.Data
	}
	return nil
}

func (f *flags) begin(v actors.Value) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held == nil {
		f.held, f.busy = map[string]string{}, map[string]int{}
	}
	entry := v.ID + "=" + v.Data
	if v.Gone {
		entry = v.ID + " gone"
	}
	f.diary = append(f.diary, entry)
	f.busy[v.ID]++
	f.twice = f.twice || f.busy[v.ID] > 1
	total := 0
	for _, n := range f.busy {
		total += n
	}
	f.peak = max(f.peak, total)
}

func (f *flags) end(v actors.Value) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy[v.ID]--
}

// asked empties the diary.
func (f *flags) asked() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := strings.Join(f.diary, ", ")
	f.diary = nil
	return all
}

func (f *flags) holds() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, id := range slices.Sorted(maps.Keys(f.held)) {
		all = append(all, id+"="+f.held[id])
	}
	return strings.Join(all, " ")
}

func (f *flags) expect(t *testing.T, when, want string) {
	t.Helper()
	synctest.Wait()
	if got := f.holds(); got != want {
		t.Errorf("the consumer holds, %s: got %q, want %q", when, got, want)
	}
}

func (f *flags) expectAsked(t *testing.T, when, want string) {
	t.Helper()
	synctest.Wait()
	if got := f.asked(); got != want {
		t.Errorf("the consumer was asked, %s: got %q, want %q", when, got, want)
	}
}

// follow starts a runtime that follows the flags of a registry in memory.
func follow(t *testing.T, d actors.Directory, values ...string) *cell {
	t.Helper()
	return followWith(t, actors.Config{}, d, values...)
}

func followWith(t *testing.T, cfg actors.Config, d actors.Directory, values ...string) *cell {
	t.Helper()
	c := &cell{registry: registrytest.NewMemory(registrytest.Config{})}
	for _, v := range values {
		id, data, _ := strings.Cut(v, "=")
		c.registry.Put(key(id), data, 0)
	}
	d.Service = service
	cfg.Source, cfg.Writer, cfg.Seed = c.registry, c.registry, 1
	var err error
	if c.runtime, err = actors.New(cfg); err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	if err := c.runtime.Follow(d); err != nil {
		t.Fatalf("Follow: got %v, want no error", err)
	}
	c.events, _ = c.runtime.Subscribe(1 << 16)
	if err := c.runtime.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	synctest.Wait()
	return c
}

// remove deletes a key as it is.
func (c *cell) remove(t *testing.T, id string) {
	t.Helper()
	e, err := c.registry.Get(t.Context(), key(id))
	if err == nil {
		err = c.registry.Delete(t.Context(), key(id), e.Index)
	}
	if err != nil {
		t.Fatalf("remove %s: got %v, want no error", id, err)
	}
}

// bad is what the view has in quarantine, as id:class.
func (c *cell) bad() string {
	var all []string
	for _, b := range c.runtime.Snapshot(service).Quarantined {
		all = append(all, strings.TrimPrefix(b.Key, key(""))+":"+b.Class.String())
	}
	return strings.Join(all, " ")
}

func (c *cell) expectBad(t *testing.T, when, want string) {
	t.Helper()
	synctest.Wait()
	if got := c.bad(); got != want {
		t.Errorf("quarantined %s: got %q, want %q", when, got, want)
	}
}

func TestConsumerFollowsTheValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &flags{}
		c := follow(t, actors.Directory{Consumer: f}, "a=1", "b=2")
		f.expect(t, "after the listing", "a=1 b=2")
		c.registry.Put(key("a"), "3", 0)
		f.expect(t, "after a change", "a=3 b=2")
		c.remove(t, "b")
		f.expect(t, "after a removal", "a=3")
		c.registry.Put(key("b"), "4", 0)
		f.expect(t, "after it came back", "a=3 b=4")
		c.registry.Put(key("b"), "4", 0)
		synctest.Wait()
		f.asked()
		time.Sleep(10 * time.Minute) // of listings, which bring no news
		f.expectAsked(t, "in ten minutes without a change", "")
		if got := c.runtime.Snapshot(service).Rows.Len(); got != 2 {
			t.Errorf("rows: got %d, want 2", got)
		}
		c.stop(t)
		f.expectAsked(t, "at the end", "")
	})
}

// An error costs its key alone: tried again with backoff, then quarantined, and
// tried again at the pace of the re-reads until it is taken.
func TestConsumerThatRefuses(t *testing.T) {
	for name, refuse := range map[string]func() error{
		"error": func() error { return errors.New("the database is away") },
		"panic": func() error { panic("a bug") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broken bool
				f := &flags{}
				f.answer = func(_ context.Context, v actors.Value) error {
					f.mu.Lock()
					fails := broken && v.ID == "a"
					f.mu.Unlock()
					if fails {
						return refuse()
					}
					return nil
				}
				c := follow(t, actors.Directory{Consumer: f}, "a=1", "b=1")
				f.mu.Lock()
				broken = true
				f.mu.Unlock()
				f.asked()
				c.registry.Put(key("a"), "2", 0)
				c.expectBad(t, "after one refusal", "")
				c.registry.Put(key("b"), "2", 0)
				f.expect(t, "while a is refused", "a=1 b=2")
				time.Sleep(time.Minute)
				c.expectBad(t, "a minute later", "a:refused")
				f.expect(t, "in quarantine", "a=1 b=2")
				if calls := strings.Count(f.asked(), "a=2"); calls < 5 || calls > 15 {
					t.Errorf("calls in the first minute: got %d, want 5 and a few re-reads", calls)
				}
				time.Sleep(time.Hour)
				if calls := strings.Count(f.asked(), "a=2"); calls < 30 || calls > 130 {
					t.Errorf("calls in the next hour: got %d, want about one a minute", calls)
				}
				f.mu.Lock()
				broken = false
				f.mu.Unlock()
				time.Sleep(2 * time.Minute)
				f.expect(t, "when it takes values again", "a=2 b=2")
				c.expectBad(t, "when it takes values again", "")
				kinds := c.kinds()
				if kinds[actors.EventValueRefused] != 4 || kinds[actors.EventSupervisorGaveUp]+kinds[actors.EventChildParked] != 0 {
					t.Errorf("events: got %v, want 4 refusals and nobody parked", kinds)
				}
				c.stop(t)
			})
		})
	}
}

// A fault of the value is told as such: no second call for the same bytes.
func TestConsumerThatFindsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &flags{answer: func(_ context.Context, v actors.Value) error {
			if v.Data == "bad" {
				return fmt.Errorf("parse: %w", &registry.Fault{Class: registry.ClassShape, Reason: "no flag"})
			}
			return nil
		}}
		c := follow(t, actors.Directory{Consumer: f}, "a=1")
		f.asked()
		c.registry.Put(key("a"), "bad", 0)
		c.expectBad(t, "at once", "a:shape")
		time.Sleep(time.Hour)
		f.expectAsked(t, "in an hour", "a=bad")
		f.expect(t, "with a bad value", "a=1")

		c.registry.Put(key("a"), "", 0)
		c.expectBad(t, "with a lost body", "a:empty")
		c.registry.Put(key("a"), strings.Repeat("x", registry.MaxValueBytes+1), 0)
		c.expectBad(t, "with too much of it", "a:oversize")
		f.expectAsked(t, "about values that nobody need look at", "")
		c.registry.Put(key("a"), "2", 0)
		f.expect(t, "after the repair", "a=2")
		c.stop(t)
	})
}

func TestConsumerThatFailsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &flags{}
		c := follow(t, actors.Directory{Consumer: f, FailClosed: true}, "a=1", "b=1")
		f.asked()
		c.registry.Put(key("a"), "", 0)
		f.expect(t, "with a bad", "b=1")
		f.expectAsked(t, "with a bad", "a gone")
		time.Sleep(time.Hour)
		f.expectAsked(t, "in an hour", "")
		c.registry.Put(key("a"), "2", 0)
		f.expect(t, "after the repair", "a=2 b=1")
		c.registry.Put(key("b"), "", 0)
		c.remove(t, "b")
		f.expectAsked(t, "of a bad key that was removed", "a=2, b gone")
		c.stop(t)
	})
}

// Word that a key is gone is brought until it has been taken.
func TestConsumerIsToldUntilItKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusals := 9
		f := &flags{}
		f.answer = func(_ context.Context, v actors.Value) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			if v.Gone && refusals > 0 {
				refusals--
				return errors.New("not now")
			}
			return nil
		}
		c := follow(t, actors.Directory{Consumer: f}, "a=1", "b=1")
		c.remove(t, "a")
		f.expect(t, "at first", "a=1 b=1")
		time.Sleep(10 * time.Minute)
		f.expect(t, "in the end", "b=1")
		tree, err := c.runtime.Tree(t.Context())
		if err != nil || strings.Contains(fmt.Sprintf("%+v", tree), "entries/a") {
			t.Errorf("tree: got %v, %v, want no entry of a key that is gone", tree, err)
		}
		c.stop(t)
	})
}

// What a guard brings back is brought back to the consumer as well.
func TestConsumerOfKeysThatAGuardBringsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &flags{}
		var values []string
		for i := range 10 {
			values = append(values, fmt.Sprintf("k%d=%d", i, i))
		}
		c := follow(t, actors.Directory{Consumer: f}, values...)
		whole := f.holds()
		for i := range 5 {
			c.registry.Put(key(fmt.Sprintf("k%d", i)), fmt.Sprint(i), time.Duration(i+1)*time.Second)
		}
		time.Sleep(10 * time.Second)
		f.expect(t, "when half of the keys expired", whole)
		if _, held := c.runtime.Snapshot(service).Guarded(registry.GuardExpiry); !held {
			t.Error("guards: got none, want the expiry guard")
		}
		if err := c.runtime.Thaw(service); err != nil {
			t.Fatalf("Thaw: got %v, want no error", err)
		}
		f.expect(t, "after an operator thawed it", "k5=5 k6=6 k7=7 k8=8 k9=9")
		c.stop(t)
	})
}

// What an operator says of a key is what its consumer has of it, until the order
// is lifted.
func TestConsumerHeedsOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &flags{}
		c := follow(t, actors.Directory{Consumer: f}, "a=1", "b=1", "c=1")
		order := func(what string, err error) {
			t.Helper()
			synctest.Wait()
			if err != nil {
				t.Fatalf("%s: got %v, want no error", what, err)
			}
		}
		ctx := t.Context()
		order("Ban", c.runtime.Ban(ctx, service, "a", "a test"))
		order("Pin", c.runtime.Pin(ctx, service, "b", 0, "a test"))
		order("Quarantine", c.runtime.Quarantine(ctx, service, "c", "a test"))
		f.expect(t, "with a banned", "b=1 c=1")
		for _, id := range []string{"a", "b", "c"} {
			c.registry.Put(key(id), "2", 0)
		}
		f.expect(t, "after changes that are not for it", "b=1 c=1")
		time.Sleep(10 * time.Minute)
		f.expect(t, "ten minutes later", "b=1 c=1")
		order("Unban", c.runtime.Unban(ctx, service, "a"))
		order("Unpin", c.runtime.Unpin(ctx, service, "b"))
		order("Release", c.runtime.Release(ctx, service, "c"))
		f.expect(t, "when all was lifted", "a=2 b=2 c=2")
		c.registry.Put(key("a"), "3", 0)
		f.expect(t, "after that", "a=3 b=2 c=2")
		c.stop(t)
	})
}
