package actors_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestReturnOfAnAbandonedActor: what it has spawned itself ends with it.
func TestReturnOfAnAbandonedActor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		g := plant(t, static(child("a", script{on: acts{"go": func(ctx actor.Context, _ int) {
			if _, err := ctx.SpawnNamed(script{}.props(), "own"); err != nil {
				panic(err)
			}
			<-release
		}}}.props())))
		g.send("a", "go")
		g.stop(t, supervision.DefaultShutdown, 1)
		close(release)
		settle()
		g.expectAbandoned(t, "after its return", 0)
		if got := g.names(); len(got) != 0 {
			t.Errorf("names in the system: got %v, want none", got)
		}
	})
}

// TestAbandonedSupervisor: what is below a supervisor that was not waited for
// is told to stop all the same, in time for the supervisor's successor.
func TestAbandonedSupervisor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ended := 0
		stuck := script{on: acts{"Stopping": first(func() { <-release }), "ping": pong}}
		below := static(
			function("works", func(ctx context.Context) error { <-ctx.Done(); ended++; return nil }),
			child("waits", script{on: acts{"ping": pong}}.props()),
			child("stuck", stuck.props()),
		)
		below.Intensity = unlimited()
		below.Children[2].Shutdown = supervision.ShutdownInfinite()
		nested := actors.Child{ChildSpec: supervision.ChildSpec{ID: "n", Shutdown: supervision.ShutdownWithin(time.Second)}, Supervisor: &below}
		g := plant(t, static(nested))
		if err := g.Branch().Terminate(t.Context(), "n"); err != nil {
			t.Errorf("Terminate: got %v, want no error", err)
		}
		synctest.Wait()
		if ended != 1 {
			t.Errorf("functions that were told to end: got %d, want 1", ended)
		}
		if got, want := g.names(), []string{"root", "root/n/stuck"}; !slices.Equal(got, want) {
			t.Errorf("names in the system: got %v, want %v", got, want)
		}
		close(release)
		synctest.Wait()
		if _, err := g.Branch().Restart(t.Context(), "n"); err != nil {
			t.Errorf("Restart: got %v, want no error", err)
		}
		g.answers(t, g.Branch("n").PID("waits"))
		g.answers(t, g.Branch("n").PID("stuck"))
		g.stop(t, 0, 0)
	})
}

// TestAbandonedAtTheLastMoment: a child that ended just before it was given up
// on is not counted for ever.
func TestAbandonedAtTheLastMoment(t *testing.T) {
	tests := []struct {
		name  string
		child func(end chan struct{}) actors.Child
	}{
		{"actor", func(end chan struct{}) actors.Child {
			return child("a", script{on: acts{"Stopping": func(actor.Context, int) { <-end }}}.props())
		}},
		{"actor that crashes", func(end chan struct{}) actors.Child {
			return child("a", script{on: acts{"go": func(actor.Context, int) { <-end; panic("broken") }}}.props())
		}},
		{"function", func(end chan struct{}) actors.Child {
			return function("a", func(ctx context.Context) error { <-ctx.Done(); <-end; return nil })
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end := make(chan struct{})
				var slow atomic.Pointer[chan struct{}] // what keeps the supervisor in its turn
				g := prepare(t, actors.SupervisorConfig{SupervisorSpec: static(test.child(end)), Clock: func() time.Duration {
					if s := slow.Load(); s != nil {
						<-*s
					}
					return 0
				}})
				if err := g.Start(t.Context()); err != nil {
					t.Fatalf("Start: got %v, want no error", err)
				}
				synctest.Wait()
				g.send("a", "go")
				go func() { _ = g.Branch().Terminate(t.Context(), "a") }()
				synctest.Wait()
				wait := make(chan struct{})
				slow.Store(&wait)
				go func() { _ = g.Branch().Wake(t.Context(), "a") }()
				time.Sleep(supervision.DefaultShutdown + time.Second)
				close(end)
				synctest.Wait() // both the overdue stop and the exit are queued now
				slow.Store(nil)
				close(wait)
				synctest.Wait()
				g.stop(t, 0, 0)
			})
		})
	}
}
