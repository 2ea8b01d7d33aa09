package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// A call that does not return costs its key alone, is made once, and counts if
// it returns after all.
func TestConsumerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		f := &flags{answer: func(_ context.Context, v actors.Value) error {
			if v.Data == "hang" {
				<-release
			}
			return nil
		}}
		c := follow(t, actors.Directory{Consumer: f, Budget: time.Second, Concurrency: 1}, "a=1", "b=1")
		f.asked()
		c.registry.Put(key("a"), "hang", 0)
		synctest.Wait()
		c.registry.Put(key("b"), "2", 0)
		time.Sleep(3 * time.Second)
		c.expectBad(t, "after its budget", "a:slow")
		f.expect(t, "with a call that hangs", "a=1 b=2")
		time.Sleep(time.Hour)
		f.expectAsked(t, "in an hour", "a=hang, b=2")
		if got := c.runtime.Status().Stuck; got != 1 {
			t.Errorf("stuck: got %d, want 1", got)
		}
		close(release)
		f.expect(t, "when it returned after all", "a=hang b=2")
		c.expectBad(t, "when it returned after all", "")
		if got := c.runtime.Status().Stuck; got != 0 {
			t.Errorf("stuck after the return: got %d, want 0", got)
		}
		c.stop(t)
	})
}

// No more than 64 calls are left behind, whatever the number of keys.
func TestConsumersThatHangAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		f := &flags{answer: func(_ context.Context, v actors.Value) error {
			if v.Data == "hang" {
				<-release
			}
			return nil
		}}
		c := follow(t, actors.Directory{Consumer: f, Budget: time.Second, Concurrency: 8}, "good=1")
		for i := range 100 {
			c.registry.Put(key(fmt.Sprintf("k%d", i)), "hang", 0)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := c.runtime.Status().Stuck; got < 64 || got > 64+8 {
			t.Errorf("stuck: got %d, want 64 and at most those that were under way", got)
		}
		if got := strings.Count(c.bad(), ":slow"); got != 100 {
			t.Errorf("slow keys: got %d, want all 100", got)
		}
		if kinds := c.kinds(); kinds[actors.EventStuckLimit] == 0 {
			t.Errorf("events: got %v, want the limit to be told", kinds)
		}
		close(release)
		time.Sleep(5 * time.Minute)
		c.expectBad(t, "when all had returned", "")
		c.stop(t)
	})
}

func TestConsumerIsAskedForOneValueOfAKeyAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &flags{answer: func(context.Context, actors.Value) error {
			time.Sleep(30 * time.Millisecond)
			return nil
		}}
		c := follow(t, actors.Directory{Consumer: f, Concurrency: 3}, "a=0", "b=0", "c=0", "d=0", "e=0")
		for i := range 200 {
			c.registry.Put(key(string(rune('a'+i%5))), fmt.Sprint(i), 0)
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Second)
		f.expect(t, "in the end", "a=195 b=196 c=197 d=198 e=199")
		if f.twice || f.peak != 3 {
			t.Errorf("calls: got %d at once, two of one key: %v; want 3, false", f.peak, f.twice)
		}
		c.stop(t)
	})
}

// A consumer that heeds its context is told to stop when the runtime does, and
// waited for.
func TestConsumerIsStoppedWithTheRuntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		f := &flags{answer: func(ctx context.Context, _ actors.Value) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}}
		c := follow(t, actors.Directory{Consumer: f}, "a=1")
		c.stop(t)
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("context: got %v, want it canceled", err)
			}
		default:
			t.Error("Stop: got back before the consumer's call had ended")
		}
	})
}

// keeper keeps one snapshot in memory.
type keeper struct{ saved *registry.Snapshot }

func (k *keeper) Save(s *registry.Snapshot, _ time.Time) error { k.saved = s; return nil }

func (k *keeper) Load(string, time.Time) (*registry.Snapshot, error) {
	rows := slices.Collect(k.saved.Rows.All())
	for i := range rows {
		rows[i].Origin = registry.OriginDisk
	}
	restored := *k.saved
	restored.Rows = registry.NewRows(rows)
	return &restored, nil
}

// What an earlier process saved reaches the consumer when the registry is silent.
func TestConsumerIsGivenWhatWasSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keeper{}
		c := followWith(t, actors.Config{Keeper: k}, actors.Directory{Consumer: &flags{}}, "a=1", "b=2")
		time.Sleep(time.Minute)
		c.stop(t)

		f := &flags{}
		away := registrytest.NewMemory(registrytest.Config{})
		away.Fail(errors.New("away"))
		cfg := actors.Config{Keeper: k, Source: away}
		runtime, err := actors.New(cfg)
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		if err := errors.Join(runtime.Follow(actors.Directory{Service: service, Consumer: f}), runtime.Start(t.Context())); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		time.Sleep(10 * time.Second)
		f.expect(t, "from the disk", "a=1 b=2")
		f.asked()
		time.Sleep(time.Minute)
		f.expectAsked(t, "later", "")
		if err := runtime.Stop(context.Background()); err != nil {
			t.Errorf("Stop: got %v, want no error", err)
		}
	})
}

// A decoder of one's own has a budget, and breaks alone.
func TestOwnDecoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		decode := func(service, id, value string) (registry.Instance, error) {
			switch value {
			case "hang":
				<-release
			case "panic":
				panic("a bug")
			case "bad":
				return registry.Instance{}, &registry.Fault{Class: registry.ClassSyntax, Reason: "no"}
			}
			return registry.Instance{Version: 1, Service: service, ID: id, Host: value, Port: 1}, nil
		}
		c := follow(t, actors.Directory{Decode: decode}, "a=h1", "b=h1", "c=h1", "d=h1")
		for id, value := range map[string]string{"a": "hang", "b": "panic", "c": "bad"} {
			c.registry.Put(key(id), value, 0)
		}
		time.Sleep(time.Second)
		c.expectBad(t, "with three kinds of bad values", "a:slow b:panic c:syntax")
		c.expect(t, "with three kinds of bad values", "a:1 b:1 c:1 d:1")
		close(release)
		c.expectBad(t, "when the slow one came back", "b:panic c:syntax")
		c.stop(t)
	})
}

func TestDirectoryIsRefused(t *testing.T) {
	runtime, err := actors.New(actors.Config{Source: registrytest.NewMemory(registrytest.Config{})})
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	for name, d := range map[string]actors.Directory{
		"both uses":       {Service: "x", Consumer: &flags{}, Decode: registry.Decode},
		"negative budget": {Service: "x", Budget: -1},
		"no name":         {},
	} {
		if err := runtime.Follow(d); err == nil {
			t.Errorf("Follow with %s: got no error, want one", name)
		}
	}
}
