package actors_test

import (
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
)

// TestWatchOfASupervisedActor: a watcher hears of the end of the actor, once;
// a restart in place is not one.
func TestWatchOfASupervisedActor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := plant(t, static(child("a", script{on: acts{"ping": pong, "go": func(actor.Context, int) { panic("broken") }}}.props())))
		pid := g.Branch().PID("a")
		heard := &diary{}
		watcher := g.system.Root.Spawn(script{diary: heard, on: acts{
			"watch": func(ctx actor.Context, _ int) { ctx.Watch(pid) },
			"Terminated": func(ctx actor.Context, _ int) {
				heard.write("because: %v", message[*actor.Terminated](ctx).Why)
			},
		}}.props())
		watch := func() { g.system.Root.Send(watcher, "watch"); synctest.Wait() }
		watch()
		watch() // a second time
		g.send("a", "go")
		g.send("a", "go")
		g.alive(t, "a")
		heard.expect(t, "after restarts in place", "1 Started, 1 watch, 1 watch")
		if err := g.Branch().Terminate(t.Context(), "a"); err != nil {
			t.Errorf("Terminate: got %v, want no error", err)
		}
		synctest.Wait()
		heard.expect(t, "after its end", "1 Started, 1 watch, 1 watch, 1 Terminated, because: Stopped")
		watch()
		heard.expect(t, "about a dead one", "1 Started, 1 watch, 1 watch, 1 Terminated, because: Stopped, "+
			"1 watch, 1 Terminated, because: NotFound")
		if _, err := g.Branch().Restart(t.Context(), "a"); err != nil {
			t.Errorf("Restart: got %v, want no error", err)
		}
		g.answers(t, pid)
		g.stop(t, 0, 0)
		g.system.Root.Stop(watcher)
		synctest.Wait()
		heard.expect(t, "at the end of all", "1 Started, 1 watch, 1 watch, 1 Terminated, because: Stopped, "+
			"1 watch, 1 Terminated, because: NotFound, 1 Stopping, 1 Stopped")
	})
}
