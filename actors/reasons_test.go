package actors_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// badError is an error that breaks whoever asks it.
type badError struct{ inner *fs.PathError }

func (e *badError) Error() string { return e.inner.Op }
func (e *badError) Unwrap() error { return e.inner.Err }

// badText is a value that cannot be printed.
type badText struct{}

func (badText) String() string { panic("in String") }

// endless is a value that contains itself.
type endless map[string]any

func contained() endless {
	e := endless{}
	e["self"] = e
	return e
}

var huge = strings.Repeat("x", 1<<20)

// TestReasonOfAPanic: whatever a child panics with, its supervisor survives and
// tells what it was, in few words.
func TestReasonOfAPanic(t *testing.T) {
	var nothing map[string]int
	tests := []struct {
		name string
		fail func()
		kind string
		want string // is in the reason
	}{
		{"nil", func() { panic(nil) }, "panic", "panic called with nil argument"},
		{"text", func() { panic("boom") }, "panic", "panic: boom"},
		{"number", func() { panic(42) }, "panic", "panic: 42"},
		{"runtime error", func() { nothing["x"] = 1 }, "panic", "assignment to entry in nil map"},
		{"nil pointer", func() { _ = (*badError)(nil).inner }, "panic", "nil pointer dereference"},
		{"error", func() { panic(errBench) }, "panic", "panic: broken"},
		{"error that wraps", func() { panic(fmt.Errorf("a: %w", fs.ErrNotExist)) }, "panic", "panic: a: file does not exist"},
		{"joined errors", func() { panic(errors.Join(errBench, fs.ErrClosed)) }, "panic", "file already closed"},
		{"huge text", func() { panic(huge) }, "panic", "panic: xxx"},
		{"huge error", func() { panic(errors.New(huge)) }, "panic", "panic: xxx"},
		{"text that is not UTF-8", func() { panic(strings.Repeat("\xff", 1<<14)) }, "panic", "panic: "},
		{"String that panics", func() { panic(badText{}) }, "panic", "in String"},
		{"Error that panics", func() { panic(&badError{}) }, "panic", "nil pointer"},
		{"typed nil error, whose Unwrap panics", func() { panic((*badError)(nil)) }, "panic", "panic: "},
		{"value that contains itself", func() { panic(contained()) }, "panic", "endless"},
		{"Goexit", runtime.Goexit, "killed", "runtime.Goexit"},
	}
	for _, test := range tests {
		for name, broken := range map[string]actors.Child{
			"actor":    child("a", script{on: acts{"go": first(test.fail)}}.props()),
			"function": once(func() error { test.fail(); return nil }),
		} {
			t.Run(test.name+" in "+name, func(t *testing.T) {
				expectReason(t, broken, test.kind, test.want)
			})
		}
	}
}

// TestReasonOfAnError is the same for errors that a child ends itself with.
func TestReasonOfAnError(t *testing.T) {
	tests := []struct {
		name string
		err  error
		kind string
		want string
	}{
		{"error", errBench, "error", "broken"},
		{"huge error", errors.New(huge), "error", "xxx"},
		{"error that wraps a shutdown", fmt.Errorf("%s: %w", huge, actors.ErrShutdown), "shutdown", "xxx"},
		{"Error that panics", &badError{}, "panic", "nil pointer"},
		{"typed nil", (*badError)(nil), "panic", "nil pointer"},
	}
	for _, test := range tests {
		for name, broken := range map[string]actors.Child{
			"actor": child("a", script{on: acts{"go": func(ctx actor.Context, incarnation int) {
				if incarnation == 1 {
					actors.End(ctx, test.err)
				}
			}}}.props()),
			"function": once(func() error { return test.err }),
		} {
			t.Run(test.name+" in "+name, func(t *testing.T) {
				expectReason(t, broken, test.kind, test.want)
			})
		}
	}
}

// once is a child that fails in its first incarnation alone.
func once(fail func() error) actors.Child {
	incarnation := 0
	return function("a", func(ctx context.Context) error {
		incarnation++
		if incarnation == 1 {
			return fail()
		}
		<-ctx.Done()
		return nil
	})
}

// expectReason runs a child that fails once, after "go" if it is an actor.
func expectReason(t *testing.T, broken actors.Child, kind, want string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := plant(t, static(broken, child("b", script{on: acts{"ping": pong}}.props())))
		if broken.Props != nil {
			g.send("a", "go")
		}
		g.expectTold(t, actors.EventChildRestarting, 1)
		for _, e := range g.told(actors.EventChildExited) {
			if e.Exit != kind || !strings.Contains(e.Reason, want) {
				t.Errorf("exit: got %s %.100q, want %s with %q", e.Exit, e.Reason, kind, want)
			}
			if len(e.Reason) > supervision.MaxReasonBytes {
				t.Errorf("reason: got %d bytes, want at most %d", len(e.Reason), supervision.MaxReasonBytes)
			}
			if strings.ToValidUTF8(e.Reason, "") != e.Reason {
				t.Errorf("reason: got %.100q, want valid UTF-8", e.Reason)
			}
		}
		children, err := g.Branch().Children(t.Context())
		if err != nil || children[0].State != supervision.StateRunning || children[0].LastExit.Kind.String() != kind {
			t.Errorf("the child: got %+v (%v), want it running after %s", children, err, kind)
		}
		g.alive(t, "b")
		g.stop(t, 0, 0)
	})
}

// TestReasonOfAnEscalation: through three supervisors that give up, the reason
// says who began, and stays within bounds.
func TestReasonOfAnEscalation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := static(child("a", script{on: acts{"go": func(actor.Context, int) { panic(huge) }}}.props()))
		for _, id := range []string{"inner", "outer"} {
			spec.Intensity = supervision.Intensity{Period: 1}
			below := spec
			spec = static(actors.Child{ChildSpec: supervision.ChildSpec{ID: id}, Supervisor: &below})
		}
		spec.Intensity = supervision.Intensity{Period: 1}
		g := plant(t, spec)
		g.system.Root.Send(g.Branch("outer", "inner").PID("a"), "go")
		<-g.Done()
		exit := g.Exit()
		const want = "root: restart intensity exceeded by outer: root/outer: restart intensity exceeded by inner: " +
			"root/outer/inner: restart intensity exceeded by a: panic: xxx"
		if !strings.HasPrefix(exit.Reason, want) || len(exit.Reason) > supervision.MaxReasonBytes {
			t.Errorf("exit: got %.200q of %d bytes, want %q within %d", exit.Reason, len(exit.Reason), want, supervision.MaxReasonBytes)
		}
		for _, e := range g.all() {
			if len(e.Reason) > supervision.MaxReasonBytes {
				t.Errorf("%s: got a reason of %d bytes, want at most %d", e.Kind, len(e.Reason), supervision.MaxReasonBytes)
			}
		}
		g.stop(t, 0, 0)
	})
}
