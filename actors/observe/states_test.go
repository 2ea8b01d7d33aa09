package observe_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/actors/observe"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// TestStates: each key counts in one state, whatever hides it from the pickers.
func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := registrytest.NewMemory(registrytest.Config{})
		for _, id := range []string{"a", "b", "c"} {
			value, err := registry.Encode(registry.Instance{Service: "api", ID: id, Host: "h", Port: 1})
			if err != nil {
				t.Fatal(err)
			}
			backend.Put("/services/api/"+id, value, time.Hour)
		}
		runtime, err := actors.New(actors.Config{Source: backend})
		if err == nil {
			err = runtime.Watch("api")
		}
		if err == nil {
			err = runtime.Start(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		all := prometheus.NewPedanticRegistry()
		all.MustRegister(observe.NewStates(runtime, "api", "unknown"))
		expect := func(when string, want ...string) {
			t.Helper()
			families, err := all.Gather()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, family := range families {
				for _, m := range family.GetMetric() {
					var labels []string
					for _, l := range m.GetLabel() {
						labels = append(labels, l.GetValue())
					}
					if m.GetGauge().GetValue() != 0 {
						got = append(got, strings.TrimPrefix(family.GetName(), "firebreak_")+" "+strings.Join(labels, " ")+" "+strings.Repeat("|", int(m.GetGauge().GetValue())))
					}
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", when, got, want)
			}
			if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) > 0 {
				t.Errorf("lint: got %v %v, want no problem", problems, err)
			}
		}
		expect("all good", "entries api live |||")
		backend.Put("/services/api/a", "", 0)
		backend.Put("/services/api/d", "{", 0)
		synctest.Wait()
		if err := runtime.Ban(t.Context(), "api", "b", "test"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		expect("two bad, one banned", "entries api live |", "entries api quarantined |", "entries api quarantined_cached |", "operator_orders api |")
		if err := runtime.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
