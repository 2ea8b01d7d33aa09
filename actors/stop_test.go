package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestStopOfASupervisedActor: whoever has the address may end an actor, and the
// supervisor decides what that means.
func TestStopOfASupervisedActor(t *testing.T) {
	tests := []struct {
		name string
		stop func(g *grove, pid *actor.PID)
	}{
		{"Stop from outside", func(g *grove, pid *actor.PID) { g.system.Root.Stop(pid) }},
		{"Poison from outside", func(g *grove, pid *actor.PID) { g.system.Root.Poison(pid) }},
		{"StopFuture", func(g *grove, pid *actor.PID) { _ = g.system.Root.StopFuture(pid).Wait() }},
		{"PoisonFuture", func(g *grove, pid *actor.PID) { _ = g.system.Root.PoisonFuture(pid).Wait() }},
		{"Stop by itself", func(g *grove, pid *actor.PID) { g.system.Root.Send(pid, "stop") }},
		{"Poison by itself", func(g *grove, pid *actor.PID) { g.system.Root.Send(pid, "poison") }},
		{"Stop by an actor next to it", func(g *grove, pid *actor.PID) { g.system.Root.Send(g.Branch().PID("b"), pid) }},
	}
	for _, test := range tests {
		for _, restart := range []supervision.Restart{supervision.Permanent, supervision.Transient} {
			t.Run(test.name+" of a "+restart.String()+" one", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := child("a", script{on: acts{
						"ping":   pong,
						"stop":   func(ctx actor.Context, _ int) { ctx.Stop(ctx.Self()) },
						"poison": func(ctx actor.Context, _ int) { ctx.Poison(ctx.Self()) },
					}}.props())
					a.Restart = restart
					g := plant(t, static(a, child("b", script{on: acts{
						"PID": func(ctx actor.Context, _ int) { ctx.Stop(message[*actor.PID](ctx)) },
					}}.props())))
					begin := time.Now()
					test.stop(g, g.Branch().PID("a"))
					synctest.Wait()
					if took := time.Since(begin); took > 0 {
						t.Errorf("the stop took: got %v, want no time", took)
					}
					exits := g.told(actors.EventChildExited)
					if len(exits) != 1 || exits[0].Exit != "normal" {
						t.Errorf("exits: got %v, want one normal", exits)
					}
					if restart == supervision.Permanent {
						g.alive(t, "a")
					} else {
						g.expectTold(t, actors.EventChildRestarting, 0)
					}
					g.stop(t, 0, 0)
				})
			})
		}
	}
}

// TestStopOfASupervisor: its address is no way round the order of its stop.
func TestStopOfASupervisor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary := &diary{}
		slow := acts{"ping": pong, "Stopping": func(actor.Context, int) { time.Sleep(time.Second) }}
		below := static(child("a", script{on: slow, diary: diary}.props()))
		g := plant(t, static(actors.Child{ChildSpec: supervision.ChildSpec{ID: "n"}, Supervisor: &below}))
		g.system.Root.Stop(g.Branch().PID("n"))
		time.Sleep(10 * time.Second)
		g.answers(t, g.Branch("n").PID("a"))
		diary.expect(t, "what the actor saw", "1 Started, 1 Stopping, 1 Stopped, 2 Started, 2 ping")
		g.expectTold(t, actors.EventChildRestarting, 1)
		g.system.Root.Stop(actor.NewPID(g.system.Address(), "root"))
		select {
		case <-g.Done():
		case <-time.After(time.Minute):
			t.Fatal("Stop of the root: got nothing in a minute, want the end of the tree")
		}
		if got := g.names(); len(got) != 0 {
			t.Errorf("names in the system when the tree is gone: got %v, want none", got)
		}
		settle()
	})
}
