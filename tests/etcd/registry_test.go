package etcd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

const (
	directory = "/services/api/"
	apiOne    = "/services/api/api-1"
)

func connect(tb testing.TB, s *server, wait time.Duration) *etcdv2.Registry {
	tb.Helper()
	r, err := etcdv2.New(etcdv2.Config{Endpoints: []string{s.url()}, Wait: wait, Timeout: limit})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(r.Close)
	return r
}

// The life of one record, and every refusal on the way.
func TestRegistryWrites(t *testing.T) {
	for _, mode := range []string{"plain", "guard"} {
		t.Run(mode, func(t *testing.T) {
			r, ctx := connect(t, start(t, mode), 0), t.Context()
			if l, err := r.List(ctx, directory); err != nil || len(l.Entries) != 0 || l.Cluster == "" || l.Index == 0 {
				t.Errorf("list before all: got %+v and error %v, want an empty one with its index and cluster", l, err)
			}
			_, err := r.Get(ctx, apiOne)
			expectError(t, "get of nothing", err, registry.ErrNotFound)
			_, err = r.Refresh(ctx, apiOne, time.Minute)
			expectError(t, "refresh of nothing", err, registry.ErrNotFound)
			_, err = r.Swap(ctx, apiOne, "x", time.Minute, 3)
			expectError(t, "swap of nothing", err, registry.ErrNotFound)
			expectError(t, "delete of nothing", r.Delete(ctx, apiOne, 3), registry.ErrNotFound)

			created, err := r.Create(ctx, apiOne, `{"a": "<&;+%>"}`, time.Minute)
			expectEcho(t, "create", created, err, `{"a": "<&;+%>"}`, time.Minute)
			_, err = r.Create(ctx, apiOne, "again", time.Minute)
			expectError(t, "second create", err, registry.ErrExists)
			got, err := r.Get(ctx, apiOne)
			expectEcho(t, "get", got, err, created.Value, time.Minute)

			refreshed, err := r.Refresh(ctx, apiOne, 50*time.Second)
			expectEcho(t, "refresh", refreshed, err, created.Value, 50*time.Second)
			_, err = r.Swap(ctx, apiOne, "x", time.Minute, created.Index)
			expectError(t, "swap by the index before the refresh", err, registry.ErrConflict)
			expectError(t, "delete by the index before the refresh", r.Delete(ctx, apiOne, created.Index), registry.ErrConflict)

			long := strings.Repeat("0123456789abcdef", 4096)
			swapped, err := r.Swap(ctx, apiOne, long, time.Minute, refreshed.Index)
			expectEcho(t, "swap to 64 KiB", swapped, err, long, time.Minute)
			_, err = r.Create(ctx, "/services/api/forever", "x", 0)
			if err != nil {
				t.Errorf("create without TTL: got error %v, want none", err)
			}
			l, err := r.List(ctx, directory)
			if err != nil || len(l.Entries) != 2 || l.Entries[0].Value != long || l.Entries[1].TTL != 0 || l.Index < swapped.Index {
				t.Errorf("list: got %d entries at %d and error %v, want both", len(l.Entries), l.Index, err)
			}
			expectError(t, "delete", r.Delete(ctx, apiOne, swapped.Index), nil)
			_, err = r.Get(ctx, apiOne)
			expectError(t, "get after the delete", err, registry.ErrNotFound)
		})
	}
}

func expectError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

func expectEcho(t *testing.T, what string, got registry.Entry, err error, value string, ttl time.Duration) {
	t.Helper()
	if err != nil || got.Key != apiOne || got.Value != value || got.Index == 0 || got.TTL > ttl || got.TTL < ttl-5*time.Second {
		t.Errorf("%s: got %.200v and error %v, want %.40q for %v", what, got, err, value, ttl)
	}
}

// The longest request line that is used passes etcd's look at the first bytes of a
// fresh connection, where a longer one is dropped.
func TestRequestLineLimit(t *testing.T) {
	s := start(t, "plain")
	for _, size := range []int{3900, 3926, 3927, 3928, 3929, 4000, 4030, 4100} {
		r := connect(t, s, 0)
		e, err := r.Create(t.Context(), apiOne, strings.Repeat("v", size), time.Minute)
		if err != nil || len(e.Value) != size {
			t.Fatalf("create of %d bytes: got %d back and error %v, want all", size, len(e.Value), err)
		}
		expectError(t, "delete", r.Delete(t.Context(), apiOne, e.Index), nil)
		r.Close()
	}
}

func TestRegistryChanges(t *testing.T) {
	r, ctx := connect(t, start(t, "plain"), 200*time.Millisecond), t.Context()
	l, err := r.List(ctx, directory)
	if err != nil {
		t.Fatal(err)
	}
	cursor := l.Index
	next := func(what string, kind registry.ChangeKind, key string) registry.Change {
		t.Helper()
		c, err := r.Next(ctx, directory, cursor)
		if err != nil || c.Kind != kind || c.Entry.Key != key || c.Index <= cursor {
			t.Fatalf("change by %s: got %+v and error %v, want %v of %s after %d", what, c, err, kind, key, cursor)
		}
		cursor = c.Index
		return c
	}
	_, err = r.Next(ctx, directory, cursor)
	expectError(t, "next without a change", err, registry.ErrQuiet)

	one, err := r.Create(ctx, apiOne, "one", time.Minute)
	expectError(t, "create", err, nil)
	two, err := r.Swap(ctx, apiOne, "two", time.Minute, one.Index)
	expectError(t, "swap", err, nil)
	three, err := r.Refresh(ctx, apiOne, time.Minute)
	expectError(t, "refresh", err, nil)
	expectError(t, "delete", r.Delete(ctx, apiOne, three.Index), nil)
	if c := next("create", registry.ChangePut, apiOne); c.Entry.Value != "one" || c.Entry.TTL == 0 || c.Previous != nil {
		t.Errorf("change by create: got %+v, want its value and TTL and nothing before", c)
	}
	if c := next("swap", registry.ChangePut, apiOne); c.Entry.Value != "two" || c.Previous == nil || c.Previous.Value != "one" || c.Index != two.Index {
		t.Errorf("change by swap: got %+v, want two after one", c)
	}
	if c := next("delete", registry.ChangeDeleted, apiOne); c.Entry.Value != "" || c.Previous == nil || c.Previous.Value != "two" {
		t.Errorf("change by delete: got %+v, want the value before; the refresh wakes nobody", c)
	}
	_, err = r.Create(ctx, "/services/api/sub/nested", "n", time.Second)
	expectError(t, "create below a sub-directory", err, nil)
	next("nested create", registry.ChangePut, "/services/api/sub/nested")
	if l, err := r.List(ctx, directory); err != nil || len(l.Entries) != 0 {
		t.Errorf("list with a sub-directory: got %+v and error %v, want no entries", l.Entries, err)
	}

	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = r.Next(canceled, directory, cursor)
	expectError(t, "next with an ended context", err, context.Canceled)
}

// An expiry is told apart from a delete; etcd is half a second late at most.
func TestRegistryExpiry(t *testing.T) {
	r, ctx := connect(t, start(t, "plain"), limit), t.Context()
	e, err := r.Create(ctx, apiOne, "x", time.Second)
	expectError(t, "create", err, nil)
	c, err := r.Next(ctx, directory, e.Index)
	if err != nil || c.Kind != registry.ChangeExpired || c.Entry.Key != apiOne || c.Previous == nil || c.Previous.Value != "x" {
		t.Errorf("change: got %+v and error %v, want the expiry with the value before", c, err)
	}
}

// History holds 1,000 events of all keys, renewals included.
func TestHistoryLost(t *testing.T) {
	r, ctx := connect(t, start(t, "plain"), limit), t.Context()
	e, err := r.Create(ctx, apiOne, "x", time.Minute)
	expectError(t, "create", err, nil)
	for range 1001 {
		if _, err := r.Refresh(ctx, apiOne, time.Minute); err != nil {
			t.Fatalf("refresh: got error %v, want none", err)
		}
	}
	_, err = r.Next(ctx, directory, e.Index)
	expectError(t, "next after 1,001 renewals", err, registry.ErrHistoryLost)
	l, err := r.List(ctx, directory)
	if err != nil || len(l.Entries) != 1 || l.Index < e.Index+1001 {
		t.Errorf("list: got %+v and error %v, want the entry at an index to go on from", l, err)
	}
}
