package ring

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// BenchmarkBuild places the keyspace on so many instances, and tells how much
// memory that takes.
func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			snapshot := fleetOf(n).snapshot()
			for b.Loop() {
				before := heap()
				r, err := New(Config{})
				if err != nil {
					b.Fatal(err)
				}
				r.Follow(snapshot, time.Unix(0, 0))
				table := r.Table()
				b.StopTimer()
				b.ReportMetric(float64(heap()-before)/(1<<20), "MiB-held")
				runtime.KeepAlive(r)
				runtime.KeepAlive(table)
				b.StartTimer()
			}
		})
	}
}

// BenchmarkChange is one instance that comes or goes, with the new table.
func BenchmarkChange(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, err := New(Config{})
			if err != nil {
				b.Fatal(err)
			}
			f := fleetOf(n)
			both := [2]*registry.Snapshot{f.snapshot()}
			f["another"] = registry.Instance{}
			both[1] = f.snapshot()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Follow(both[i%2], time.Unix(int64(i), 0))
				r.Table()
			}
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
