package actors_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// lingering are children that take two seconds to stop and are given one.
func lingering() map[string]actors.Child {
	spec := supervision.ChildSpec{ID: "late", Shutdown: supervision.ShutdownWithin(time.Second)}
	const needed = 2 * time.Second
	return map[string]actors.Child{
		"a function": {ChildSpec: spec, Run: func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(needed)
			return nil
		}},
		"an actor": {ChildSpec: spec, Props: actor.PropsFromFunc(func(c actor.Context) {
			if _, stopping := c.Message().(*actor.Stopping); stopping {
				time.Sleep(needed)
			}
		})},
	}
}

// TestChildThatEndsWhileItIsGivenUpOn: the supervisor is busy while the child's
// time runs out, and while the child ends after all. It learns of both
// afterwards, and in this order; nothing is left behind.
func TestChildThatEndsWhileItIsGivenUpOn(t *testing.T) {
	for name, late := range lingering() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failures := make(chan error)
				s := grow(t, actors.SupervisorConfig{
					SupervisorSpec: actors.SupervisorSpec{Children: []actors.Child{late, functionChild("b", fragile(failures))}},
					Observe: func(e actors.Event) {
						if e.Child == "root/b" && e.Kind == actors.EventChildExited && e.Exit == "error" {
							time.Sleep(5 * time.Second) // which it is told not to
						}
					},
				})
				events, _ := s.Subscribe(0)
				terminated := make(chan error, 1)
				go func() { terminated <- s.Branch().Terminate(context.Background(), "late") }()
				synctest.Wait()
				failures <- errors.New("boom")
				if err := <-terminated; err != nil {
					t.Errorf("Terminate: got %v, want no error", err)
				}
				stopTree(t, s)
				kinds := make(map[actors.EventKind]int)
				for e := range events {
					kinds[e.Kind]++
				}
				if s.Abandoned() != 0 || kinds[actors.EventChildAbandoned] != kinds[actors.EventChildReturned] {
					t.Errorf("abandoned: got %d, and %d events of it with %d of a return, want none that is left",
						s.Abandoned(), kinds[actors.EventChildAbandoned], kinds[actors.EventChildReturned])
				}
			})
		})
	}
}

// TestTreeCountsTheAbandoned: a child that was given up on shows in the tree
// beside its successor, until it ends after all.
func TestTreeCountsTheAbandoned(t *testing.T) {
	for name, late := range lingering() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := grow(t, actors.SupervisorConfig{SupervisorSpec: actors.SupervisorSpec{Children: []actors.Child{late}}})
				defer stopTree(t, s)
				expect := func(when string, want int) {
					t.Helper()
					if got := treeOf(t, s).Supervisor.Children[0].Abandoned; got != want || s.Abandoned() != want {
						t.Errorf("abandoned %s: got %d in the tree and %d in all, want %d", when, got, s.Abandoned(), want)
					}
				}
				if err := s.Branch().Terminate(t.Context(), "late"); err != nil {
					t.Errorf("Terminate: got %v, want no error", err)
				}
				expect("a second after it was told to stop", 1)
				time.Sleep(2 * time.Second)
				synctest.Wait()
				expect("when it has ended", 0)
			})
		})
	}
}
