package actors_test

import (
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestOwnChildThatEscalates: an actor whose own strategy escalates its child's
// failure has failed itself, every time.
func TestOwnChildThatEscalates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const failures = 25 // more than protoactor's default strategy bears in ten seconds
		escalate := actor.NewOneForOneStrategy(0, 0, func(any) actor.Directive { return actor.EscalateDirective })
		failing := script{on: acts{"go": func(actor.Context, int) { panic("of the grandchild") }}}.props()
		props := script{on: acts{"ping": pong, "go": func(ctx actor.Context, _ int) {
			ctx.Send(ctx.Spawn(failing), "go")
		}}}.props().Configure(actor.WithSupervisor(escalate))
		transient := child("a", props)
		transient.Restart = supervision.Transient
		g := plant(t, static(transient))
		for range failures {
			g.send("a", "go")
		}
		g.alive(t, "a")
		exits := g.told(actors.EventChildExited)
		if len(exits) != failures {
			t.Errorf("exits: got %d, want %d", len(exits), failures)
		}
		const reason = "a child of the actor failed: of the grandchild"
		for _, e := range exits {
			if e.Exit != "error" || e.Reason != reason {
				t.Errorf("exit: got %s %q, want error %q", e.Exit, e.Reason, reason)
			}
		}
		g.stop(t, 0, 0)
	})
}
