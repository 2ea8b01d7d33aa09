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

// decideAll carries out what a view asks for, as an entry does, and returns how
// many rows that changed.
func decideAll(b *testing.B, v *registry.View, steps []registry.Step, now time.Time) (changed int) { //nolint:thelper // b.Helper is slow, and this is measured
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
		for _, fact := range v.Accept(e.Key, e.Index, in, now) {
			switch fact.(type) { //nolint:gochecksumtype // the others change no row
			case registry.Added, registry.Updated:
				changed++
			}
		}
	}
	return changed
}

// BenchmarkApply is one change of a directory of 100,000 keys, drawn at random,
// from the raw value to the view: observed, decoded, accepted, and published with
// as many others as its name says. A watcher publishes behind what is queued, so
// the faster changes come, the more of them share a snapshot.
//
// cpu-ns/op is the time of all processors, the collector's included.
func BenchmarkApply(b *testing.B) {
	for _, perSnapshot := range []int{1, 100, 1000} {
		b.Run("batch-"+strconv.Itoa(perSnapshot), func(b *testing.B) { benchApply(b, perSnapshot) })
	}
}

func benchApply(b *testing.B, perSnapshot int) {
	b.Helper()
	now := time.Now()
	v := loaded(b, benchKeys, now)
	changes := changesOf(b, benchKeys)
	index := registry.Index(benchKeys)
	b.ReportAllocs()
	runtime.GC()
	cpu := cpuTime()
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
	b.ReportMetric(float64(cpuTime()-cpu)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
}

// loaded is a view of so many keys, listed, judged and published.
func loaded(b *testing.B, keys int, now time.Time) *registry.View {
	b.Helper()
	v := registry.NewView("/services/api/", registry.Config{})
	decideAll(b, v, v.Resync(directoryOf(b, keys), now), now)
	v.Snapshot(now)
	return v
}

// changesOf changes up to 10,000 keys in random order to one port, and then to
// another: however often it is gone through, each change is one.
func changesOf(b *testing.B, keys int) []registry.Change {
	b.Helper()
	order := rand.New(rand.NewPCG(1, 2)).Perm(keys)[:min(keys, 10_000)]
	changes := make([]registry.Change, 0, 2*len(order))
	for _, port := range []int{2000, 3000} {
		for _, key := range order {
			changes = append(changes, registry.Change{Kind: registry.ChangePut, Entry: benchEntry(b, key, port, 0)})
		}
	}
	return changes
}

// BenchmarkPublish is one snapshot after a hundred changes of keys drawn at
// random, in directories of several sizes.
func BenchmarkPublish(b *testing.B) {
	for _, keys := range []int{1000, 10_000, 100_000} {
		b.Run(strconv.Itoa(keys)+"-keys", func(b *testing.B) {
			now := time.Now()
			v := loaded(b, keys, now)
			changes := changesOf(b, keys)
			index := registry.Index(keys)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				for range 100 {
					index++
					c := changes[int(index)%len(changes)]
					c.Index, c.Entry.Index = index, index
					decideAll(b, v, v.Observe(c, now), now)
				}
				b.StartTimer()
				v.Snapshot(now)
			}
		})
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
		b.ReportMetric(peakMemory(), "MiB-peak-of-process")
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
		if changed := decideAll(b, v, v.Resync(listing, now), now); changed != benchKeys/100 {
			b.Fatalf("rows that a listing changed: got %d, want the %d that differ", changed, benchKeys/100)
		}
		v.Snapshot(now)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
