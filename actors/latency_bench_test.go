package actors_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// probe is a message that tells when it was sent.
type probe struct{ sent time.Time }

// looper answers probes, and crashes at every start while the storm lasts.
type looper struct {
	storm   *atomic.Bool
	crashes *atomic.Int64
	took    chan<- time.Duration
}

func (l *looper) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case probe:
		l.took <- time.Since(m.sent)
	case *actor.Started:
		if l.storm.Load() {
			ctx.Send(ctx.Self(), crashByError{})
		}
	case crashByError:
		if l.storm.Load() {
			l.crashes.Add(1)
			actors.End(ctx, errBench)
		}
	}
}

// BenchmarkLatencyBesideCrashLoops is how long a message takes to the healthy
// ones of a hundred thousand children, while ten thousand others crash in a loop
// under backoff, beside the same tree at rest: interleaved, the medians of five.
func BenchmarkLatencyBesideCrashLoops(b *testing.B) {
	const children, looping, rounds, probes = 100_000, 10_000, 5, 4000
	var storm atomic.Bool
	var crashes atomic.Int64
	took := make(chan time.Duration, 1)
	healthy := actor.PropsFromProducer(func() actor.Actor { return &looper{storm: new(atomic.Bool), took: took} })
	sick := actor.PropsFromProducer(func() actor.Actor { return &looper{storm: &storm, crashes: &crashes} })
	s, system := benchTree(b, 0, func(id string) actors.Child {
		props := healthy
		if n, err := strconv.Atoi(id); err == nil && n < looping {
			props = sick
		}
		return actors.Child{Props: props, ChildSpec: supervision.ChildSpec{
			Backoff: backoff.Policy{Base: time.Second, Cap: 2 * time.Second, Jitter: backoff.Equal},
		}}
	})
	ids := make([]string, children)
	pids := make([]*actor.PID, children)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
		pids[i] = s.Branch().PID(ids[i])
	}
	if _, err := s.Branch().SpawnAll(b.Context(), ids); err != nil {
		b.Fatalf("SpawnAll: got %v, want no error", err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	p99 := func() float64 {
		all := make([]time.Duration, probes)
		for i := range all {
			system.Root.Send(pids[looping+rng.IntN(children-looping)], probe{time.Now()})
			all[i] = <-took
			time.Sleep(200 * time.Microsecond)
		}
		slices.Sort(all)
		return float64(all[probes*99/100].Nanoseconds())
	}
	for b.Loop() {
		var quiet, stormy []float64
		for range rounds {
			quiet = append(quiet, p99())
			storm.Store(true)
			for _, pid := range pids[:looping] {
				system.Root.Send(pid, crashByError{})
			}
			time.Sleep(3 * time.Second) // until the loops are out of step
			stormy = append(stormy, p99())
			storm.Store(false)
			time.Sleep(3 * time.Second) // until all are up
		}
		slices.Sort(quiet)
		slices.Sort(stormy)
		b.ReportMetric(quiet[rounds/2], "quiet-p99-ns")
		b.ReportMetric(stormy[rounds/2], "storm-p99-ns")
		b.ReportMetric(stormy[rounds/2]/quiet[rounds/2], "ratio")
		b.ReportMetric(float64(crashes.Swap(0))/rounds, "crashes/round")
		b.ReportMetric(0, "ns/op")
	}
}
