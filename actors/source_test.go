package actors

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// listSource is a registry that answers with one listing and never changes by
// itself.
type listSource struct {
	listing registry.Listing // at first
	now     atomic.Pointer[registry.Listing]
	gets    atomic.Int64
}

func (s *listSource) set(l registry.Listing) { s.now.Store(&l) }

func (s *listSource) List(context.Context, string) (registry.Listing, error) {
	if l := s.now.Load(); l != nil {
		return *l, nil
	}
	return s.listing, nil
}

func (s *listSource) Next(ctx context.Context, _ string, _ registry.Index) (registry.Change, error) {
	<-ctx.Done()
	return registry.Change{}, ctx.Err()
}

func (s *listSource) Get(ctx context.Context, key string) (registry.Entry, error) {
	s.gets.Add(1)
	listing, err := s.List(ctx, "")
	for _, e := range listing.Entries {
		if e.Key == key {
			return e, err
		}
	}
	return registry.Entry{}, registry.ErrNotFound
}

// record is a good entry of the service api at index 7.
func record(t *testing.T, id string) registry.Entry {
	t.Helper()
	value, err := registry.Encode(registry.Instance{Service: "api", ID: id, Host: "10.0.0.7", Port: 50051})
	if err != nil {
		t.Fatalf("Encode: got %v, want no error", err)
	}
	return registry.Entry{Key: "/services/api/" + id, Value: value, Index: 7, TTL: time.Minute}
}
