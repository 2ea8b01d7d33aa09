package actors_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestBrokenProducer: a producer that breaks is a failed start, at the first
// start and at a restart.
func TestBrokenProducer(t *testing.T) {
	for _, broken := range breaks {
		t.Run(broken.name+" at the first start", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := prepare(t, actors.SupervisorConfig{SupervisorSpec: static(
					child("b", script{}.props()), child("a", script{before: func(int) { broken.fail() }}.props()))})
				if err := g.Start(t.Context()); err == nil {
					t.Error("Start: got no error, want one")
				}
				synctest.Wait()
				if got := g.names(); len(got) != 0 {
					t.Errorf("names in the system: got %v, want none", got)
				}
			})
		})
		t.Run(broken.name+" at a restart", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				diary := &diary{}
				g := plant(t, static(child("a", script{
					diary: diary, on: acts{"ping": pong, "go": first(func() { panic("broken") })},
					before: func(incarnation int) {
						if incarnation == 2 {
							broken.fail()
						}
					},
				}.props())))
				pid := g.Branch().PID("a")
				g.send("a", "go")
				g.answers(t, pid)
				diary.expect(t, "what the actor saw", "1 Started, 1 go, 1 Restarting, 3 Started, 3 ping")
				g.expectTold(t, actors.EventChildAbandoned, 0)
				g.stop(t, 0, 0)
			})
		})
	}
}

// TestTemplateThatPanics: no other child suffers, and the panic is told.
func TestTemplateThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		starts := make(map[string]int)
		spec := supervision.Spec{Strategy: supervision.Dynamic}
		g := plant(t, actors.SupervisorSpec{Spec: spec, Template: func(id string) actors.Child {
			if starts[id]++; id == "bad" || id == "late" && starts[id] == 2 {
				panic("broken")
			}
			return child("", script{on: acts{"ping": pong, "go": func(ctx actor.Context, _ int) { ctx.Stop(ctx.Self()) }}}.props())
		}})
		for _, id := range []string{"good", "late"} {
			if _, err := g.Branch().Spawn(t.Context(), id); err != nil {
				t.Errorf("Spawn of %s: got %v, want no error", id, err)
			}
		}
		_, err := g.Branch().Spawn(t.Context(), "bad")
		expectIs(t, "Spawn from a template that panics", err, supervision.ErrStartFailed)
		if err == nil || !strings.Contains(err.Error(), "panic: broken") {
			t.Errorf("Spawn from a template that panics: got %v, want the panic", err)
		}
		g.send("late", "go")
		g.alive(t, "late")
		g.alive(t, "good")
		g.expectTold(t, actors.EventSupervisorDown, 0)
		g.stop(t, 0, 0)
	})
}

// TestTemplateOfSupervisors: they are supervisors like any other, which are
// waited for.
func TestTemplateOfSupervisors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := child("slow", script{on: acts{"Stopping": func(actor.Context, int) { time.Sleep(time.Minute) }}}.props())
		slow.Shutdown = supervision.ShutdownInfinite()
		below := static(slow)
		g := plant(t, actors.SupervisorSpec{Spec: supervision.Spec{Strategy: supervision.Dynamic}, Template: func(string) actors.Child {
			return actors.Child{Supervisor: &below}
		}})
		if _, err := g.Branch().Spawn(t.Context(), "n"); err != nil {
			t.Errorf("Spawn: got %v, want no error", err)
		}
		if counts, err := g.Branch().Counts(t.Context()); err != nil || counts.Supervisors != 1 {
			t.Errorf("counts: got %+v (%v), want one supervisor", counts, err)
		}
		g.stop(t, time.Minute, 0)
		g.expectTold(t, actors.EventChildAbandoned, 0)
	})
}
