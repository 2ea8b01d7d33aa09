package actors_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// The ways in which a child under test comes to its end.
type (
	crashByError struct{}
	crashByPanic struct{}
)

var errBench = errors.New("broken")

// crasher is an actor that acknowledges its start, and ends as it is told.
type crasher struct{ up chan struct{} }

func (c crasher) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		c.up <- struct{}{}
	case crashByError:
		actors.End(ctx, errBench)
	case crashByPanic:
		panic(errBench)
	}
}

func unlimited() supervision.Intensity { return supervision.Intensity{Restarts: supervision.Unlimited} }

// quietSystem is an actor system without protoactor's own log, which would be
// most of what its restart costs.
func quietSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
}

// benchTree is one dynamic supervisor with so many children.
func benchTree(b *testing.B, children int, template func(id string) actors.Child) (*actors.Supervisor, *actor.ActorSystem) {
	b.Helper()
	system := quietSystem()
	s, err := actors.NewSupervisor(actors.SupervisorConfig{System: system, SupervisorSpec: actors.SupervisorSpec{
		Spec: supervision.Spec{Strategy: supervision.Dynamic, Intensity: unlimited()}, Template: template,
	}})
	if err != nil {
		b.Fatalf("NewSupervisor: got %v, want no error", err)
	}
	if err := s.Start(b.Context()); err != nil {
		b.Fatalf("Start: got %v, want no error", err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			b.Errorf("Stop: got %v, want no error", err)
		}
	})
	for i := range children {
		if _, err := s.Branch().Spawn(b.Context(), strconv.Itoa(i)); err != nil {
			b.Fatalf("Spawn: got %v, want no error", err)
		}
	}
	return s, system
}

// restarts are the ways in which one actor is crashed and comes up again, ours
// and protoactor's.
func restarts() []struct {
	name    string
	message any
	bare    bool
} {
	return []struct {
		name    string
		message any
		bare    bool
	}{
		{"supervisor/error", crashByError{}, false},
		{"supervisor/panic", crashByPanic{}, false},
		{"protoactor/panic", crashByPanic{}, true},
	}
}

// crashable starts so many actors that tell the channel of every start.
func crashable(b *testing.B, count int, up chan struct{}, bare bool) (*actor.ActorSystem, []*actor.PID) {
	b.Helper()
	producer := func() actor.Actor { return crasher{up} }
	pids := make([]*actor.PID, count)
	if !bare {
		props := actor.PropsFromProducer(producer)
		s, system := benchTree(b, count, func(string) actors.Child { return actors.Child{Props: props} })
		for i := range pids {
			pids[i] = s.Branch().PID(strconv.Itoa(i))
		}
		return system, pids
	}
	system := quietSystem()
	props := actor.PropsFromProducer(producer, actor.WithGuardian(actor.NewRestartingStrategy()))
	for i := range pids {
		pids[i] = system.Root.Spawn(props)
		b.Cleanup(func() { system.Root.Stop(pids[i]) })
	}
	return system, pids
}

// BenchmarkRestart is the time from a crash to the handled Started of the next
// incarnation, beside protoactor's own restart.
func BenchmarkRestart(b *testing.B) {
	for _, kind := range restarts() {
		b.Run(kind.name, func(b *testing.B) {
			up := make(chan struct{}, 1)
			system, pids := crashable(b, 1, up, kind.bare)
			<-up
			b.ReportAllocs()
			for b.Loop() {
				system.Root.Send(pids[0], kind.message)
				<-up
			}
		})
	}
	b.Run("supervisor/function", func(b *testing.B) {
		crash := make(chan struct{})
		benchTree(b, 1, func(string) actors.Child {
			return actors.Child{Run: func(ctx context.Context) error {
				select {
				case crash <- struct{}{}:
					return errBench
				case <-ctx.Done():
					return nil
				}
			}}
		})
		b.ReportAllocs()
		for b.Loop() {
			<-crash
		}
	})
}

// BenchmarkStorm is the time in which ten thousand crashes at once are all up
// again.
func BenchmarkStorm(b *testing.B) {
	const children = 10_000
	for _, kind := range restarts() {
		b.Run(kind.name, func(b *testing.B) {
			up := make(chan struct{}, children)
			system, pids := crashable(b, children, up, kind.bare)
			for range pids {
				<-up
			}
			for b.Loop() {
				for _, pid := range pids {
					system.Root.Send(pid, kind.message)
				}
				for range pids {
					<-up
				}
			}
		})
	}
}

// BenchmarkSpawn is the start of one more child, acknowledged, beside a bare
// spawn whose Started is awaited, and one whose is not.
func BenchmarkSpawn(b *testing.B) {
	producer := func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) }
	props := actor.PropsFromProducer(producer)
	b.Run("supervisor", func(b *testing.B) {
		s, _ := benchTree(b, 0, func(string) actors.Child { return actors.Child{Props: props} })
		branch := s.Branch()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := branch.Spawn(b.Context(), strconv.Itoa(i)); err != nil {
				b.Fatalf("Spawn: got %v, want no error", err)
			}
		}
	})
	b.Run("supervisor/all", func(b *testing.B) {
		s, _ := benchTree(b, 0, func(string) actors.Child { return actors.Child{Props: props} })
		ids := make([]string, b.N)
		for i := range ids {
			ids[i] = strconv.Itoa(i)
		}
		b.ReportAllocs()
		b.ResetTimer()
		if _, err := s.Branch().SpawnAll(b.Context(), ids); err != nil {
			b.Fatalf("SpawnAll: got %v, want no error", err)
		}
		b.StopTimer()
	})
	b.Run("protoactor", func(b *testing.B) {
		system := quietSystem()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := system.Root.SpawnNamed(props, "root/"+strconv.Itoa(i)); err != nil {
				b.Fatalf("SpawnNamed: got %v, want no error", err)
			}
		}
	})
	b.Run("protoactor/acknowledged", func(b *testing.B) {
		system := quietSystem()
		up := make(chan struct{}, 1)
		props := actor.PropsFromProducer(func() actor.Actor { return crasher{up} })
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := system.Root.SpawnNamed(props, "root/"+strconv.Itoa(i)); err != nil {
				b.Fatalf("SpawnNamed: got %v, want no error", err)
			}
			<-up
		}
	})
}

// BenchmarkMemory is what a hundred thousand idle children hold each.
func BenchmarkMemory(b *testing.B) {
	const children = 100_000
	props := actor.PropsFromProducer(func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) })
	measure := func(b *testing.B, fill func() any) {
		b.Helper()
		for b.Loop() {
			before := liveHeap()
			kept := fill()
			b.ReportMetric(float64(liveHeap()-before)/children, "B/child")
			runtime.KeepAlive(kept)
		}
		b.ReportMetric(0, "ns/op")
	}
	b.Run("supervisor", func(b *testing.B) {
		measure(b, func() any {
			s, _ := benchTree(b, children, func(string) actors.Child { return actors.Child{Props: props} })
			return s
		})
	})
	b.Run("supervisor/function", func(b *testing.B) {
		measure(b, func() any {
			s, _ := benchTree(b, children, func(string) actors.Child {
				return actors.Child{Run: func(ctx context.Context) error { <-ctx.Done(); return nil }}
			})
			return s
		})
	})
	b.Run("protoactor", func(b *testing.B) {
		measure(b, func() any {
			system := quietSystem()
			for i := range children {
				if _, err := system.Root.SpawnNamed(props, "root/"+strconv.Itoa(i)); err != nil {
					b.Fatalf("SpawnNamed: got %v, want no error", err)
				}
			}
			return system
		})
	})
}

// liveHeap is what is reachable, stacks included.
func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
