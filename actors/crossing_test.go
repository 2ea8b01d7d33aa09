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

// crashing is an actor that ends with whatever it is sent.
type crashing struct{}

func (crashing) Receive(ctx actor.Context) {
	if reason, ok := ctx.Message().(string); ok {
		actors.End(ctx, errors.New(reason))
	}
}

// TestStopCrossesCrash: an actor that is told to stop, for its group is to be
// restarted, may have crashed on its own, and its supervisor not have heard of
// it. What was meant for that incarnation must not meet the next.
func TestStopCrossesCrash(t *testing.T) {
	for _, strategy := range []supervision.Strategy{supervision.OneForAll, supervision.RestForOne} {
		t.Run(strategy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { stopCrossesCrash(t, strategy) })
		})
	}
}

func stopCrossesCrash(t *testing.T, strategy supervision.Strategy) {
	t.Helper()
	ctx := context.Background()
	props := actor.PropsFromProducer(func() actor.Actor { return crashing{} })
	system, held := quietSystem(), make(chan struct{})
	spec := actors.SupervisorSpec{Spec: supervision.Spec{Strategy: strategy}}
	for _, id := range []string{"a", "b", "c"} {
		spec.Children = append(spec.Children, actors.Child{ChildSpec: supervision.ChildSpec{ID: id}, Props: props})
	}
	tree, err := actors.NewSupervisor(actors.SupervisorConfig{SupervisorSpec: spec, System: system, Observe: func(e actors.Event) {
		if e.Kind == actors.EventRequestRefused {
			<-held
		}
	}})
	if err := errors.Join(err, tree.Start(ctx)); err != nil {
		t.Fatalf("start: %v", err)
	}
	begin, root := time.Now(), tree.Branch()
	if err := root.Terminate(ctx, "nobody"); !errors.Is(err, supervision.ErrNotFound) { // and holds the supervisor
		t.Fatalf("terminate nobody: got %v, want %v", err, supervision.ErrNotFound)
	}
	for _, id := range []string{"a", "b", "c"} {
		system.Root.Send(root.PID(id), "broken")
		synctest.Wait()
	}
	close(held)
	synctest.Wait()
	children, err := root.Children(ctx)
	if err != nil {
		t.Fatalf("children: %v", err)
	}
	for _, c := range children {
		if c.State != supervision.StateRunning || c.Restarts != 1 {
			t.Errorf("%s: got %s after %d restarts (%s), want running after 1", c.ID, c.State, c.Restarts, c.LastExit)
		}
	}
	if took := time.Since(begin); took > 0 {
		t.Errorf("restart of the group: took %v, want no time", took)
	}
	if got := tree.Abandoned(); got != 0 {
		t.Errorf("abandoned: got %d, want 0", got)
	}
	if err := tree.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}
