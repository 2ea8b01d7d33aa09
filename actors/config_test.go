package actors_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// TestWrongConfiguration: every combination that makes no sense is refused
// before anything runs, in one line that says where.
func TestWrongConfiguration(t *testing.T) {
	props, run := script{}.props(), func(context.Context) error { return nil }
	with := func(change func(*actors.Child)) actors.SupervisorSpec {
		c := child("a", props)
		change(&c)
		return static(c)
	}
	policy := func(change func(*supervision.Spec)) actors.SupervisorSpec {
		spec := static(child("a", props))
		change(&spec.Spec)
		return spec
	}
	dynamic := func(template func(string) actors.Child) actors.SupervisorSpec {
		return actors.SupervisorSpec{Spec: supervision.Spec{Strategy: supervision.Dynamic}, Template: template}
	}
	below := func(spec actors.SupervisorSpec) actors.SupervisorSpec {
		return static(actors.Child{ChildSpec: supervision.ChildSpec{ID: "n"}, Supervisor: &spec})
	}
	tests := []struct {
		name string
		spec actors.SupervisorSpec
		want string
	}{
		{"no way to run", with(func(c *actors.Child) { c.Props = nil }), "root/a: set exactly one of Props, Run and Supervisor, not 0"},
		{"two ways", with(func(c *actors.Child) { c.Run = run }), "root/a: set exactly one of Props, Run and Supervisor, not 2"},
		{"three ways", with(func(c *actors.Child) { c.Run, c.Supervisor = run, &actors.SupervisorSpec{} }), "not 3"},
		{"no ID", with(func(c *actors.Child) { c.ID = "" }), "a child has no ID"},
		{"an ID twice", static(child("a", props), child("a", props)), `child "a" appears twice`},
		{"unknown restart", with(func(c *actors.Child) { c.Restart = 9 }), "is unknown: use Permanent, Transient or Temporary"},
		{"negative shutdown", with(func(c *actors.Child) { c.Shutdown = supervision.ShutdownWithin(-1) }), "is negative"},
		{"significant and permanent", func() actors.SupervisorSpec {
			spec := with(func(c *actors.Child) { c.Significant = true })
			spec.AutoShutdown = supervision.AutoShutdownAny
			return spec
		}(), "permanent children never end for good"},
		{"significant without auto-shutdown", with(func(c *actors.Child) { c.Significant = true }), "bad combination"},
		{"negative backoff", with(func(c *actors.Child) { c.Backoff.Base = -1 }), "negative"},
		{"backoff that the intensity never sees", with(func(c *actors.Child) { c.Backoff = backoff.Policy{Base: time.Minute, Cap: time.Minute} }), "never exceeded"},
		{"children of the Spec", policy(func(s *supervision.Spec) { s.Children = []supervision.ChildSpec{{ID: "b"}} }), "set SupervisorSpec.Children"},
		{"unknown strategy", policy(func(s *supervision.Spec) { s.Strategy = 9 }), "is unknown: use OneForOne"},
		{"unknown exhaustion", policy(func(s *supervision.Spec) { s.Exhaustion = 9 }), "is unknown: use Escalate"},
		{"unknown auto-shutdown", policy(func(s *supervision.Spec) { s.AutoShutdown = 9 }), "is unknown: use AutoShutdownNever"},
		{"negative restarts", policy(func(s *supervision.Spec) { s.Intensity.Restarts = -2 }), "is negative: use Unlimited"},
		{"negative period", policy(func(s *supervision.Spec) { s.Intensity.Period = -1 }), "is negative"},
		{"probe without parking", policy(func(s *supervision.Spec) { s.Probe.Base = 1 }), "set Exhaustion to Park"},
		{"negative bound of children", policy(func(s *supervision.Spec) { s.MaxChildren = -1 }), "is negative"},
		{"ceiling that gives up", policy(func(s *supervision.Spec) { s.Ceiling = true }), "a ceiling with exhaustion escalate"},
		{"dynamic without a template", dynamic(nil), "a dynamic supervisor needs a Template"},
		{"dynamic with children", actors.SupervisorSpec{
			Spec: supervision.Spec{Strategy: supervision.Dynamic}, Children: []actors.Child{child("a", props)},
			Template: func(string) actors.Child { return child("", props) },
		}, "use Branch.Spawn"},
		{"template without dynamic", actors.SupervisorSpec{Template: func(string) actors.Child { return child("", props) }}, "only a dynamic supervisor has a Template"},
		{"template of nothing", dynamic(func(string) actors.Child { return actors.Child{} }), "set exactly one of Props, Run and Supervisor"},
		{"template of a wrong child", dynamic(func(string) actors.Child {
			c := child("", props)
			c.Significant = true
			return c
		}), "bad combination"},
		{"template that panics", dynamic(func(string) actors.Child { panic("broken") }), "the Template: exit: panic: broken"},
		{"below", below(with(func(c *actors.Child) { c.Restart = 9 })), "root/n: "},
		{"two below", below(below(dynamic(nil))), "root/n/n: a dynamic supervisor needs a Template"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := actors.NewSupervisor(actors.SupervisorConfig{System: quietSystem(), SupervisorSpec: test.spec})
			switch {
			case err == nil || s != nil:
				t.Errorf("NewSupervisor: got %v and a supervisor, want an error with %q", err, test.want)
			case !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "actors: root"):
				t.Errorf("NewSupervisor: got %q, want one line that begins with actors: root and has %q", err, test.want)
			}
		})
	}
}

// TestAddOfAWrongChild: what is added later is checked as well.
func TestAddOfAWrongChild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := plant(t, static())
		tests := []struct {
			name  string
			child actors.Child
			want  string
		}{
			{"no way to run", actors.Child{ChildSpec: supervision.ChildSpec{ID: "a"}}, "root/a: set exactly one of"},
			{"no ID", child("", script{}.props()), "a child has no ID"},
			{"wrong below", actors.Child{ChildSpec: supervision.ChildSpec{ID: "a"}, Supervisor: &actors.SupervisorSpec{
				Children: []actors.Child{{}},
			}}, "set exactly one of"},
		}
		for _, test := range tests {
			err := errOf(g.Branch().Add(t.Context(), test.child))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: got %v, want one line with %q", test.name, err, test.want)
			}
		}
		if counts, err := g.Branch().Counts(t.Context()); err != nil || counts.Specs != 0 {
			t.Errorf("counts: got %+v (%v), want nothing added", counts, err)
		}
		g.stop(t, 0, 0)
	})
}

// TestLifeOfASupervisor: it is started once and stopped as often as one likes.
func TestLifeOfASupervisor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := prepare(t, actors.SupervisorConfig{SupervisorSpec: static()})
		never.stop(t, 0, 0)
		never.stop(t, 0, 0)
		if err := never.Start(t.Context()); err == nil {
			t.Error("Start after Stop: got no error, want one")
		}
		g := plant(t, static(child("a", script{on: acts{"ping": pong}}.props())))
		if err := g.Start(t.Context()); err == nil {
			t.Error("second Start: got no error, want one")
		}
		other := prepare(t, actors.SupervisorConfig{System: g.system, SupervisorSpec: static()})
		if err := other.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "name exists") {
			t.Errorf("Start of another tree of the same name: got %v, want one that says so", err)
		}
		g.alive(t, "a")
		g.stop(t, 0, 0)
		g.stop(t, 0, 0)
		if exit := g.Exit(); exit.Kind != supervision.ExitShutdown {
			t.Errorf("exit: got %v, want a shutdown", exit)
		}
	})
}
