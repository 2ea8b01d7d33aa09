package supervision_test

import (
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

func TestInspection(t *testing.T) {
	spec := supervision.Spec{
		Intensity: supervision.Intensity{Restarts: 2, Period: 5 * time.Second},
		Children:  []supervision.ChildSpec{{ID: "b"}, {ID: "a"}, {ID: "c"}},
	}
	m, refs := started(t, spec)
	var order []string
	for c := range m.Children() {
		order = append(order, c.ID)
		if c.ID == "a" {
			break
		}
	}
	if want := []string{"b", "a"}; !slices.Equal(order, want) {
		t.Errorf("children up to a: got %v, want the start order %v", order, want)
	}
	if got := m.Len(); got != 3 {
		t.Errorf("number of children: got %d, want 3", got)
	}
	if _, known := m.Child("nobody"); known {
		t.Error("child nobody: got known, want not")
	}

	exit := supervision.Exit{Kind: supervision.ExitPanic, Reason: "boom"}
	next := m.Step(time.Second, supervision.Event{Kind: supervision.EventChildExited, Ref: refs["a"], Exit: exit})[0].Ref
	got, _ := m.Child("a")
	want := supervision.ChildInfo{ID: "a", Ref: next, Incarnation: 2, State: supervision.StateStarting, Since: time.Second, LastExit: exit}
	if got != want {
		t.Errorf("child that starts again: got %+v, want %+v", got, want)
	}
	if used, allowed := m.Window(time.Second); used != 1 || allowed != 2 {
		t.Errorf("window: got %v of %v, want 1 of 2", used, allowed)
	}
	for ref, want := range map[supervision.Ref]int{next: 2, refs["b"]: 1, refs["a"]: 0, {}: 0} {
		if got := m.Incarnation(ref); got != want {
			t.Errorf("incarnation of %v: got %d, want %d", ref, got, want)
		}
	}
}

// TestSince walks one child through its states. It is parked from the first time on, whatever its probes come to, and a
// probation that ends well does not begin the run anew.
func TestSince(t *testing.T) {
	m, refs := started(t, supervision.Spec{
		Intensity: supervision.Intensity{Restarts: 1, Period: 5 * time.Second}, Exhaustion: supervision.Park,
		Probe:    backoff.Policy{Base: 10 * time.Second, Cap: 10 * time.Second, Healthy: 30 * time.Second, Jitter: backoff.None},
		Children: []supervision.ChildSpec{{ID: "a", Backoff: backoff.Policy{Base: time.Second, Cap: time.Second, Jitter: backoff.None}}},
	})
	ref := refs["a"]
	expect := func(state supervision.State, since time.Duration) {
		t.Helper()
		if c, _ := m.Child("a"); c.State != state || c.Since != since {
			t.Errorf("child: got %v since %v, want %v since %v", c.State, c.Since, state, since)
		}
	}
	at := func(now time.Duration, kind supervision.EventKind, id string) {
		ev := supervision.Event{Kind: kind, Ref: ref, ID: id}
		switch kind { //nolint:exhaustive // the others say nothing more
		case supervision.EventChildExited:
			ev.Exit.Kind = supervision.ExitPanic
		case supervision.EventTerminateChild:
			ev.Ref = supervision.Ref{}
		}
		for _, a := range m.Step(now*time.Second, ev) {
			if !a.Ref.IsZero() {
				ref = a.Ref
			}
		}
	}
	expect(supervision.StateRunning, 0)
	at(1, supervision.EventChildExited, "")
	expect(supervision.StateBackingOff, 1*time.Second)
	at(2, supervision.EventRetryDue, "")
	expect(supervision.StateStarting, 2*time.Second)
	at(3, supervision.EventChildStarted, "")
	expect(supervision.StateRunning, 3*time.Second)
	at(4, supervision.EventChildExited, "")
	expect(supervision.StateParked, 4*time.Second)
	at(14, supervision.EventRetryDue, "")
	at(15, supervision.EventChildStarted, "")
	expect(supervision.StateProbation, 15*time.Second)
	at(16, supervision.EventChildExited, "")
	expect(supervision.StateParked, 4*time.Second)
	at(26, supervision.EventRetryDue, "")
	at(27, supervision.EventChildStarted, "")
	at(57, supervision.EventRetryDue, "")
	expect(supervision.StateRunning, 27*time.Second)
	at(60, supervision.EventTerminateChild, "a")
	expect(supervision.StateStopping, 60*time.Second)
	at(61, supervision.EventChildExited, "")
	expect(supervision.StateDown, 61*time.Second)
	at(62, supervision.EventTerminateChild, "a") // once more
	expect(supervision.StateDown, 61*time.Second)
}

func TestUnlimitedWindow(t *testing.T) {
	m, _ := started(t, supervision.Spec{
		Intensity: supervision.Intensity{Restarts: supervision.Unlimited}, Children: []supervision.ChildSpec{{ID: "a"}},
	})
	if used, allowed := m.Window(0); used != 0 || allowed != supervision.Unlimited {
		t.Errorf("window: got %v of %v, want 0 of %v", used, allowed, supervision.Unlimited)
	}
}

// TestShutdownInActions: what a shell is told is never the default, but what it stands for.
func TestShutdownInActions(t *testing.T) {
	tests := []struct {
		name     string
		child    supervision.ChildSpec
		wait     time.Duration
		infinite bool
		abandon  bool
	}{
		{"worker", supervision.ChildSpec{}, 5 * time.Second, false, false},
		{"supervisor", supervision.ChildSpec{Supervisor: true}, 0, true, false},
		{"supervisor with a limit", supervision.ChildSpec{Supervisor: true, Shutdown: supervision.ShutdownWithin(1)}, 1, false, false},
		{"worker without", supervision.ChildSpec{Shutdown: supervision.ShutdownInfinite()}, 0, true, false},
		{"abandon", supervision.ChildSpec{Shutdown: supervision.ShutdownAbandon()}, 0, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.child.ID = "a"
			m, _ := started(t, supervision.Spec{Children: []supervision.ChildSpec{tt.child}})
			got := m.Step(0, supervision.Event{Kind: supervision.EventStop})[0].Shutdown
			if got.Wait() != tt.wait || got.Infinite() != tt.infinite || got.Abandon() != tt.abandon {
				t.Errorf("shutdown: got %v, want wait %v, infinite %v, abandon %v", got, tt.wait, tt.infinite, tt.abandon)
			}
		})
	}
}
