package actors_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// startTree starts a tree that is stopped when the test ends.
func startTree(t *testing.T, spec actors.SupervisorSpec) (*actors.Supervisor, *actor.ActorSystem) {
	t.Helper()
	system := quietSystem()
	tree, err := actors.NewSupervisor(actors.SupervisorConfig{SupervisorSpec: spec, System: system})
	if err := errors.Join(err, tree.Start(t.Context())); err != nil {
		t.Fatalf("start: %v", err)
	}
	t.Cleanup(func() {
		if err := tree.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return tree, system
}

func crashingChild(id string) actors.Child {
	return actors.Child{
		ChildSpec: supervision.ChildSpec{ID: id}, Props: actor.PropsFromProducer(func() actor.Actor { return crashing{} }),
	}
}

// TestStopsOneByOneOrAtOnce: the children of a dynamic supervisor have no order,
// so they stop side by side.
func TestStopsOneByOneOrAtOnce(t *testing.T) {
	slow := actors.Child{Props: actor.PropsFromProducer(func() actor.Actor { return cleaning{} })} // for a second
	var static actors.SupervisorSpec
	for _, id := range []string{"a", "b", "c"} {
		slow.ID = id
		static.Children = append(static.Children, slow)
	}
	dynamic := actors.SupervisorSpec{
		Spec: supervision.Spec{Strategy: supervision.Dynamic}, Template: func(string) actors.Child { return slow },
	}
	tests := []struct {
		name string
		spec actors.SupervisorSpec
		want time.Duration
	}{{"static", static, 3 * time.Second}, {"dynamic", dynamic, time.Second}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tree, _ := startTree(t, tt.spec)
				for _, id := range []string{"a", "b", "c"} {
					if _, err := tree.Branch().Spawn(t.Context(), id); tt.spec.Template != nil && err != nil {
						t.Fatalf("spawn %s: %v", id, err)
					}
				}
				begin := time.Now()
				if err := tree.Stop(t.Context()); err != nil {
					t.Fatalf("stop: %v", err)
				}
				if took := time.Since(begin); took != tt.want {
					t.Errorf("stop: took %v, want %v", took, tt.want)
				}
			})
		})
	}
}

// TestRequestsToTheDead fail, whether they come before, while or after a
// supervisor ends, and none hangs. Wake, a hint, is not among them.
func TestRequestsToTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		child := crashingChild("a")
		child.Props = actor.PropsFromProducer(func() actor.Actor { return cleaning{} }) // ends within a second
		tree, _ := startTree(t, actors.SupervisorSpec{Children: []actors.Child{child}})
		ask := map[string]func(b *actors.Branch) error{
			"add":       func(b *actors.Branch) error { _, err := b.Add(t.Context(), crashingChild("new")); return err },
			"restart":   func(b *actors.Branch) error { _, err := b.Restart(t.Context(), "a"); return err },
			"terminate": func(b *actors.Branch) error { return b.Terminate(t.Context(), "a") },
			"delete":    func(b *actors.Branch) error { return b.Delete(t.Context(), "a") },
			"children":  func(b *actors.Branch) error { _, err := b.Children(t.Context()); return err },
			"counts":    func(b *actors.Branch) error { _, err := b.Counts(t.Context()); return err },
		}
		type answer struct {
			request string
			err     error
		}
		answers := make(chan answer, 3*len(ask))
		askAll := func(b *actors.Branch) {
			for name, request := range ask {
				go func() { answers <- answer{name, request(b)} }()
			}
			synctest.Wait()
		}
		askAll(tree.Branch("nobody"))
		go func() { _ = tree.Stop(t.Context()) }()
		synctest.Wait()
		askAll(tree.Branch()) // which waits for its child
		<-tree.Done()
		askAll(tree.Branch())
		for range cap(answers) {
			if a := <-answers; !errors.Is(a.err, actors.ErrNotRunning) {
				t.Errorf("%s: got %v, want %v", a.request, a.err, actors.ErrNotRunning)
			}
		}
	})
}

// TestDynamicChildrenKeepTheirArguments over restarts, and the third restart of
// all of them exceeds two.
func TestDynamicChildrenKeepTheirArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := make(chan string, 8)
		tree, system := startTree(t, actors.SupervisorSpec{
			Spec: supervision.Spec{Strategy: supervision.Dynamic, Intensity: supervision.Intensity{Restarts: 2, Period: time.Minute}},
			Template: func(id string) actors.Child {
				return actors.Child{Props: actor.PropsFromFunc(func(ctx actor.Context) {
					if _, ok := ctx.Message().(*actor.Started); ok {
						started <- id
					}
					crashing{}.Receive(ctx)
				})}
			},
		})
		for _, id := range []string{"a", "b"} {
			if _, err := tree.Branch().Spawn(t.Context(), id); err != nil {
				t.Fatalf("spawn %s: %v", id, err)
			}
		}
		for _, id := range []string{"a", "b", "a"} {
			system.Root.Send(tree.Branch().PID(id), "broken")
			synctest.Wait()
		}
		close(started)
		var got []string
		for id := range started {
			got = append(got, id)
		}
		if want := "a b a b"; strings.Join(got, " ") != want {
			t.Errorf("starts: got %s, want %s", strings.Join(got, " "), want)
		}
		if exit := tree.Exit(); exit.Kind != supervision.ExitShutdown || exit.Reason == "" {
			t.Errorf("exit of the supervisor: got %v, want a shutdown with its cause", exit)
		}
	})
}

// TestTerminateIncarnation: a Ref means a process, and no other that has its ID.
func TestTerminateIncarnation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tree, system := startTree(t, actors.SupervisorSpec{
			Spec:     supervision.Spec{Strategy: supervision.Dynamic},
			Template: crashingChild,
		})
		branch := tree.Branch()
		current := func() supervision.ChildInfo {
			children, err := branch.Children(t.Context())
			if err != nil || len(children) != 1 {
				t.Fatalf("children: got %v (%v), want one", children, err)
			}
			return children[0]
		}
		if _, err := branch.Spawn(t.Context(), "a"); err != nil {
			t.Fatalf("spawn: %v", err)
		}
		first := current().Ref
		system.Root.Send(branch.PID("a"), "broken")
		synctest.Wait()
		if err := branch.TerminateIncarnation(t.Context(), first); err != nil {
			t.Errorf("terminate the first incarnation, which has ended: got %v, want no error", err)
		}
		second := current()
		if second.State != supervision.StateRunning || second.Ref == first {
			t.Errorf("the second incarnation: got %+v, want it running", second)
		}
		for range 2 { // the second time it is dead
			if err := branch.TerminateIncarnation(t.Context(), second.Ref); err != nil {
				t.Errorf("terminate the second incarnation: got %v, want no error", err)
			}
		}
		if n, err := branch.Counts(t.Context()); err != nil || n.Workers != 0 {
			t.Errorf("children: got %+v (%v), want none", n, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		tree, _ := startTree(t, actors.SupervisorSpec{Children: []actors.Child{crashingChild("a")}})
		children, err := tree.Branch().Children(t.Context())
		if err != nil {
			t.Fatalf("children: %v", err)
		}
		err = tree.Branch().TerminateIncarnation(t.Context(), children[0].Ref)
		if !errors.Is(err, supervision.ErrNotFound) {
			t.Errorf("terminate an incarnation of a static supervisor: got %v, want %v", err, supervision.ErrNotFound)
		}
	})
}
