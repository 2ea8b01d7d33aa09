package actors_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// steady is a function that runs until it is stopped.
func steady(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// fragile is a function that fails with whatever it is sent.
func fragile(failures <-chan error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case err := <-failures:
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

func functionChild(id string, run func(context.Context) error) actors.Child {
	return actors.Child{ChildSpec: supervision.ChildSpec{ID: id}, Run: run}
}

// grow starts a tree whose root is as the spec says, and stops it at the end.
func grow(t *testing.T, cfg actors.SupervisorConfig) *actors.Supervisor {
	t.Helper()
	s, err := actors.NewSupervisor(cfg)
	if err != nil {
		t.Fatalf("NewSupervisor: got %v, want no error", err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	return s
}

func stopTree(t *testing.T, s interface{ Stop(context.Context) error }) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Errorf("Stop: got %v, want no error", err)
	}
}

func treeOf(t *testing.T, s interface {
	Tree(context.Context) (actors.Node, error)
},
) actors.Node {
	t.Helper()
	node, err := s.Tree(t.Context())
	if err != nil {
		t.Fatalf("Tree: got %v, want no error", err)
	}
	return node
}

// TestTreeTellsSinceWhen: how long a child has been backing off, parked or
// running, and how long a wait still takes.
func TestTreeTellsSinceWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failures := make(chan error)
		s := grow(t, actors.SupervisorConfig{SupervisorSpec: actors.SupervisorSpec{
			Spec: supervision.Spec{
				Intensity:  supervision.Intensity{Restarts: 1, Period: time.Minute},
				Exhaustion: supervision.Park,
				Probe:      backoff.Policy{Base: 30 * time.Second, Cap: 30 * time.Second, Jitter: backoff.None},
			},
			Children: []actors.Child{{
				ChildSpec: supervision.ChildSpec{ID: "a", Backoff: backoff.Policy{Base: 10 * time.Second, Cap: 10 * time.Second, Jitter: backoff.None}},
				Run:       fragile(failures),
			}, functionChild("b", steady)},
		}})
		defer stopTree(t, s)
		for _, step := range []struct {
			wait  time.Duration
			fail  bool
			state string
			since time.Duration
			until time.Duration
		}{
			{2 * time.Second, false, "running", 2 * time.Second, 0},
			{0, true, "backing off", 0, 10 * time.Second},
			{4 * time.Second, false, "backing off", 4 * time.Second, 6 * time.Second},
			{9 * time.Second, false, "running", 3 * time.Second, 0},
			{0, true, "parked", 0, 30 * time.Second},
			{31 * time.Second, false, "probation", time.Second, 29 * time.Second},
			{0, true, "parked", 31 * time.Second, 30 * time.Second}, // since the first time
		} {
			time.Sleep(step.wait)
			if step.fail {
				failures <- errors.New("boom")
			}
			synctest.Wait()
			a := treeOf(t, s).Supervisor.Children[0]
			if since, until := time.Duration(a.SinceMS)*time.Millisecond, time.Duration(a.UntilMS)*time.Millisecond; a.State != step.state || since != step.since || until != step.until {
				t.Errorf("child: got %s for %v and %v more, want %s for %v and %v more", a.State, since, until, step.state, step.since, step.until)
			}
		}
		if root := treeOf(t, s); root.SinceMS != 46000 || root.Supervisor.Children[1].SinceMS != 46000 {
			t.Errorf("root and b: got %d and %d ms, want 46 s since they started", root.SinceMS, root.Supervisor.Children[1].SinceMS)
		}
	})
}

// TestTreeListsTheTroubledFirst: of very many children those are listed that
// somebody may want to look at.
func TestTreeListsTheTroubledFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const children, listed = 1500, 1000
		troubled := errors.New("boom")
		s := grow(t, actors.SupervisorConfig{SupervisorSpec: actors.SupervisorSpec{
			Spec: supervision.Spec{Strategy: supervision.Dynamic, Intensity: supervision.Intensity{Restarts: supervision.Unlimited}},
			Template: func(id string) actors.Child {
				child := functionChild("", steady)
				child.Backoff = backoff.Policy{Base: time.Hour, Cap: time.Hour}
				if id == "1200" || id == "1400" {
					child.Run = func(context.Context) error { return troubled }
				}
				return child
			},
		}})
		defer stopTree(t, s)
		for i := range children {
			if _, err := s.Branch().Spawn(t.Context(), strconv.Itoa(i)); err != nil {
				t.Fatalf("Spawn: got %v, want no error", err)
			}
		}
		synctest.Wait()
		seen := treeOf(t, s).Supervisor
		var first []string
		for _, child := range seen.Children[:4] {
			first = append(first, child.ID+" "+child.State)
		}
		if want := []string{"1200 backing off", "1400 backing off", "0 running", "1 running"}; !slices.Equal(first, want) {
			t.Errorf("first children: got %q, want %q", first, want)
		}
		if len(seen.Children) != listed || seen.Omitted != children-listed {
			t.Errorf("children: got %d and %d omitted, want %d and %d", len(seen.Children), seen.Omitted, listed, children-listed)
		}
	})
}
