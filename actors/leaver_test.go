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

// cleaning is crashing, and takes a second to let go of what it holds.
type cleaning struct{ crashing }

func (c cleaning) Receive(ctx actor.Context) {
	if _, ok := ctx.Message().(*actor.Stopping); ok {
		time.Sleep(time.Second)
	}
	c.crashing.Receive(ctx)
}

// failures is an observer that notes failed starts, and who was given up on.
type failures chan actors.Event

func (f failures) observe(e actors.Event) {
	if e.Kind == actors.EventSupervisorFailed || e.Kind == actors.EventChildAbandoned {
		f <- e
	}
}

// TestSupervisorLeavesNobodyBehind: a supervisor that gives up because an actor
// crashed is gone only when that actor is, which has its name until then. Else
// the supervisor's next incarnation could not start.
func TestSupervisorLeavesNobodyBehind(t *testing.T) {
	for name, a := range map[string]actor.Actor{"quick": crashing{}, "slow": cleaning{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { supervisorLeavesNobodyBehind(t, a) })
		})
	}
}

func supervisorLeavesNobodyBehind(t *testing.T, a actor.Actor) {
	t.Helper()
	const rounds = 50
	ctx, system, failed := context.Background(), quietSystem(), make(failures, rounds)
	worker := actors.Child{
		ChildSpec: supervision.ChildSpec{ID: "w"}, Props: actor.PropsFromProducer(func() actor.Actor { return a }),
	}
	frail := supervision.Spec{Intensity: supervision.Intensity{Period: time.Second}} // no restart at all
	tree, err := actors.NewSupervisor(actors.SupervisorConfig{
		SupervisorSpec: actors.SupervisorSpec{
			Spec: supervision.Spec{Intensity: supervision.Intensity{Restarts: supervision.Unlimited}},
			Children: []actors.Child{{
				ChildSpec:  supervision.ChildSpec{ID: "s"},
				Supervisor: &actors.SupervisorSpec{Spec: frail, Children: []actors.Child{worker}},
			}},
		},
		System: system, Observe: failed.observe,
	})
	if err := errors.Join(err, tree.Start(ctx)); err != nil {
		t.Fatalf("start: %v", err)
	}
	for range rounds {
		system.Root.Send(tree.Branch("s").PID("w"), "broken")
		time.Sleep(2 * time.Second)
	}
	if len(failed) > 0 {
		t.Errorf("after a supervisor gave up: got %+v, want no such event", <-failed)
	}
	children, err := tree.Branch().Children(ctx)
	if err != nil || children[0].Restarts != rounds {
		t.Errorf("restarts of the supervisor: got %+v (%v), want %d", children, err, rounds)
	}
	if err := tree.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// TestSuccessorWaitsForTheName: a child that takes the ID of one that crashed
// starts when that one has ended.
func TestSuccessorWaitsForTheName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, system, failed := context.Background(), quietSystem(), make(failures, 1)
		tree, err := actors.NewSupervisor(actors.SupervisorConfig{System: system, Observe: failed.observe})
		if err := errors.Join(err, tree.Start(ctx)); err != nil {
			t.Fatalf("start: %v", err)
		}
		child := actors.Child{
			ChildSpec: supervision.ChildSpec{ID: "w", Restart: supervision.Temporary},
			Props:     actor.PropsFromProducer(func() actor.Actor { return cleaning{} }),
		}
		for range 3 {
			begin := time.Now()
			started, err := tree.Branch().Add(ctx, child)
			if err != nil {
				t.Fatalf("add after %v: %v", time.Since(begin), err)
			}
			system.Root.Send(started.PID, "broken")
			synctest.Wait()
		}
		if len(failed) > 0 {
			t.Errorf("got %+v, want no such event", <-failed)
		}
		if err := tree.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

// TestLateEndSparesTheSuccessor: an actor that was abandoned, and then ends
// itself, has lost its name to another.
func TestLateEndSparesTheSuccessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		props := actor.PropsFromFunc(func(c actor.Context) {
			if _, ok := c.Message().(*actor.Stopping); ok {
				time.Sleep(time.Second)
				actors.End(c, errors.New("late"))
			}
		})
		child := actors.Child{
			ChildSpec: supervision.ChildSpec{ID: "a", Shutdown: supervision.ShutdownWithin(time.Millisecond)}, Props: props,
		}
		tree, err := actors.NewSupervisor(actors.SupervisorConfig{
			SupervisorSpec: actors.SupervisorSpec{Children: []actors.Child{child}},
		})
		if err := errors.Join(err, tree.Start(ctx)); err != nil {
			t.Fatalf("start: %v", err)
		}
		root := tree.Branch()
		if err := root.Terminate(ctx, "a"); err != nil {
			t.Fatalf("terminate: %v", err)
		}
		if _, err := root.Restart(ctx, "a"); err != nil {
			t.Fatalf("restart: %v", err)
		}
		time.Sleep(time.Minute)
		if n := tree.Abandoned(); n != 0 {
			t.Errorf("abandoned: got %d, want 0", n)
		}
		children, err := root.Children(ctx)
		if err != nil || children[0].State != supervision.StateRunning || children[0].Restarts != 1 {
			t.Errorf("successor: got %+v (%v), want it running since the request", children, err)
		}
		if err := tree.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		time.Sleep(time.Minute)
	})
}

// TestNameSurvivesALateReturn: an abandoned actor comes to its end when its
// supervisor, too, has a successor, and takes the name out of the registry. It
// is to be given back.
func TestNameSurvivesALateReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, received := context.Background(), make(chan string, 1)
		props := actor.PropsFromFunc(func(c actor.Context) {
			switch m := c.Message().(type) {
			case *actor.Stopping:
				time.Sleep(time.Second)
			case string:
				received <- m
			}
		})
		nested := actors.SupervisorSpec{Children: []actors.Child{{
			ChildSpec: supervision.ChildSpec{ID: "a", Shutdown: supervision.ShutdownWithin(time.Millisecond)}, Props: props,
		}}}
		tree, system := startTree(t, actors.SupervisorSpec{
			Children: []actors.Child{{ChildSpec: supervision.ChildSpec{ID: "s"}, Supervisor: &nested}},
		})
		if err := tree.Branch().Terminate(ctx, "s"); err != nil {
			t.Fatalf("terminate: %v", err)
		}
		if _, err := tree.Branch().Restart(ctx, "s"); err != nil {
			t.Fatalf("restart: %v", err)
		}
		time.Sleep(time.Minute)
		system.Root.Send(tree.Branch("s").PID("a"), "hello")
		time.Sleep(time.Minute) // dead letters are logged for a while
		if len(received) != 1 {
			t.Errorf("messages that the successor received: got %d, want 1", len(received))
		}
		if n := tree.Abandoned(); n != 0 {
			t.Errorf("abandoned: got %d, want 0", n)
		}
		if err := tree.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		time.Sleep(time.Minute)
	})
}
