package etcd

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	client "go.etcd.io/etcd/client/v2"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
)

// sighting is when somebody first knew of an index.
type sighting struct {
	index registry.Index
	at    time.Time
}

// BenchmarkEventToVisible is how long after the beginning of a write its value is
// in the published snapshot, beside how long after it the bare client of etcd has
// the event in hand: the same writes, seen by both in one run.
func BenchmarkEventToVisible(b *testing.B) {
	const keys, writes, pause = 100, 3000, 2 * time.Millisecond
	s := start(b, "plain")
	writer := connect(b, s, 0)
	entries := make([]registry.Entry, keys)
	for i := range entries {
		id := fmt.Sprintf("api-%d", i)
		entry, err := writer.Create(b.Context(), directory+id, recordAt(b, id, 1024), time.Hour)
		if err != nil {
			b.Fatalf("Create: got %v, want no error", err)
		}
		entries[i] = entry
	}
	bare := watchBare(b, s, entries[keys-1].Index)
	ours := watchOurs(b, s, keys)
	for b.Loop() {
		var took, tookBare, more []time.Duration
		for i := range writes {
			e := &entries[i%keys]
			id := fmt.Sprintf("api-%d", i%keys)
			began := time.Now()
			echo, err := writer.Swap(b.Context(), e.Key, recordAt(b, id, 2000+i), time.Hour, e.Index)
			if err != nil {
				b.Fatalf("Swap: got %v, want no error", err)
			}
			*e = echo
			theirs, visible := sight(b, bare, echo.Index), sight(b, ours, echo.Index)
			tookBare = append(tookBare, theirs.Sub(began))
			took = append(took, visible.Sub(began))
			more = append(more, visible.Sub(theirs))
			time.Sleep(pause)
		}
		for _, row := range []struct {
			name string
			all  []time.Duration
		}{{"ours", took}, {"bare", tookBare}, {"difference", more}} {
			b.ReportMetric(quantile(row.all, 0.5), row.name+"-p50-µs")
			b.ReportMetric(quantile(row.all, 0.99), row.name+"-p99-µs")
		}
		b.ReportMetric(quantile(took, 0.99)-quantile(tookBare, 0.99), "p99-ours-less-bare-µs")
	}
}

func recordAt(b *testing.B, id string, port int) string {
	b.Helper()
	value, err := registry.Encode(registry.Instance{Service: "api", ID: id, Host: "10.0.0.7", Port: port, Zone: "a"})
	if err != nil {
		b.Fatalf("Encode: got %v, want no error", err)
	}
	return value
}

// watchBare follows the directory with etcd's own watcher, in the loop that its
// documentation shows.
func watchBare(b *testing.B, s *server, after registry.Index) <-chan sighting {
	b.Helper()
	c, err := client.New(client.Config{Endpoints: []string{s.url()}})
	if err != nil {
		b.Fatalf("client: got %v, want no error", err)
	}
	seen := make(chan sighting, 1024)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	watcher := client.NewKeysAPI(c).Watcher(directory, &client.WatcherOptions{AfterIndex: uint64(after), Recursive: true})
	go func() {
		defer close(done)
		for {
			response, err := watcher.Next(ctx)
			if err != nil {
				return
			}
			seen <- sighting{registry.Index(response.Node.ModifiedIndex), time.Now()}
		}
	}()
	b.Cleanup(func() { cancel(); <-done })
	return seen
}

// watchOurs follows it with a runtime, which tells in the turn of its watcher what
// it has just published.
func watchOurs(b *testing.B, s *server, keys int) <-chan sighting {
	b.Helper()
	source, err := etcdv2.New(etcdv2.Config{Endpoints: []string{s.url()}})
	if err != nil {
		b.Fatalf("etcdv2.New: got %v, want no error", err)
	}
	seen := make(chan sighting, 1024)
	runtime, err := actors.New(actors.Config{Source: source, Observe: func(e actors.Event) {
		if e.Kind == actors.EventPublished {
			select {
			case seen <- sighting{e.Index, time.Now()}:
			default: // nobody waits for what came before
			}
		}
	}})
	if err != nil {
		b.Fatalf("actors.New: got %v, want no error", err)
	}
	if err := runtime.Watch("api"); err != nil {
		b.Fatalf("Watch: got %v, want no error", err)
	}
	if err := runtime.Start(b.Context()); err != nil {
		b.Fatalf("Start: got %v, want no error", err)
	}
	b.Cleanup(func() {
		_ = runtime.Stop(context.Background())
		source.Close()
	})
	if err := runtime.WaitReady(b.Context(), "api", keys); err != nil {
		b.Fatalf("WaitReady: got %v, want no error", err)
	}
	return seen
}

// sight is when an index, or a later one, was first seen.
func sight(b *testing.B, seen <-chan sighting, index registry.Index) time.Time {
	b.Helper()
	deadline := time.After(limit)
	for {
		select {
		case s := <-seen:
			if s.index >= index {
				return s.at
			}
		case <-deadline:
			b.Fatalf("index %d: not seen after %v", index, limit)
		}
	}
}

// quantile of durations, in microseconds.
func quantile(all []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return float64(sorted[int(q*float64(len(sorted)-1))].Nanoseconds()) / 1000
}
