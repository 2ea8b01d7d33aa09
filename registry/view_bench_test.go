package registry_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

const benchKeys = 100_000

// directoryOf is a listing of so many good records, written at indexes from 1.
func directoryOf(b *testing.B, keys int) registry.Listing {
	b.Helper()
	l := registry.Listing{Index: registry.Index(keys)}
	for i := range keys {
		l.Entries = append(l.Entries, benchEntry(b, i, 50051, registry.Index(i+1)))
	}
	return l
}

func benchEntry(b *testing.B, i, port int, index registry.Index) registry.Entry {
	b.Helper()
	id := "api-" + strconv.Itoa(i)
	value, err := registry.Encode(registry.Instance{
		Version: 1, Service: "api", ID: id, Host: "10.0.0.7", Port: port, Zone: "a", Weight: 100,
	})
	if err != nil {
		b.Fatalf("Encode: got %v, want no error", err)
	}
	return registry.Entry{Key: "/services/api/" + id, Value: value, Index: index, TTL: time.Minute}
}

// decideAll carries out what a view asks for, as an entry does.
func decideAll(b *testing.B, v *registry.View, steps []registry.Step, now time.Time) {
	b.Helper()
	for _, step := range steps {
		judge, ok := step.(registry.Judge)
		if !ok {
			continue
		}
		e := judge.Entry
		in, err := registry.Decode("api", e.Key[len("/services/api/"):], e.Value)
		if err != nil {
			b.Fatalf("Decode: got %v, want no error", err)
		}
		v.Accept(e.Key, e.Index, in, now)
	}
}

// BenchmarkApply is one change of a directory of 100,000 keys, from the raw
// value to the view, with a snapshot for every hundred changes.
func BenchmarkApply(b *testing.B) {
	const perSnapshot = 100
	now := time.Now()
	v := registry.NewView("/services/api/", registry.Config{})
	decideAll(b, v, v.Resync(directoryOf(b, benchKeys), now), now)
	v.Snapshot(now)
	rng := rand.New(rand.NewPCG(1, 2))
	changes := make([]registry.Change, 20_000) // the second half changes the same keys once more
	index := registry.Index(benchKeys)
	for i := range len(changes) / 2 {
		key := rng.IntN(benchKeys)
		for half, port := range []int{2000, 3000} {
			c := &changes[half*len(changes)/2+i]
			c.Kind, c.Entry = registry.ChangePut, benchEntry(b, key, port, 0)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		index++
		c := changes[i%len(changes)]
		c.Index, c.Entry.Index = index, index
		decideAll(b, v, v.Observe(c, now), now)
		if i%perSnapshot == 0 {
			v.Snapshot(now)
		}
	}
}

// BenchmarkLoad is the first listing of 100,000 keys, decoded and published.
func BenchmarkLoad(b *testing.B) {
	listing := directoryOf(b, benchKeys)
	now := time.Now()
	for b.Loop() {
		before := heap()
		v := registry.NewView("/services/api/", registry.Config{})
		decideAll(b, v, v.Resync(listing, now), now)
		s := v.Snapshot(now)
		b.StopTimer()
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB-held")
		runtime.KeepAlive(v)
		runtime.KeepAlive(s)
		b.StartTimer()
	}
}

// BenchmarkResync is a listing of 100,000 keys of which one in a hundred has
// changed.
func BenchmarkResync(b *testing.B) {
	listing := directoryOf(b, benchKeys)
	now := time.Now()
	v := registry.NewView("/services/api/", registry.Config{})
	decideAll(b, v, v.Resync(listing, now), now)
	v.Snapshot(now)
	port := 1024
	for b.Loop() {
		b.StopTimer()
		port++
		for i := 0; i < benchKeys; i += 100 {
			listing.Index++
			listing.Entries[i] = benchEntry(b, i, port, listing.Index)
		}
		b.StartTimer()
		decideAll(b, v, v.Resync(listing, now), now)
		v.Snapshot(now)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
