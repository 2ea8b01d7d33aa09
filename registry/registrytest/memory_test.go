package registrytest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

const (
	directory = "/services/api/"
	key       = directory + "a"
)

func TestMemoryWrites(t *testing.T) {
	ctx := t.Context()
	m := registrytest.NewMemory(registrytest.Config{})
	first, err := m.Create(ctx, key, "1", 1500*time.Millisecond)
	if err != nil || first.Value != "1" || first.Index != 1 || first.TTL != 2*time.Second {
		t.Fatalf("create: got %+v, %v", first, err)
	}
	steps := []struct {
		name string
		do   func() (registry.Entry, error)
		want error
	}{
		{"create again", func() (registry.Entry, error) { return m.Create(ctx, key, "2", 0) }, registry.ErrExists},
		{"swap at another index", func() (registry.Entry, error) { return m.Swap(ctx, key, "2", 0, 7) }, registry.ErrConflict},
		{"swap at no index", func() (registry.Entry, error) { return m.Swap(ctx, key, "2", 0, 0) }, registry.ErrConflict},
		{"swap of nothing", func() (registry.Entry, error) { return m.Swap(ctx, "/x", "2", 0, 1) }, registry.ErrNotFound},
		{"refresh of nothing", func() (registry.Entry, error) { return m.Refresh(ctx, "/x", time.Minute) }, registry.ErrNotFound},
		{"get of nothing", func() (registry.Entry, error) { return m.Get(ctx, "/x") }, registry.ErrNotFound},
		{"delete of nothing", func() (registry.Entry, error) { return registry.Entry{}, m.Delete(ctx, "/x", 1) }, registry.ErrNotFound},
		{"delete at another index", func() (registry.Entry, error) { return registry.Entry{}, m.Delete(ctx, key, 2) }, registry.ErrConflict},
		{"swap", func() (registry.Entry, error) { return m.Swap(ctx, key, "2", time.Minute, 1) }, nil},
		{"refresh", func() (registry.Entry, error) { return m.Refresh(ctx, key, time.Hour) }, nil},
	}
	for _, step := range steps {
		if _, err := step.do(); !errors.Is(err, step.want) {
			t.Errorf("%s: got %v, want %v", step.name, err, step.want)
		}
	}
	if got, err := m.Get(ctx, key); err != nil || got.Value != "2" || got.Index != 3 || got.TTL != time.Hour {
		t.Errorf("get: got %+v, %v, want value 2 at index 3 for an hour", got, err)
	}
	if err := m.Delete(ctx, key, 3); err != nil {
		t.Errorf("delete: %v", err)
	}
}

func TestMemoryLists(t *testing.T) {
	m := registrytest.NewMemory(registrytest.Config{})
	for _, key := range []string{directory + "b", directory + "a", directory + "_hidden", directory + "d/e", "/services/api2/x"} {
		m.Put(key, "v", 0)
	}
	l, err := m.List(t.Context(), directory)
	if err != nil || l.Index != 5 || len(l.Entries) != 2 || l.Entries[0].Key != directory+"a" || l.Cluster != "memory" {
		t.Errorf("list: got %+v, %v, want a and b at index 5", l, err)
	}
	if l, err := m.List(t.Context(), "/no/where/"); err != nil || len(l.Entries) != 0 || l.Index != 5 || !l.Missing {
		t.Errorf("list of nothing: got %+v, %v, want a missing directory at index 5", l, err)
	}
}

func TestMemoryForgets(t *testing.T) {
	ctx := t.Context()
	m := registrytest.NewMemory(registrytest.Config{})
	e := m.Put(key, "1", 0)
	if err := m.Delete(ctx, key, e.Index); err != nil {
		t.Fatal(err)
	}
	if l, err := m.List(ctx, directory); err != nil || l.Missing {
		t.Errorf("emptied directory: got %+v, %v, want it to stay", l, err)
	}
	m.Put(key, "1", 0)
	m.Forget("")
	if l, err := m.List(ctx, directory); err != nil || len(l.Entries) != 0 || !l.Missing || l.Index != 0 || l.Cluster != "memory" {
		t.Errorf("after the loss: got %+v, %v, want nothing, at index 0 of the same cluster", l, err)
	}
	m.Forget("other")
	m.Put(key, "2", 0)
	if c, err := m.Next(ctx, directory, 0); err != nil || c.Index != 1 || c.Head != 1 || c.Cluster != "other" {
		t.Errorf("change after it: got %+v, %v, want index 1 of the other cluster", c, err)
	}
}

func TestMemoryHistory(t *testing.T) {
	ctx := t.Context()
	m := registrytest.NewMemory(registrytest.Config{History: 3})
	m.Put(key, "1", 0)                            // 1, forgotten
	m.Put(key, "2", time.Minute)                  // 2
	_, _ = m.Refresh(ctx, key, time.Hour)         // 3, wakes nobody
	m.Put("/elsewhere", "x", 0)                   // 4
	if err := m.Delete(ctx, key, 3); err != nil { // 5, and 2 is forgotten
		t.Fatal(err)
	}
	if _, err := m.Next(ctx, directory, 1); !errors.Is(err, registry.ErrHistoryLost) {
		t.Errorf("next after 1: got %v, want ErrHistoryLost", err)
	}
	c, err := m.Next(ctx, directory, 2)
	if err != nil || c.Kind != registry.ChangeDeleted || c.Index != 5 || c.Previous == nil || c.Previous.Value != "2" {
		t.Errorf("next after 2: got %+v, %v, want the deletion at 5", c, err)
	}
	if c.Entry.Key != key || c.Entry.Index != 5 || c.Entry.Value != "" {
		t.Errorf("entry of a removal: got %+v, want key and index only", c.Entry)
	}
}

func TestMemoryWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := registrytest.NewMemory(registrytest.Config{Wait: 10 * time.Second})
		start := time.Now()
		m.Put(key, "1", 4*time.Second)
		c, err := m.Next(t.Context(), directory, 1)
		if err != nil || c.Kind != registry.ChangeExpired || time.Since(start) != 4*time.Second {
			t.Errorf("expiry: got %+v, %v after %v, want it after 4 s", c, err, time.Since(start))
		}
		if _, err := m.Get(t.Context(), key); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("get after the expiry: got %v, want ErrNotFound", err)
		}

		start = time.Now()
		if _, err := m.Next(t.Context(), directory, 99); !errors.Is(err, registry.ErrQuiet) || time.Since(start) != 10*time.Second {
			t.Errorf("index in the future: got %v after %v, want ErrQuiet after 10 s", err, time.Since(start))
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := m.Next(ctx, directory, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("end of the context: got %v, want DeadlineExceeded", err)
		}

		start = time.Now()
		answers := make(chan error)
		next := func() { _, err := m.Next(t.Context(), directory, 2); answers <- err }
		go next()
		synctest.Wait()
		m.Put("/elsewhere", "x", 0)
		synctest.Wait()
		m.Put(key, "2", 0)
		if err := <-answers; err != nil || time.Since(start) != 0 {
			t.Errorf("waiting for a put: got %v after %v, want it at once", err, time.Since(start))
		}
		down := errors.New("down")
		m.Put(key, "3", 3*time.Second)
		go func() { _, err := m.Next(t.Context(), directory, 5); answers <- err }()
		synctest.Wait()
		m.Fail(down)
		if err := <-answers; !errors.Is(err, down) || time.Since(start) != 0 {
			t.Errorf("waiting while it fails: got %v after %v, want %v at once", err, time.Since(start), down)
		}
		if _, err := m.List(t.Context(), directory); !errors.Is(err, down) {
			t.Errorf("list while it fails: got %v, want %v", err, down)
		}
		time.Sleep(3 * time.Second)
		m.Fail(nil)
		if l, err := m.List(t.Context(), directory); err != nil || len(l.Entries) != 0 {
			t.Errorf("list afterwards: got %+v, %v, want the key to have expired", l, err)
		}
	})
}
