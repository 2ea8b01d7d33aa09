package registrytest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// renewals skips a case for a backend that has none.
func (r *trial) renewals(t *testing.T) {
	t.Helper()
	if r.NoTTL || r.readOnly {
		t.Skip("the backend has no renewals")
	}
}

func (r *trial) expiry(t *testing.T) {
	t.Helper()
	if r.NoTTL {
		t.Skip("the backend has no TTLs")
	}
}

// move writes a key in any way that moves its index: a refresh, where there is one.
func (r *trial) move(t *testing.T, e registry.Entry) registry.Entry {
	t.Helper()
	name := strings.TrimPrefix(e.Key, r.Directory)
	if r.NoTTL || r.readOnly {
		return r.swap(t, name, e.Value+"'", time.Minute, e.Index)
	}
	return r.refresh(t, name, time.Minute)
}

func expiryRemoves(t *testing.T, r *trial) {
	r.expiry(t)
	e := r.create(t, "a", "1", time.Second)
	r.create(t, "b", "1", time.Minute)
	r.Pass(2 * time.Second)
	ctx := t.Context()
	_, err := r.Source.Get(ctx, e.Key)
	expectError(t, "get of an expired key", err, registry.ErrNotFound)
	if !r.readOnly {
		_, err = r.Writer.Refresh(ctx, e.Key, time.Minute)
		expectError(t, "refresh of an expired key", err, registry.ErrNotFound)
	}
	_, err = r.Writer.Swap(ctx, e.Key, "2", time.Minute, e.Index)
	expectError(t, "swap of an expired key", err, registry.ErrNotFound)
	expectError(t, "delete of an expired key", r.Writer.Delete(ctx, e.Key, e.Index), registry.ErrNotFound)
	if l := r.list(t); len(l.Entries) != 1 || l.Entries[0].Key != r.key("b") || l.Index <= e.Index+1 {
		t.Errorf("list after the expiry: got %v at %d, want b, and the expiry counted", keysOf(l), l.Index)
	}
	r.create(t, "a", "2", time.Minute)
}

func expiryNever(t *testing.T, r *trial) {
	e := r.create(t, "a", "1", 0)
	r.Pass(2 * time.Second)
	r.untouched(t, e)
	r.remove(t, "a", e.Index)
}

// What no registry can mean is refused, with an error that promises nothing about
// the key, and nothing is written.
func ttlRefused(t *testing.T, r *trial) {
	r.renewals(t)
	e, ctx := r.create(t, "a", "1", time.Minute), t.Context()
	for _, c := range []struct {
		name string
		call func() error
	}{
		{"create for less than nothing", func() error { _, err := r.Writer.Create(ctx, r.key("b"), "1", -time.Second); return err }},
		{"create for a nanosecond less than nothing", func() error { _, err := r.Writer.Create(ctx, r.key("b"), "1", -1); return err }},
		{"swap for less than nothing", func() error { _, err := r.Writer.Swap(ctx, e.Key, "2", -time.Second, e.Index); return err }},
		{"refresh for less than nothing", func() error { _, err := r.Writer.Refresh(ctx, e.Key, -time.Second); return err }},
		{"refresh for ever", func() error { _, err := r.Writer.Refresh(ctx, e.Key, 0); return err }},
	} {
		err := c.call()
		if err == nil {
			t.Errorf("%s: got no error, want it refused", c.name)
		}
		for _, said := range []error{registry.ErrNotFound, registry.ErrExists, registry.ErrConflict, registry.ErrQuiet, registry.ErrHistoryLost} {
			if errors.Is(err, said) {
				t.Errorf("%s: got error %v, want one that is not about what is stored", c.name, err)
			}
		}
	}
	r.untouched(t, e)
	_, err := r.Source.Get(ctx, r.key("b"))
	expectError(t, "get of what was refused", err, registry.ErrNotFound)
}

// A call with an ended context says so and writes nothing.
func contextEnded(t *testing.T, r *trial) {
	e := r.create(t, "a", "1", time.Minute)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	calls := []struct {
		name string
		call func() error
	}{
		{"list", func() error { _, err := r.Source.List(ended, r.Directory); return err }},
		{"get", func() error { _, err := r.Source.Get(ended, e.Key); return err }},
		{"next", func() error { _, err := r.Source.Next(ended, r.Directory, e.Index); return err }},
		{"create", func() error { _, err := r.Writer.Create(ended, r.key("b"), "1", time.Minute); return err }},
		{"refresh", func() error { _, err := r.Writer.Refresh(ended, e.Key, time.Hour); return err }},
		{"swap", func() error { _, err := r.Writer.Swap(ended, e.Key, "2", time.Minute, e.Index); return err }},
		{"delete", func() error { return r.Writer.Delete(ended, e.Key, e.Index) }},
	}
	for _, c := range calls {
		expectError(t, c.name, c.call(), context.Canceled)
	}
	r.untouched(t, e)
	if _, err := r.Source.Get(t.Context(), r.key("b")); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("get of what an ended context created: got error %v, want %v", err, registry.ErrNotFound)
	}
}
