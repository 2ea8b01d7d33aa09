package actors_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestMessagesQueuedAtTheEnd: none reaches the next incarnation, and a request
// among them is answered at once.
func TestMessagesQueuedAtTheEnd(t *testing.T) {
	tests := []struct {
		name string
		end  func(ctx actor.Context)
		stop bool // the supervisor ends it, rather
	}{
		{"panic", func(actor.Context) { panic("broken") }, false},
		{"Goexit", func(actor.Context) { runtime.Goexit() }, false},
		{"error", func(ctx actor.Context) { actors.End(ctx, errBench) }, false},
		{"normal end", func(ctx actor.Context) { actors.End(ctx, nil) }, false},
		{"stop by itself", func(ctx actor.Context) { ctx.Stop(ctx.Self()) }, false},
		{"stop by its supervisor", func(actor.Context) {}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wait, diary := make(chan struct{}), &diary{}
				g := plant(t, static(child("a", script{diary: diary, on: acts{"go": func(ctx actor.Context, _ int) {
					<-wait
					test.end(ctx)
				}}}.props())))
				g.send("a", "go")
				var futures []*actor.Future
				for range 3 {
					g.send("a", "late")
					futures = append(futures, g.system.Root.RequestFuture(g.Branch().PID("a"), "request", time.Hour))
				}
				synctest.Wait()
				if test.stop {
					go func() { _ = g.Branch().Terminate(t.Context(), "a") }()
					synctest.Wait()
				}
				close(wait)
				synctest.Wait()
				if test.stop {
					if _, err := g.Branch().Restart(t.Context(), "a"); err != nil {
						t.Errorf("Restart: got %v, want no error", err)
					}
				}
				begin := time.Now()
				for _, future := range futures {
					_, err := future.Result()
					expectIs(t, "request queued at the end", err, actor.ErrDeadLetter)
				}
				if took := time.Since(begin); took > 0 {
					t.Errorf("the answers took: got %v, want no time", took)
				}
				g.send("a", "new")
				lines := diary.lines
				if len(lines) < 2 || lines[len(lines)-2] != "2 Started" || lines[len(lines)-1] != "2 new" {
					t.Errorf("what the actor saw: got %v, want the second incarnation to start with new", lines)
				}
				g.stop(t, 0, 0)
			})
		})
	}
}

// TestTimersOfTheLastIncarnation: its receive timeout does not reach the next.
func TestTimersOfTheLastIncarnation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		diary := &diary{}
		g := plant(t, static(child("a", script{diary: diary, on: acts{
			"Started": func(ctx actor.Context, incarnation int) {
				if incarnation == 1 {
					ctx.SetReceiveTimeout(time.Second)
				}
			},
			"go": func(actor.Context, int) { panic("broken") },
		}}.props())))
		g.send("a", "go")
		settle()
		diary.expect(t, "what the actor saw", "1 Started, 1 go, 1 Restarting, 2 Started")
		g.stop(t, 0, 0)
	})
}

// TestSendDuringSpawn: protoactor gives an actor its name before it has a
// mailbox to speak of, and whoever sends to it then by name crashes. Here every
// message is delivered or a dead letter, while the actor comes and goes.
func TestSendDuringSpawn(t *testing.T) {
	const rounds, senders = 300, 4
	system := quietSystem()
	tree, err := actors.NewSupervisor(actors.SupervisorConfig{System: system, SupervisorSpec: actors.SupervisorSpec{
		Spec: supervision.Spec{Intensity: unlimited()},
	}})
	if err != nil {
		t.Fatalf("NewSupervisor: got %v, want no error", err)
	}
	if err := tree.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	var delivered, lost, sent atomic.Int64
	system.EventStream.Subscribe(func(event any) {
		if letter, ok := event.(*actor.DeadLetterEvent); ok && letter.Message == "flood" {
			lost.Add(1)
		}
	})
	props := actor.PropsFromFunc(func(ctx actor.Context) {
		if ctx.Self() == nil {
			t.Error("an actor without a name received something")
		}
		switch ctx.Message() {
		case "flood":
			if delivered.Add(1)%1000 == 0 {
				panic("broken")
			}
		case nil:
			t.Error("the actor: got nil, want a message")
		}
	})
	done := make(chan struct{})
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					system.Root.Send(tree.Branch().PID("a"), "flood")
					sent.Add(1)
					runtime.Gosched()
				}
			}
		})
	}
	a := child("a", props)
	a.Restart = supervision.Temporary
	for round := range rounds {
		if round%2 == 0 {
			a.Restart = supervision.Permanent
		}
		if _, err := tree.Branch().Add(t.Context(), a); err != nil {
			t.Fatalf("Add: got %v, want no error", err)
		}
		if err := tree.Branch().Terminate(t.Context(), "a"); err != nil {
			t.Fatalf("Terminate: got %v, want no error", err)
		}
		_ = tree.Branch().Delete(t.Context(), "a") // one that is not temporary is kept
	}
	close(done)
	group.Wait()
	if err := tree.Stop(t.Context()); err != nil {
		t.Fatalf("Stop: got %v, want no error", err)
	}
	if sent.Load() != delivered.Load()+lost.Load() {
		t.Errorf("messages sent: got %d delivered and %d lost, want %d in all", delivered.Load(), lost.Load(), sent.Load())
	}
}
