package actors_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestFlood: a child that sends without end to its supervisor's address, or to
// a sibling that is dead or between two lives, holds up neither its siblings'
// restarts nor the memory.
func TestFlood(t *testing.T) {
	const most = 16 << 20
	tests := []struct {
		name     string
		messages int
		to       func(b *actors.Branch, system *actor.ActorSystem) *actor.PID
	}{
		{"to the supervisor", 1_000_000, func(_ *actors.Branch, system *actor.ActorSystem) *actor.PID {
			return actor.NewPID(system.Address(), "root")
		}},
		{"to a dead sibling", 1_000_000, func(b *actors.Branch, _ *actor.ActorSystem) *actor.PID { return b.PID("dead") }},
		{"to a sibling that backs off", 100_000, func(b *actors.Branch, _ *actor.ActorSystem) *actor.PID { return b.PID("waits") }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			system, flooded, restarted := quietSystem(), make(chan struct{}), make(chan struct{}, 1)
			flooder := script{on: acts{"PID": func(ctx actor.Context, _ int) {
				to := message[*actor.PID](ctx)
				for range test.messages {
					ctx.Send(to, "flood")
				}
				close(flooded)
			}}}
			crasher := script{on: acts{
				"Started": func(actor.Context, int) { restarted <- struct{}{} }, "go": func(actor.Context, int) { panic("broken") },
			}}
			waits := child("waits", script{on: acts{"go": func(actor.Context, int) { panic("broken") }}}.props())
			waits.Backoff.Base, waits.Backoff.Cap = time.Hour, time.Hour
			dead := child("dead", script{}.props())
			spec := static(child("flooder", flooder.props()), child("crasher", crasher.props()), waits, dead)
			spec.Intensity = supervision.Intensity{Restarts: supervision.Unlimited}
			tree, err := actors.NewSupervisor(actors.SupervisorConfig{System: system, SupervisorSpec: spec})
			if err != nil {
				t.Fatalf("NewSupervisor: got %v, want no error", err)
			}
			if err := tree.Start(t.Context()); err != nil {
				t.Fatalf("Start: got %v, want no error", err)
			}
			<-restarted
			b := tree.Branch()
			if err := b.Terminate(t.Context(), "dead"); err != nil {
				t.Errorf("Terminate: got %v, want no error", err)
			}
			system.Root.Send(b.PID("waits"), "go")
			before := liveHeap()
			system.Root.Send(b.PID("flooder"), test.to(b, system))
			restarts, highest := 0, uint64(0)
			for looking := true; looking; {
				select {
				case <-flooded:
					looking = false
				default:
				}
				system.Root.Send(b.PID("crasher"), "go")
				<-restarted
				if restarts++; restarts%1000 == 0 {
					highest = max(highest, liveHeap())
				}
				runtime.Gosched()
			}
			highest = max(highest, liveHeap())
			if highest > before+most {
				t.Errorf("memory during the flood: got %d bytes more, want at most %d", highest-before, most)
			}
			if restarts < 10 {
				t.Errorf("restarts of a sibling meanwhile: got %d, want many", restarts)
			}
			if err := tree.Stop(t.Context()); err != nil {
				t.Errorf("Stop: got %v, want no error", err)
			}
		})
	}
}

// TestFloodOfABusySupervisor: what is nobody's business is not even kept until
// the supervisor has time for it.
func TestFloodOfABusySupervisor(t *testing.T) {
	const messages, most = 1_000_000, 4 << 20
	var busy atomic.Pointer[chan struct{}]
	entered := make(chan struct{})
	system := quietSystem()
	spec := static(child("a", script{}.props()))
	tree, err := actors.NewSupervisor(actors.SupervisorConfig{System: system, SupervisorSpec: spec, Clock: func() time.Duration {
		if wait := busy.Swap(nil); wait != nil {
			close(entered)
			<-*wait
		}
		return 0
	}})
	if err != nil {
		t.Fatalf("NewSupervisor: got %v, want no error", err)
	}
	if err := tree.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	wait := make(chan struct{})
	busy.Store(&wait)
	go func() { _ = tree.Branch().Wake(t.Context(), "a") }()
	<-entered
	before := liveHeap()
	root := actor.NewPID(system.Address(), "root")
	for range messages {
		system.Root.Send(root, "flood")
	}
	if after := liveHeap(); after > before+most {
		t.Errorf("memory held by a flood: got %d bytes, want at most %d", after-before, most)
	}
	close(wait)
	if err := tree.Stop(t.Context()); err != nil {
		t.Errorf("Stop: got %v, want no error", err)
	}
}
