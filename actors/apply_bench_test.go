package actors_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

const benchDirectory = "/services/api/"

// benchValue is the value of a key, at a port of choice.
func benchValue(b *testing.B, id string, port int) string {
	b.Helper()
	value, err := registry.Encode(registry.Instance{Service: "api", ID: id, Host: "10.0.0.7", Port: port, Zone: "a"})
	if err != nil {
		b.Fatalf("Encode: got %v, want no error", err)
	}
	return value
}

// replay is a registry that has its changes in memory: it gives the next one as
// fast as it is asked, as far as it has been released.
type replay struct {
	listing registry.Listing
	changes []registry.Change // those after the listing, in a ring

	mu       sync.Mutex
	head     registry.Index // the last one that is released
	released chan struct{}  // closed with the next release
}

// listed has so many keys, and no changes.
func listed(b *testing.B, keys int) *replay {
	b.Helper()
	r := &replay{released: make(chan struct{}), head: registry.Index(keys)}
	r.listing = registry.Listing{Index: registry.Index(keys), Cluster: "replay"}
	for i := range keys {
		r.listing.Entries = append(r.listing.Entries, registry.Entry{
			Key: benchDirectory + keyID(i), Value: benchValue(b, keyID(i), 1000), Index: registry.Index(i + 1), TTL: time.Minute,
		})
	}
	return r
}

// newReplay has so many keys; each is changed once in a round, in random order.
func newReplay(b *testing.B, keys int) *replay {
	b.Helper()
	r := listed(b, keys)
	order := rand.New(rand.NewPCG(1, 2)).Perm(keys)
	for _, port := range []int{2000, 3000} {
		for _, key := range order {
			r.changes = append(r.changes, registry.Change{Kind: registry.ChangePut, Entry: registry.Entry{
				Key: benchDirectory + keyID(key), Value: benchValue(b, keyID(key), port), TTL: time.Minute,
			}})
		}
	}
	return r
}

// release lets n more changes happen, and returns the index of the last.
func (r *replay) release(n int) registry.Index {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.head += registry.Index(n)
	close(r.released)
	r.released = make(chan struct{})
	return r.head
}

func (r *replay) at(index registry.Index) registry.Change {
	c := r.changes[int(index-r.listing.Index-1)%len(r.changes)]
	c.Index, c.Entry.Index = index, index
	return c
}

// List implements [registry.Source].
func (r *replay) List(context.Context, string) (registry.Listing, error) { return r.listing, nil }

// Get implements [registry.Source].
func (r *replay) Get(context.Context, string) (registry.Entry, error) {
	return registry.Entry{}, registry.ErrNotFound
}

// Next implements [registry.Source].
func (r *replay) Next(ctx context.Context, _ string, after registry.Index) (registry.Change, error) {
	for {
		r.mu.Lock()
		head, released := r.head, r.released
		r.mu.Unlock()
		if after < head {
			c := r.at(after + 1)
			c.Head = head
			return c, nil
		}
		select {
		case <-released:
		case <-ctx.Done():
			return registry.Change{}, ctx.Err()
		}
	}
}

// BenchmarkApplyThroughEntries is one change of a directory of 100,000 keys, from
// the source to the published snapshot, through the reader, the watcher and the
// key's own entry, with as many snapshots as the watcher finds time for.
func BenchmarkApplyThroughEntries(b *testing.B) {
	const keys = 100_000
	source := newReplay(b, keys)
	runtime := watching(b, source, keys)
	b.Cleanup(func() { _ = runtime.Stop(context.Background()) })
	b.ReportAllocs()
	cpu := cpuTime()
	b.ResetTimer()
	last := source.release(b.N)
	for index := last; index > keys && index > last-min(registry.Index(b.N), keys); {
		row, _ := runtime.Snapshot("api").Rows.Get(source.at(index).Entry.Key)
		if row.Index >= index {
			index-- // the last write of each key is visible
			continue
		}
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(cpuTime()-cpu)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
}

// watching is a runtime that has all keys of the source in its view.
func watching(b *testing.B, source registry.Source, keys int) *actors.Runtime {
	b.Helper()
	r, err := actors.New(actors.Config{Source: source, Cursor: registry.CursorConfig{Resync: time.Hour}})
	if err != nil {
		b.Fatalf("New: got %v, want no error", err)
	}
	if err := r.Watch("api"); err != nil {
		b.Fatalf("Watch: got %v, want no error", err)
	}
	if err := r.Start(b.Context()); err != nil {
		b.Fatalf("Start: got %v, want no error", err)
	}
	if err := r.WaitReady(b.Context(), "api", keys); err != nil {
		b.Fatalf("WaitReady: got %v, want no error", err)
	}
	return r
}

// BenchmarkLoadThroughEntries is the start of a runtime until 100,000 keys of a
// directory are published, each with an entry of its own, and what it then holds
// beside the listing that it was given.
func BenchmarkLoadThroughEntries(b *testing.B) {
	const keys = 100_000
	source := listed(b, keys)
	for b.Loop() {
		b.StopTimer()
		before := liveHeap()
		b.StartTimer()
		r := watching(b, source, keys)
		b.StopTimer()
		b.ReportMetric(float64(liveHeap()-before)/(1<<20), "MiB-held")
		b.ReportMetric(peakMemory(), "MiB-peak-of-process")
		if err := r.Stop(b.Context()); err != nil {
			b.Fatalf("Stop: got %v, want no error", err)
		}
		b.StartTimer()
	}
}
