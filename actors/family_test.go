package actors_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// parent is an actor with one child of its own under a fixed name, which it
// spawns when it starts and cannot do without. That child takes a second to
// stop.
func parent(table acts) *actor.Props {
	slow := script{on: acts{"Stopping": func(actor.Context, int) { time.Sleep(time.Second) }}}
	on := acts{"ping": pong, "Started": func(ctx actor.Context, _ int) {
		if _, err := ctx.SpawnNamed(slow.props(), "own"); err != nil {
			panic(err)
		}
	}}
	maps.Copy(on, table)
	return script{on: on}.props()
}

// TestOwnChildrenEndBeforeTheSuccessorStarts: the children that an actor has
// spawned itself end with its incarnation, and their names are free when the
// next one starts, however the last one came to its end.
func TestOwnChildrenEndBeforeTheSuccessorStarts(t *testing.T) {
	crash := func(actor.Context, int) { panic("broken") }
	tests := []struct {
		name  string
		table acts
		group bool
	}{
		{"crash", acts{"go": crash}, false},
		{"end by an error", acts{"go": func(ctx actor.Context, _ int) { actors.End(ctx, errBench) }}, false},
		{"end in order", acts{"go": func(ctx actor.Context, _ int) { actors.End(ctx, nil) }}, false},
		{"crash, and panic in Restarting", acts{"go": crash, "Restarting": crash}, false},
		{"crash, and panic in Terminated", acts{"go": crash, "Terminated": first(func() { panic("broken") })}, false},
		{"end in order, and panic in Stopping", acts{
			"go": func(ctx actor.Context, _ int) { actors.End(ctx, nil) }, "Stopping": first(func() { panic("broken") }),
		}, false},
		{"crash in a group", acts{"go": crash}, true},
		{"stopped with its group", acts{}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spec := static(child("a", parent(test.table)), child("b", script{on: acts{"ping": pong, "go": crash}}.props()))
				target := "a"
				if test.group {
					spec.Strategy = supervision.OneForAll
				}
				if len(test.table) == 0 {
					target = "b"
				}
				g := plant(t, spec)
				g.send(target, "go")
				time.Sleep(10 * time.Second)
				g.alive(t, "a")
				g.expectTold(t, actors.EventChildAbandoned, 0)
				exits := 1
				if test.group {
					exits = 2
				}
				g.expectTold(t, actors.EventChildExited, exits)
				if got, want := g.names(), []string{"root", "root/a", "root/a/own", "root/b"}; !slices.Equal(got, want) {
					t.Errorf("names in the system: got %v, want %v", got, want)
				}
				g.stop(t, time.Second, 0)
				if got := g.names(); len(got) != 0 {
					t.Errorf("names in the system after Stop: got %v, want none", got)
				}
			})
		})
	}
}

// TestOwnChildThatNeverStops: the actor waits for it, and its supervisor does
// not wait for ever.
func TestOwnChildThatNeverStops(t *testing.T) {
	tests := []struct {
		name string
		act  func(g *grove)
		took time.Duration
	}{
		{"when the tree stops", func(*grove) {}, supervision.DefaultShutdown},
		{"when the actor restarts", func(g *grove) { g.send("a", "go"); time.Sleep(actors.DefaultStartTimeout + time.Second) }, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				stuck := script{on: acts{"Stopping": func(actor.Context, int) { <-release }}}.props()
				g := plant(t, static(child("a", script{on: acts{
					"ping": pong,
					"Started": func(ctx actor.Context, incarnation int) {
						if incarnation == 1 {
							ctx.Spawn(stuck)
						}
					},
					"go": func(actor.Context, int) { panic("broken") },
				}}.props())))
				test.act(g)
				if test.took == 0 {
					g.alive(t, "a")
				}
				g.stop(t, test.took, 1)
				close(release)
				settle()
				g.expectAbandoned(t, "after its return", 0)
			})
		})
	}
}
