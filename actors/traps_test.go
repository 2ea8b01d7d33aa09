package actors_test

import (
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

type acts = map[string]func(ctx actor.Context, incarnation int)

// breaks are the ways in which a handler cannot return.
var breaks = []struct {
	name string
	fail func()
}{
	{"panic", func() { panic("broken") }},
	{"Goexit", runtime.Goexit},
}

// first does it in the first incarnation alone.
func first(fail func()) func(actor.Context, int) {
	return func(_ actor.Context, incarnation int) {
		if incarnation == 1 {
			fail()
		}
	}
}

// TestBrokenHandlerOfARunningActor: a handler that breaks costs its actor one
// restart in place, whichever handler it is.
func TestBrokenHandlerOfARunningActor(t *testing.T) {
	tests := []struct {
		name  string
		table func(fail func(actor.Context, int)) acts
		want  string
	}{
		{
			"in Receive", func(fail func(actor.Context, int)) acts { return acts{"go": fail} },
			"1 Started, 1 go, 1 Restarting, 2 Started, 2 ping",
		},
		{"in Terminated", func(fail func(actor.Context, int)) acts {
			return acts{"go": func(ctx actor.Context, _ int) { ctx.Stop(ctx.Spawn(script{}.props())) }, "Terminated": fail}
		}, "1 Started, 1 go, 1 Terminated, 1 Restarting, 2 Started, 2 ping"},
		{
			"in Receive and Restarting", func(fail func(actor.Context, int)) acts { return acts{"go": fail, "Restarting": fail} },
			"1 Started, 1 go, 1 Restarting, 2 Started, 2 ping",
		},
	}
	for _, test := range tests {
		for _, broken := range breaks {
			t.Run(broken.name+" "+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					diary := &diary{}
					table := test.table(first(broken.fail))
					table["ping"] = pong
					g := plant(t, static(child("a", script{on: table, diary: diary}.props())))
					g.send("a", "go")
					g.alive(t, "a")
					diary.expect(t, "what the actor saw", test.want)
					g.expectTold(t, actors.EventChildRestarting, 1)
					g.stop(t, 0, 0)
				})
			})
		}
	}
}

// TestBrokenStart: a start that breaks is a failed start; the tree does not
// come up, or tries again where it was a restart.
func TestBrokenStart(t *testing.T) {
	for _, broken := range breaks {
		t.Run(broken.name+" at the first start", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				diary := &diary{}
				g := prepare(t, actors.SupervisorConfig{SupervisorSpec: static(
					child("a", script{on: acts{"Started": first(broken.fail)}, diary: diary}.props()))})
				if err := g.Start(t.Context()); err == nil {
					t.Fatal("Start: got no error, want one")
				}
				synctest.Wait()
				diary.expect(t, "what the actor saw", "1 Started, 1 Stopping, 1 Stopped")
			})
		})
		t.Run(broken.name+" at a restart", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				diary := &diary{}
				g := plant(t, static(child("a", script{diary: diary, on: acts{
					"ping": pong,
					"go":   first(broken.fail),
					"Started": func(_ actor.Context, incarnation int) {
						if incarnation == 2 {
							broken.fail()
						}
					},
				}}.props())))
				g.send("a", "go")
				g.alive(t, "a")
				diary.expect(t, "what the actor saw", "1 Started, 1 go, 1 Restarting, 2 Started, 2 Restarting, 3 Started, 3 ping")
				g.expectTold(t, actors.EventChildAbandoned, 0)
				g.stop(t, 0, 0)
			})
		})
	}
}

// TestBrokenStop: a handler that breaks while its actor stops neither hangs the
// tree nor brings the actor back to life.
func TestBrokenStop(t *testing.T) {
	for _, handler := range []string{"Stopping", "Stopped", "Terminated"} {
		for _, broken := range breaks {
			t.Run(broken.name+" in "+handler, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					diary := &diary{}
					table := acts{
						"ping": pong, handler: first(broken.fail),
						"go": func(ctx actor.Context, _ int) { ctx.Spawn(script{}.props()) },
					}
					g := plant(t, static(
						child("a", script{on: table, diary: diary}.props()),
						child("b", script{on: acts{"ping": pong}}.props()),
					))
					g.send("a", "go")
					if err := g.Branch().Terminate(t.Context(), "a"); err != nil {
						t.Errorf("Terminate: got %v, want no error", err)
					}
					g.alive(t, "b")
					g.expectTold(t, actors.EventChildRestarting, 0)
					if got := g.names(); !slices.Equal(got, []string{"root", "root/b"}) {
						t.Errorf("names in the system: got %v, want the root and b", got)
					}
					if _, err := g.Branch().Restart(t.Context(), "a"); err != nil {
						t.Errorf("Restart: got %v, want no error", err)
					}
					g.alive(t, "a")
					g.stop(t, 0, 0)
				})
			})
		}
	}
}

// TestRestartOfAStoppingActor: protoactor's Restart, sent by a late timer or by
// whoever has the address, is nobody's business but the supervisor's.
func TestRestartOfAStoppingActor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary := &diary{}
		g := plant(t, static(child("a", script{diary: diary, on: acts{
			"ping":     pong,
			"Stopping": func(actor.Context, int) { time.Sleep(time.Second) },
		}}.props())))
		restart := func() {
			process, _ := g.system.ProcessRegistry.Get(g.Branch().PID("a"))
			process.SendSystemMessage(g.Branch().PID("a"), &actor.Restart{})
		}
		restart()
		g.alive(t, "a")
		time.AfterFunc(time.Second/2, restart)
		g.stop(t, time.Second, 0)
		diary.expect(t, "what the actor saw", "1 Started, 1 ping, 1 Stopping, 1 Stopped")
	})
}

// TestNameTakenBySomebodyElse: an actor of the same name, from before or from
// meanwhile, fails the start and is not touched.
func TestNameTakenBySomebodyElse(t *testing.T) {
	tests := []struct {
		name  string
		child func(take func()) *actor.Props
		early bool
	}{
		{"before the start", func(func()) *actor.Props { return script{}.props() }, true},
		{"while the producer runs", func(take func()) *actor.Props { return script{before: func(int) { take() }}.props() }, false},
		{"by the producer, which panics", func(take func()) *actor.Props {
			return script{before: func(int) { take(); panic("broken") }}.props()
		}, false},
		{"by the producer, which ends its goroutine", func(take func()) *actor.Props {
			return script{before: func(int) { take(); runtime.Goexit() }}.props()
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := plant(t, static())
				take := func() {
					if _, err := g.system.Root.SpawnNamed(script{on: acts{"ping": pong}}.props(), "root/a"); err != nil {
						panic(err)
					}
				}
				if test.early {
					take()
				}
				_, err := g.Branch().Add(t.Context(), child("a", test.child(take)))
				expectIs(t, "Add of a taken name", err, supervision.ErrStartFailed)
				synctest.Wait()
				g.alive(t, "a")
				g.stop(t, 0, 0)
			})
		})
	}
}
