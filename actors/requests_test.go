package actors_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestAnswersOfABranch: each of the answers that OTP's supervisor has.
func TestAnswersOfABranch(t *testing.T) {
	ok := script{on: acts{"ping": pong}}.props()
	add := func(c actors.Child) func(context.Context, *actors.Branch) error {
		return func(ctx context.Context, b *actors.Branch) error { _, err := b.Add(ctx, c); return err }
	}
	restart := func(id string) func(context.Context, *actors.Branch) error {
		return func(ctx context.Context, b *actors.Branch) error { _, err := b.Restart(ctx, id); return err }
	}
	terminate := func(id string) func(context.Context, *actors.Branch) error {
		return func(ctx context.Context, b *actors.Branch) error { return b.Terminate(ctx, id) }
	}
	remove := func(id string) func(context.Context, *actors.Branch) error {
		return func(ctx context.Context, b *actors.Branch) error { return b.Delete(ctx, id) }
	}
	fails := script{on: acts{"Started": func(ctx actor.Context, _ int) { actors.End(ctx, errBench) }}}.props()
	significant := child("new", ok)
	significant.Significant = true
	tests := []struct {
		name string
		ask  func(context.Context, *actors.Branch) error
		want error
	}{
		{"add", add(child("new", ok)), nil},
		{"add a running one", add(child("up", ok)), supervision.ErrAlreadyStarted},
		{"add one that is down", add(child("down", ok)), supervision.ErrAlreadyPresent},
		{"add one that waits", add(child("waits", ok)), supervision.ErrAlreadyPresent},
		{"add one too many", func(ctx context.Context, b *actors.Branch) error {
			return errors.Join(add(child("new", ok))(ctx, b), add(child("more", ok))(ctx, b))
		}, supervision.ErrTooManyChildren},
		{"add one that fails", add(child("new", fails)), supervision.ErrStartFailed},
		{"add one that is significant", add(significant), supervision.ErrBadCombination},
		{"spawn", func(ctx context.Context, b *actors.Branch) error { _, err := b.Spawn(ctx, "new"); return err }, actors.ErrWrongStart},
		{"restart", restart("down"), nil},
		{"restart a running one", restart("up"), supervision.ErrRunning},
		{"restart one that waits", restart("waits"), supervision.ErrRestarting},
		{"restart nobody", restart("nobody"), supervision.ErrNotFound},
		{"terminate", terminate("up"), nil},
		{"terminate one that is down", terminate("down"), nil},
		{"terminate one that waits", terminate("waits"), nil},
		{"terminate nobody", terminate("nobody"), supervision.ErrNotFound},
		{"delete", remove("down"), nil},
		{"delete a running one", remove("up"), supervision.ErrRunning},
		{"delete one that waits", remove("waits"), supervision.ErrRestarting},
		{"delete nobody", remove("nobody"), supervision.ErrNotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				waits := once(func() error { return errBench })
				waits.ID, waits.Backoff.Base, waits.Backoff.Cap = "waits", time.Hour, time.Hour
				spec := static(child("up", ok), child("down", ok), waits)
				spec.MaxChildren = 4
				g := plant(t, spec)
				if err := g.Branch().Terminate(t.Context(), "down"); err != nil {
					t.Errorf("Terminate: got %v, want no error", err)
				}
				expectIs(t, "answer", test.ask(t.Context(), g.Branch()), test.want)
				g.stop(t, 0, 0)
			})
		})
	}
}

// TestAnswersOfADynamicBranch: its children are made by its template, and those
// that are down are forgotten.
func TestAnswersOfADynamicBranch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ok := child("", script{on: acts{"ping": pong}}.props())
		spec := supervision.Spec{Strategy: supervision.Dynamic, MaxChildren: 2}
		g := plant(t, actors.SupervisorSpec{Spec: spec, Template: func(id string) actors.Child {
			if id == "ignored" {
				return child("", script{on: acts{"Started": func(ctx actor.Context, _ int) { actors.End(ctx, actors.ErrIgnore) }}}.props())
			}
			return ok
		}})
		ctx, b := t.Context(), g.Branch()
		started, err := b.Spawn(ctx, "a")
		if err != nil || started.PID == nil || started.Ignored {
			t.Errorf("Spawn: got %+v (%v), want a PID", started, err)
		}
		ignored, err := b.Spawn(ctx, "ignored")
		if err != nil || ignored.PID != nil || !ignored.Ignored {
			t.Errorf("Spawn of one that has nothing to do: got %+v (%v), want it ignored", ignored, err)
		}
		_, err = b.Spawn(ctx, "a")
		expectIs(t, "Spawn of a running one", err, supervision.ErrAlreadyStarted)
		_, err = b.Spawn(ctx, "")
		if err == nil {
			t.Error("Spawn without an ID: got no error, want one")
		}
		_, err = b.Add(ctx, child("b", ok.Props))
		expectIs(t, "Add", err, actors.ErrWrongStart)
		_, err = b.Restart(ctx, "a")
		expectIs(t, "Restart", err, supervision.ErrDynamic)
		expectIs(t, "Delete", b.Delete(ctx, "a"), supervision.ErrDynamic)
		if up, err := b.SpawnAll(ctx, []string{"b", "c"}); up != 1 || !errors.Is(err, supervision.ErrTooManyChildren) {
			t.Errorf("SpawnAll: got %d (%v), want 1 and %v", up, err, supervision.ErrTooManyChildren)
		}
		expectIs(t, "Terminate", b.Terminate(ctx, "a"), nil)
		expectIs(t, "Terminate of a forgotten one", b.Terminate(ctx, "a"), supervision.ErrNotFound)
		g.alive(t, "b")
		g.stop(t, 0, 0)
	})
}

// TestRequestToASupervisorThatIsNotThere: every request says so, before the
// tree, after it, and about a path that leads nowhere.
func TestRequestToASupervisorThatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := prepare(t, actors.SupervisorConfig{SupervisorSpec: static(child("a", script{}.props()))})
		requests := func(when string, ids ...string) {
			ctx, b := t.Context(), g.Branch(ids...)
			_, add := b.Add(ctx, child("b", script{}.props()))
			_, spawn := b.Spawn(ctx, "b")
			_, all := b.SpawnAll(ctx, []string{"b"})
			_, restart := b.Restart(ctx, "a")
			_, children := b.Children(ctx)
			_, counts := b.Counts(ctx)
			for _, err := range []error{add, spawn, all, restart, children, counts, b.Terminate(ctx, "a"), b.Delete(ctx, "a"), b.Wake(ctx, "a")} {
				expectIs(t, when, err, actors.ErrNotRunning)
			}
		}
		requests("before Start")
		_, err := g.Tree(t.Context())
		expectIs(t, "Tree before Start", err, actors.ErrNotRunning)
		if err := g.Start(t.Context()); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		requests("to a worker", "a")
		requests("to nobody", "x", "y")
		g.stop(t, 0, 0)
		requests("after Stop")
		_, err = g.Tree(t.Context())
		expectIs(t, "Tree after Stop", err, actors.ErrNotRunning)
	})
}

// TestRequestDuringAStop: a supervisor that is busy stopping answers what it
// can no longer do when it is gone, and a caller that does not wait is let go.
func TestRequestDuringAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := script{on: acts{"Stopping": func(actor.Context, int) { time.Sleep(time.Second) }}}.props()
		g := plant(t, static(child("a", slow)))
		go func() { _ = g.Stop(context.Background()) }()
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		_, err := g.Branch().Add(short, child("b", slow))
		expectIs(t, "Add whose context ends", err, context.DeadlineExceeded)
		expectIs(t, "Add that waits", errOf(g.Branch().Add(t.Context(), child("c", slow))), actors.ErrNotRunning)
		_, err = g.Tree(t.Context())
		expectIs(t, "Tree", err, actors.ErrNotRunning)
		g.stop(t, 0, 0)
	})
}

func errOf[T any](_ T, err error) error { return err }

// TestRequestOfACallerThatLeft is carried out all the same.
func TestRequestOfACallerThatLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := script{on: acts{"ping": pong, "Started": func(actor.Context, int) { time.Sleep(time.Second) }}}.props()
		g := plant(t, static())
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		expectIs(t, "Add", errOf(g.Branch().Add(short, child("a", slow))), context.DeadlineExceeded)
		expectIs(t, "Add again", errOf(g.Branch().Add(t.Context(), child("a", slow))), supervision.ErrAlreadyStarted)
		g.alive(t, "a")
		g.stop(t, 0, 0)
	})
}

// TestRequestsFromManySides: fifty callers ask all there is to ask, and look at
// the tree, while its children crash. Each is answered.
func TestRequestsFromManySides(t *testing.T) {
	const callers, rounds = 50, 20
	crash := script{on: acts{"go": func(actor.Context, int) { panic("broken") }}}.props()
	system := quietSystem()
	spec := static(child("a", crash), child("b", crash))
	spec.Intensity = unlimited()
	tree, err := actors.NewSupervisor(actors.SupervisorConfig{System: system, SupervisorSpec: spec})
	if err != nil {
		t.Fatalf("NewSupervisor: got %v, want no error", err)
	}
	if err := tree.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	var group sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	allowed := []error{nil, supervision.ErrNotFound, supervision.ErrRunning, supervision.ErrRestarting, supervision.ErrAlreadyStarted, supervision.ErrAlreadyPresent}
	for caller := range callers {
		group.Go(func() {
			b, id := tree.Branch(), strconv.Itoa(caller/2)
			for range rounds {
				system.Root.Send(b.PID("a"), "go")
				system.Root.Send(b.PID(id), "go")
				_, looked := tree.Tree(ctx)
				_, counted := b.Counts(ctx)
				for _, err := range []error{
					errOf(b.Add(ctx, child(id, crash))), b.Wake(ctx, id), errOf(b.Restart(ctx, id)), looked, counted,
					b.Terminate(ctx, id), errOf(b.Restart(ctx, id)), b.Terminate(ctx, id), b.Delete(ctx, id),
				} {
					if !isOneOf(err, allowed) {
						t.Errorf("answer: got %v, want one of %v", err, allowed)
					}
				}
			}
		})
	}
	group.Wait()
	if err := tree.Stop(ctx); err != nil {
		t.Errorf("Stop: got %v, want no error", err)
	}
	if got := tree.Abandoned(); got != 0 {
		t.Errorf("abandoned: got %d, want 0", got)
	}
}

func isOneOf(err error, allowed []error) bool {
	for _, want := range allowed {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}
