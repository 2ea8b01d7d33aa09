package supervision_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

func TestValidate(t *testing.T) {
	type spec = supervision.Spec
	type childSpec = supervision.ChildSpec
	one := func(c childSpec) []childSpec { return []childSpec{c} }
	fiveInTen := supervision.Intensity{Restarts: 5, Period: 10 * time.Second}
	// 1+2+3+3 s before the fifth restart, 12 s before the sixth exit.
	slow := backoff.Policy{Base: time.Second, Cap: 3 * time.Second}
	free := supervision.CostsByClass().With(supervision.ClassBug, 0).With(supervision.ClassTimeout, 0)
	tests := []struct {
		name string
		spec spec
		want string // part of the error; empty: valid
	}{
		{"zero value", spec{}, ""},
		{"unknown strategy", spec{Strategy: 4}, "strategy(4) is unknown"},
		{"unknown exhaustion", spec{Exhaustion: 3}, "exhaustion(3) is unknown"},
		{"negative restarts", spec{Intensity: supervision.Intensity{Restarts: -2}}, "use Unlimited"},
		{"unlimited restarts", spec{Intensity: supervision.Intensity{Restarts: supervision.Unlimited}}, ""},
		{"too many restarts", spec{Intensity: supervision.Intensity{Restarts: supervision.MaxRestarts + 1}}, "use Unlimited"},
		{"negative period", spec{Intensity: supervision.Intensity{Period: -1}}, "period -1ns is negative"},
		{"negative grain", spec{Grain: -1}, "grain -1ns is negative"},
		{"grain that divides the period", spec{Grain: time.Second}, ""},
		{"grain that does not", spec{Grain: 2 * time.Second}, "period 5s is not a multiple of grain 2s"},
		{"cost out of range", spec{Costs: supervision.Costs{}.With(supervision.ClassData, 5)}, "cost of class data"},
		{"negative cost", spec{Costs: supervision.Costs{}.With(supervision.ClassTimeout, -1)}, "cost of class timeout"},
		{"probe without park", spec{Probe: slow}, "set Exhaustion to Park"},
		{"probe with park", spec{Probe: slow, Exhaustion: supervision.Park}, ""},
		{"bad probe", spec{Probe: backoff.Policy{Base: -1}, Exhaustion: supervision.Park}, "probe: backoff: base"},
		{"negative bound", spec{MaxChildren: -1}, "max children -1 is negative"},
		{"more children than the bound", spec{MaxChildren: 1, Children: []childSpec{{ID: "a"}, {ID: "b"}}}, "2 children are more than"},
		{"as many children as the bound", spec{MaxChildren: 1, Children: one(childSpec{ID: "a"})}, ""},
		{"no ID", spec{Children: one(childSpec{})}, "has no ID"},
		{"ID twice", spec{Children: []childSpec{{ID: "a"}, {ID: "a"}}}, `child "a" appears twice`},
		{"unknown restart type", spec{Children: one(childSpec{ID: "a", Restart: 3})}, "restart(3) is unknown"},
		{"negative shutdown", spec{Children: one(childSpec{ID: "a", Shutdown: supervision.ShutdownWithin(-1)})}, "shutdown -1ns is negative"},
		{"bad backoff", spec{Children: one(childSpec{ID: "a", Backoff: backoff.Policy{Base: 2, Cap: 1}})}, "cap 1ns is below base"},
		{"backoff that never exceeds", spec{Intensity: fiveInTen, Children: one(childSpec{ID: "a", Backoff: slow})}, "intensity 5 in 10s is never exceeded"},
		{"the same with a longer period", spec{
			Intensity: supervision.Intensity{Restarts: 5, Period: 12*time.Second + 1}, Children: one(childSpec{ID: "a", Backoff: slow}),
		}, ""},
		{"delays as long as the period", spec{
			Intensity: supervision.Intensity{Restarts: 5, Period: 12 * time.Second}, Children: one(childSpec{ID: "a", Backoff: slow}),
		}, "never exceeded"},
		{"quarter prices need four times the restarts", spec{
			Intensity: supervision.Intensity{Restarts: 2, Period: 12 * time.Second}, Children: one(childSpec{ID: "a", Backoff: slow}),
			Costs: free.With(supervision.ClassTimeout, 1),
		}, "restart 8 comes 12s or more"},
		{"no price, nothing to reach", spec{Intensity: fiveInTen, Costs: free, Children: one(childSpec{ID: "a", Backoff: slow})}, ""},
		{"parking needs no reach", spec{Intensity: fiveInTen, Exhaustion: supervision.Park, Children: one(childSpec{ID: "a", Backoff: slow})}, ""},
		{"unlimited needs no reach", spec{
			Intensity: supervision.Intensity{Restarts: supervision.Unlimited}, Children: one(childSpec{ID: "a", Backoff: slow}),
		}, ""},
		{"unknown auto-shutdown", spec{AutoShutdown: 9}, "auto-shutdown(9) is unknown"},
		{"significant and auto-shutdown never", spec{Children: one(childSpec{ID: "a", Restart: supervision.Transient, Significant: true})}, "auto-shutdown is never"},
		{"significant and permanent", spec{AutoShutdown: supervision.AutoShutdownAll, Children: one(childSpec{ID: "a", Significant: true})}, "permanent children never end"},
		{"significant and transient", spec{
			AutoShutdown: supervision.AutoShutdownAny, Children: one(childSpec{ID: "a", Restart: supervision.Transient, Significant: true}),
		}, ""},
		{"auto-shutdown with nobody significant yet", spec{AutoShutdown: supervision.AutoShutdownAny, Children: one(childSpec{ID: "a"})}, ""},
		{"ceiling that escalates", spec{Ceiling: true}, "a ceiling with exhaustion escalate"},
		{"ceiling that parks", spec{Ceiling: true, Exhaustion: supervision.Park}, ""},
		{"ceiling that never runs out", spec{Ceiling: true, Intensity: supervision.Intensity{Restarts: supervision.Unlimited}}, ""},
		{"ceiling that charges nothing", spec{Ceiling: true, Costs: free}, ""},
		{"ceiling that shuts down", spec{
			Ceiling: true, Exhaustion: supervision.Park, AutoShutdown: supervision.AutoShutdownAny,
		}, "a ceiling with auto-shutdown on any significant"},
		{"temporary is never restarted", spec{Intensity: fiveInTen, Children: one(childSpec{ID: "a", Backoff: slow, Restart: supervision.Temporary})}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.spec.Validate()
			if tt.want == "" && err != nil {
				t.Fatalf("validate: got %v, want no error", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Fatalf("validate: got %v, want an error with %q", err, tt.want)
			}
			if m, newErr := supervision.New(tt.spec, nil); (newErr == nil) != (err == nil) || (m == nil) != (err != nil) {
				t.Errorf("new: got %v, %v, want what Validate says: %v", m, newErr, err)
			}
		})
	}
}

func TestCosts(t *testing.T) {
	byClass := supervision.CostsByClass()
	tests := []struct {
		name  string
		costs supervision.Costs
		class supervision.Class
		want  int
	}{
		{"zero value charges data in full", supervision.Costs{}, supervision.ClassData, 4},
		{"zero value charges a bug in full", supervision.Costs{}, supervision.ClassBug, 4},
		{"by class: data", byClass, supervision.ClassData, 0},
		{"by class: transient", byClass, supervision.ClassTransient, 0},
		{"by class: timeout", byClass, supervision.ClassTimeout, 1},
		{"by class: bug", byClass, supervision.ClassBug, 4},
		{"a class nobody knows is a bug", byClass.With(supervision.ClassBug, 3), 77, 3},
		{"setting one changes nothing", byClass.With(77, 0), supervision.ClassBug, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.costs.Of(tt.class); got != tt.want {
				t.Errorf("quarters: got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	type stringer interface{ String() string }
	tests := []struct {
		value stringer
		want  string
	}{
		{supervision.Dynamic, "dynamic"},
		{supervision.Temporary, "temporary"},
		{supervision.StopChild, "stop"},
		{supervision.ExitKilled, "killed"},
		{supervision.ClassTimeout, "timeout"},
		{supervision.EventStop, "stop"},
		{supervision.ActionRefused, "refused"},
		{supervision.ActionChildUp, "child up"},
		{supervision.EventStartIgnored, "start ignored"},
		{supervision.AutoShutdownAll, "all significant"},
		{supervision.StateStopping, "stopping"},
		{supervision.State(99), "state(99)"},
		{supervision.Ref{}, "none"},
		{supervision.Shutdown{}, "default"},
		{supervision.ShutdownInfinite(), "infinite"},
		{supervision.ShutdownAbandon(), "abandon"},
		{supervision.ShutdownWithin(time.Second), "1s"},
		{supervision.Intensity{}, "1 in 5s"},
		{supervision.Intensity{Restarts: supervision.Unlimited}, "unlimited"},
		{supervision.Exit{Kind: supervision.ExitError, Class: supervision.ClassData, Reason: "bad"}, "error (data): bad"},
		{supervision.Exit{Kind: supervision.ExitPanic}, "panic"},
	}
	for _, tt := range tests {
		if got := tt.value.String(); got != tt.want {
			t.Errorf("words of %#v: got %q, want %q", tt.value, got, tt.want)
		}
	}
}
