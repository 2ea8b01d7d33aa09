package actors_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestFunctionEnds: what a function returns is its exit, and its restart type
// decides what follows.
func TestFunctionEnds(t *testing.T) {
	ends := []struct {
		name   string
		end    func() error
		kind   string
		reason string
	}{
		{"nil", func() error { return nil }, "normal", ""},
		{"shutdown", func() error { return actors.ErrShutdown }, "shutdown", ""},
		{"shutdown with a reason", func() error { return fmt.Errorf("done: %w", actors.ErrShutdown) }, "shutdown", "done: shutdown"},
		{"error", func() error { return errBench }, "error", "broken"},
		{"a context's end that is not its own", func() error { return context.Canceled }, "error", "context canceled"},
		{"panic", func() error { panic("boom") }, "panic", "panic: boom"},
		{"Goexit", func() error { runtime.Goexit(); return nil }, "killed", "runtime.Goexit ended the function's goroutine"},
	}
	for _, end := range ends {
		for _, restart := range []supervision.Restart{supervision.Permanent, supervision.Transient, supervision.Temporary} {
			t.Run(end.name+" of a "+restart.String()+" one", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := once(end.end)
					c.Restart = restart
					abnormal := end.kind != "normal" && end.kind != "shutdown"
					again := restart == supervision.Permanent || restart == supervision.Transient && abnormal
					g := plant(t, static(c))
					exit := g.told(actors.EventChildExited)
					if len(exit) != 1 || exit[0].Exit != end.kind || exit[0].Reason != end.reason {
						t.Errorf("exits: got %v, want one %s %q", exit, end.kind, end.reason)
					}
					counts, err := g.Branch().Counts(t.Context())
					if active := counts.Active == 1; err != nil || active != again {
						t.Errorf("counts: got %+v (%v), want it active: %v", counts, err, again)
					}
					if known := counts.Specs == 1; known != (restart != supervision.Temporary) {
						t.Errorf("counts: got %+v, want a temporary one forgotten and any other known", counts)
					}
					g.stop(t, 0, 0)
				})
			})
		}
	}
}

// TestFunctionThatIsToldToStop: it ends in order unless it says otherwise.
func TestFunctionThatIsToldToStop(t *testing.T) {
	tests := []struct {
		name string
		end  func(ctx context.Context) error
		want string
	}{
		{"nil", func(context.Context) error { return nil }, "shutdown"},
		{"its context's error", func(ctx context.Context) error { return ctx.Err() }, "shutdown"},
		{"wrapped", func(ctx context.Context) error { return fmt.Errorf("closing: %w", ctx.Err()) }, "shutdown"},
		{"error", func(context.Context) error { return errBench }, "error: broken"},
		{"panic", func(context.Context) error { panic("boom") }, "panic: panic: boom"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ends := 0
				g := plant(t, static(function("a", func(ctx context.Context) error {
					context.AfterFunc(ctx, func() { ends++ })
					<-ctx.Done()
					return test.end(ctx)
				})))
				if err := g.Branch().Terminate(t.Context(), "a"); err != nil {
					t.Errorf("Terminate: got %v, want no error", err)
				}
				children, err := g.Branch().Children(t.Context())
				if err != nil || children[0].LastExit.String() != test.want {
					t.Errorf("last exit: got %+v (%v), want %s", children, err, test.want)
				}
				synctest.Wait()
				if ends != 1 {
					t.Errorf("ends of its context: got %d, want 1", ends)
				}
				g.stop(t, 0, 0)
			})
		})
	}
}

// TestContextOfAFunction: it ends with its incarnation, and never before.
func TestContextOfAFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var contexts []context.Context
		fail := make(chan struct{})
		g := plant(t, static(function("a", func(ctx context.Context) error {
			contexts = append(contexts, ctx)
			select {
			case <-fail:
				return errBench
			case <-ctx.Done():
				return nil
			}
		}), function("b", func(ctx context.Context) error { <-ctx.Done(); return nil })))
		fail <- struct{}{}
		synctest.Wait()
		if len(contexts) != 2 || contexts[0].Err() == nil || contexts[1].Err() != nil {
			t.Errorf("contexts after a restart: got %v, want an ended one and a live one", contexts)
		}
		g.stop(t, 0, 0)
		if contexts[1].Err() == nil {
			t.Error("the second context after Stop: got a live one, want it ended")
		}
	})
}

// TestFunctionThatIgnoresItsContext is abandoned: the tree stops in time, and
// its return is noticed.
func TestFunctionThatIgnoresItsContext(t *testing.T) {
	tests := []struct {
		name     string
		shutdown supervision.Shutdown
		took     time.Duration
	}{
		{"default", supervision.Shutdown{}, supervision.DefaultShutdown},
		{"within", supervision.ShutdownWithin(time.Second), time.Second},
		{"abandon", supervision.ShutdownAbandon(), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				c := function("a", func(context.Context) error { <-release; return errors.New("late") })
				c.Shutdown = test.shutdown
				g := plant(t, static(c))
				if err := g.Branch().Terminate(t.Context(), "a"); err != nil {
					t.Errorf("Terminate: got %v, want no error", err)
				}
				g.expectAbandoned(t, "while it runs on", 1)
				if _, err := g.Branch().Restart(t.Context(), "a"); err != nil {
					t.Errorf("Restart: got %v, want no error", err)
				}
				g.stop(t, test.took, 2)
				close(release)
				synctest.Wait()
				g.expectAbandoned(t, "after its return", 0)
				g.expectTold(t, actors.EventChildAbandoned, 2)
			})
		})
	}
}
