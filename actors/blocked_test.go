package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
)

// TestSuccessorOfABlockedChild: a child that is stuck anywhere is abandoned in
// time, its successor has the name, and keeps it when the stuck one comes back.
func TestSuccessorOfABlockedChild(t *testing.T) {
	tests := []struct {
		name  string
		where string // "producer", or the message whose handler blocks
		crash bool   // it is blocked while it restarts, and not while it stops
	}{
		{"in Receive", "go", false},
		{"in Stopping", "Stopping", false},
		{"in Stopped", "Stopped", false},
		{"in Started of a restart", "Started", true},
		{"in the producer of a restart", "producer", true},
		{"in Restarting", "Restarting", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				blocked := 1
				if test.crash && test.where != "Restarting" {
					blocked = 2
				}
				block := func(incarnation int) {
					if incarnation == blocked {
						<-release
					}
				}
				table := acts{"ping": pong, "crash": func(actor.Context, int) { panic("broken") }}
				table[test.where] = func(_ actor.Context, incarnation int) { block(incarnation) }
				actorScript := script{on: table}
				if test.where == "producer" {
					actorScript.before = block
				}
				g := plant(t, static(child("a", actorScript.props())))
				pid := g.Branch().PID("a")
				g.system.Root.Send(pid, "hello") // so that the PID knows the first process

				if test.crash {
					g.send("a", "crash")
					time.Sleep(actors.DefaultStartTimeout + time.Second)
				} else {
					g.send("a", "go")
					if err := g.Branch().Terminate(t.Context(), "a"); err != nil {
						t.Errorf("Terminate: got %v, want no error", err)
					}
					if _, err := g.Branch().Restart(t.Context(), "a"); err != nil {
						t.Errorf("Restart: got %v, want no error", err)
					}
				}
				g.expectAbandoned(t, "while it is stuck", 1)
				g.alive(t, "a")

				close(release)
				settle()
				g.alive(t, "a")
				g.expectAbandoned(t, "after its return", 0)
				g.expectTold(t, actors.EventChildAbandoned, 1)
				g.expectTold(t, actors.EventChildReturned, 1)

				cached := g.Branch().PID("a")
				g.system.Root.Send(cached, "hello")
				g.send("a", "crash")
				if err := g.Branch().Terminate(t.Context(), "a"); err != nil {
					t.Errorf("Terminate of the successor: got %v, want no error", err)
				}
				if _, err := g.Branch().Restart(t.Context(), "a"); err != nil {
					t.Errorf("Restart of the successor: got %v, want no error", err)
				}
				g.answers(t, cached)
				g.answers(t, pid)
				g.stop(t, 0, 0)
			})
		})
	}
}

// TestBlockedFirstStart: the tree does not come up, and says why.
func TestBlockedFirstStart(t *testing.T) {
	for _, where := range []string{"producer", "Started"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				stuck := script{on: acts{where: func(actor.Context, int) { <-release }}}
				if where == "producer" {
					stuck.before = func(int) { <-release }
				}
				g := prepare(t, actors.SupervisorConfig{SupervisorSpec: static(child("a", stuck.props()))})
				begin := time.Now()
				if err := g.Start(t.Context()); err == nil {
					t.Error("Start: got no error, want one")
				}
				if took := time.Since(begin); took != actors.DefaultStartTimeout {
					t.Errorf("Start took: got %v, want %v", took, actors.DefaultStartTimeout)
				}
				g.expectAbandoned(t, "while it is stuck", 1)
				close(release)
				settle()
				g.expectAbandoned(t, "after its return", 0)
				if got := g.names(); len(got) != 0 {
					t.Errorf("names in the system: got %v, want none", got)
				}
			})
		})
	}
}

func (g *grove) expectAbandoned(t *testing.T, when string, want int) {
	t.Helper()
	if got := g.Abandoned(); got != want {
		t.Errorf("abandoned %s: got %d, want %d", when, got, want)
	}
}
