package supervision_test

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// started returns a machine whose initial children are up. Their Refs are by ID.
func started(t *testing.T, spec supervision.Spec) (*supervision.Machine, map[string]supervision.Ref) {
	t.Helper()
	m, err := supervision.New(spec, nil)
	if err != nil {
		t.Fatalf("new machine: got %v, want no error", err)
	}
	refs := map[string]supervision.Ref{}
	actions := m.Step(0, supervision.Event{Kind: supervision.EventStart})
	for actions[0].Kind == supervision.ActionStartChild {
		refs[actions[0].ID] = actions[0].Ref
		actions = m.Step(0, supervision.Event{Kind: supervision.EventChildStarted, Ref: actions[0].Ref})
	}
	if actions[0].Kind != supervision.ActionStarted {
		t.Fatalf("start: got %v, want the supervisor started", actions[0].Kind)
	}
	return m, refs
}

func kinds(actions []supervision.Action) []supervision.ActionKind {
	all := make([]supervision.ActionKind, len(actions))
	for i, a := range actions {
		all[i] = a.Kind
	}
	return all
}

// TestRestartTypeByExitKind is the decision at the heart of a supervisor, in full.
func TestRestartTypeByExitKind(t *testing.T) {
	type row map[supervision.ExitKind]string
	const again, keep, forget = "restarted", "left down", "forgotten"
	table := map[supervision.Restart]row{
		supervision.Permanent: {
			supervision.ExitNormal: again, supervision.ExitShutdown: again, supervision.ExitError: again,
			supervision.ExitPanic: again, supervision.ExitKilled: again,
		},
		supervision.Transient: {
			supervision.ExitNormal: keep, supervision.ExitShutdown: keep, supervision.ExitError: again,
			supervision.ExitPanic: again, supervision.ExitKilled: again,
		},
		supervision.Temporary: {
			supervision.ExitNormal: forget, supervision.ExitShutdown: forget, supervision.ExitError: forget,
			supervision.ExitPanic: forget, supervision.ExitKilled: forget,
		},
	}
	for strategy := supervision.OneForOne; strategy <= supervision.Dynamic; strategy++ {
		for restart, row := range table {
			for kind, want := range row {
				if strategy == supervision.Dynamic && want == keep {
					want = forget
				}
				t.Run(strategy.String()+"/"+restart.String()+"/"+kind.String(), func(t *testing.T) {
					spec := supervision.Spec{Strategy: strategy, Children: []supervision.ChildSpec{{ID: "a", Restart: restart}}}
					m, refs := started(t, spec)
					exit := supervision.Exit{Kind: kind}
					actions := m.Step(0, supervision.Event{Kind: supervision.EventChildExited, Ref: refs["a"], Exit: exit})
					if got := fate(m, actions); got != want {
						t.Errorf("child after %v: got %s, want %s", kind, got, want)
					}
					wantUsed := 0.0
					if want == again {
						wantUsed = 1
					}
					if used, _ := m.Window(0); used != wantUsed {
						t.Errorf("restarts counted: got %v, want %v", used, wantUsed)
					}
				})
			}
		}
	}
}

func fate(m *supervision.Machine, actions []supervision.Action) string {
	child, known := m.Child("a")
	switch {
	case len(actions) == 1 && actions[0].Kind == supervision.ActionStartChild && child.State == supervision.StateStarting:
		return "restarted"
	case len(actions) == 1 && actions[0].Kind == supervision.ActionEnded && child.State == supervision.StateDown && known:
		return "left down"
	case len(actions) == 2 && actions[1].Kind == supervision.ActionForgotten && !known:
		return "forgotten"
	}
	return "something else"
}

// TestIntensityBothSides counts how many crashes in a row a supervisor survives, and whose they are.
func TestIntensityBothSides(t *testing.T) {
	tests := []struct {
		name      string
		intensity supervision.Intensity
		survives  int
	}{
		{"zero value is one in five seconds", supervision.Intensity{}, 1},
		{"a period alone allows none", supervision.Intensity{Period: time.Second}, 0},
		{"three: the fourth is one too many", supervision.Intensity{Restarts: 3, Period: time.Second}, 3},
		{"restarts alone have the default period", supervision.Intensity{Restarts: 2}, 2},
		{"unlimited", supervision.Intensity{Restarts: supervision.Unlimited}, 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			children := []supervision.ChildSpec{{ID: "a"}, {ID: "b"}}
			m, refs := started(t, supervision.Spec{Intensity: tt.intensity, Children: children})
			boom := supervision.Exit{Kind: supervision.ExitPanic, Reason: "boom"}
			for n := 1; n <= 1000; n++ {
				id := children[n%2].ID // the budget is the supervisor's, whoever crashes
				a := m.Step(0, supervision.Event{Kind: supervision.EventChildExited, Ref: refs[id], Exit: boom})[0]
				if a.Kind == supervision.ActionGaveUp {
					if n-1 != tt.survives || a.ID != id || a.Exit != boom {
						t.Fatalf("gave up: got crash %d by %s (%v), want crash %d by %s", n, a.ID, a.Exit, tt.survives+1, id)
					}
					return
				}
				refs[id] = a.Ref
				m.Step(0, supervision.Event{Kind: supervision.EventChildStarted, Ref: a.Ref})
			}
			if tt.survives != 1000 {
				t.Fatalf("gave up: got never, want at crash %d", tt.survives+1)
			}
		})
	}
}

// TestDelayedRetryIsOneAtATime delivers every retry ever asked for, late and twice: only the current one may have effect.
func TestDelayedRetryIsOneAtATime(t *testing.T) {
	spec := supervision.Spec{
		Intensity: supervision.Intensity{Restarts: supervision.Unlimited},
		Children:  []supervision.ChildSpec{{ID: "a", Backoff: supervision.DefaultProbe()}},
	}
	m, refs := started(t, spec)
	var retries []supervision.Ref
	for range 5 {
		for _, a := range m.Step(0, supervision.Event{Kind: supervision.EventChildExited, Ref: refs["a"]}) {
			if a.Kind == supervision.ActionRetry {
				retries = append(retries, a.Ref)
			}
		}
		for i, ref := range retries[:len(retries)-1] {
			if got := m.Step(0, supervision.Event{Kind: supervision.EventRetryDue, Ref: ref}); len(got) != 0 {
				t.Fatalf("stale retry %d of %d: got %v, want nothing", i, len(retries), kinds(got))
			}
		}
		ref := retries[len(retries)-1]
		got := m.Step(0, supervision.Event{Kind: supervision.EventRetryDue, Ref: ref})
		if len(got) != 1 || got[0].Kind != supervision.ActionStartChild {
			t.Fatalf("current retry: got %v, want one start", kinds(got))
		}
		refs["a"] = got[0].Ref
		m.Step(0, supervision.Event{Kind: supervision.EventChildStarted, Ref: refs["a"]})
		if again := m.Step(0, supervision.Event{Kind: supervision.EventRetryDue, Ref: ref}); len(again) != 0 {
			t.Fatalf("retry delivered twice: got %v, want nothing", kinds(again))
		}
	}
}

// TestDeferredRequestIsCopied: a caller may use its child spec again as soon as Step has returned.
func TestDeferredRequestIsCopied(t *testing.T) {
	m, refs := started(t, supervision.Spec{Children: []supervision.ChildSpec{{ID: "a"}}})
	ref := m.Step(0, supervision.Event{Kind: supervision.EventChildExited, Ref: refs["a"]})[0].Ref
	child := supervision.ChildSpec{ID: "b"}
	m.Step(0, supervision.Event{Kind: supervision.EventAddChild, Child: &child})
	child.ID = "changed"
	if got := m.Step(0, supervision.Event{Kind: supervision.EventChildStarted, Ref: ref})[0].ID; got != "b" {
		t.Errorf("child added: got %q, want %q", got, "b")
	}
}

func TestLongReasonIsCut(t *testing.T) {
	m, refs := started(t, supervision.Spec{Children: []supervision.ChildSpec{{ID: "a"}}})
	reason := make([]byte, 0, 2*supervision.MaxReasonBytes)
	for len(reason) < cap(reason)-1 {
		reason = append(reason, "é"...) // two bytes: the cut falls between, and must not leave half of one
	}
	exit := supervision.Exit{Kind: supervision.ExitPanic, Reason: "x" + string(reason)}
	m.Step(0, supervision.Event{Kind: supervision.EventChildExited, Ref: refs["a"], Exit: exit})
	child, _ := m.Child("a")
	if got, want := len(child.LastExit.Reason), supervision.MaxReasonBytes-1; got != want {
		t.Errorf("bytes kept: got %d, want %d", got, want)
	}
}
