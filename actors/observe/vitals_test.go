package observe_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/actors/observe"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

func TestMetricsThatAreFollowed(t *testing.T) {
	unknown := actors.SourceVitals{Confirmed: -1, WatchSilence: -1}
	for _, row := range []struct {
		name   string
		source actors.SourceVitals
		want   []string
	}{
		{"nothing is known yet", unknown, nil},
		{
			"listed and never told a change",
			actors.SourceVitals{Confirmed: 2 * time.Second, WatchSilence: 3 * time.Second, Left: 1000, Known: true},
			[]string{
				`source_confirmed_age_seconds{service="api"} 2`, `source_history_left_seconds{service="api"} +Inf`,
				`source_history_left{service="api"} 1000`, `source_watch_silence_seconds{service="api"} 3`,
			},
		},
		{
			"others write",
			actors.SourceVitals{Confirmed: 1500 * time.Millisecond, WatchSilence: time.Minute, Left: 300, Rate: 20, Known: true},
			[]string{
				`source_confirmed_age_seconds{service="api"} 1.5`, `source_history_left_seconds{service="api"} 15`,
				`source_history_left{service="api"} 300`, `source_watch_silence_seconds{service="api"} 60`,
				`source_writes_per_second{service="api"} 20`,
			},
		},
		{
			"nothing is left, and nobody writes now",
			actors.SourceVitals{Confirmed: -1, WatchSilence: -1, Known: true},
			[]string{},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := observe.NewMetrics()
			row.source.Service = "api"
			m.Follow(func() actors.Vitals { return actors.Vitals{Stuck: 7, Sources: []actors.SourceVitals{row.source}} })
			got, want := samples(page(t, m)), append([]string{"calls_stuck 7"}, row.want...)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("samples: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if problems, err := promlint.New(strings.NewReader(page(t, m))).Lint(); err != nil || len(problems) > 0 {
				t.Errorf("lint: got %v, %v, want nothing to say", problems, err)
			}
		})
	}
}

// TestFollowedMetricsAreBounded: services that nothing happened to have their
// labels from the same number, and those that share one show the worst of them.
func TestFollowedMetricsAreBounded(t *testing.T) {
	const services, limit = 1000, 200
	m := observe.NewMetrics()
	m.Follow(func() actors.Vitals {
		var v actors.Vitals
		for i := range services {
			v.Sources = append(v.Sources, actors.SourceVitals{
				Service: fmt.Sprint("s", i), Confirmed: time.Duration(i) * time.Second, WatchSilence: time.Duration(i) * time.Minute,
				Left: services - i, Rate: float64(i), Known: true,
			})
		}
		return v
	})
	lines := samples(page(t, m))
	for _, want := range []string{
		`source_confirmed_age_seconds{service="other"} 999`, `source_watch_silence_seconds{service="other"} 59940`,
		`source_history_left{service="other"} 1`, `source_writes_per_second{service="other"} 999`,
		`source_history_left{service="s199"} 801`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("samples: got no %s", want)
		}
	}
	if got := len(lines); got > 5*(limit+1) {
		t.Errorf("samples: got %d, want no more than there are labels", got)
	}
}

// TestVitalsOfARuntime: what is left of the history goes with the writes of others,
// silence and age with time, a call that hangs is counted.
func TestVitalsOfARuntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := &unreliable{Memory: registrytest.NewMemory(registrytest.Config{})}
		release := make(chan struct{})
		m := observe.NewMetrics()
		runtime, err := actors.New(actors.Config{Source: backend, Writer: backend, Observe: m.Observe})
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		m.Follow(runtime.Vitals)
		for _, line := range samples(page(t, m)) {
			t.Errorf("before the start: got %s, want nothing", line)
		}
		hanging := actors.Directory{Service: "hanging", Decode: func(_, _, _ string) (registry.Instance, error) {
			<-release
			return registry.Instance{}, errors.New("too late")
		}}
		backend.Put("/services/api/a", `{"v":1,"service":"api","id":"a","host":"10.0.0.7","port":1}`, time.Hour)
		backend.Put("/services/hanging/a", "x", time.Hour)
		if err := errors.Join(runtime.Watch("api"), runtime.Follow(hanging), runtime.Start(t.Context())); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		expectLines := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			lines := samples(page(t, m))
			for _, line := range want {
				if !slices.Contains(lines, line) {
					t.Errorf("samples %s: got\n%s\nwant %s among them", when, strings.Join(lines, "\n"), line)
				}
			}
		}
		time.Sleep(20 * time.Second)
		expectLines("of a quiet directory",
			`source_history_left{service="api"} 1000`, `source_history_left_seconds{service="api"} +Inf`,
			`source_watch_silence_seconds{service="api"} 20`, `source_confirmed_age_seconds{service="api"} 20`, `calls_stuck 1`)
		backend.Put("/services/api/a", `{"v":1,"service":"api","id":"a","host":"10.0.0.7","port":2}`, time.Hour)
		time.Sleep(time.Second)
		expectLines("after a change",
			`source_watch_silence_seconds{service="api"} 1`, `source_confirmed_age_seconds{service="api"} 1`)
		for range 400 {
			backend.Put("/foreign", "x", time.Hour)
		}
		time.Sleep(5 * time.Minute) // listings tell of the others' writes
		text := page(t, m)
		var left, silence, confirmed float64
		for line := range strings.Lines(text) {
			_, _ = fmt.Sscanf(line, `firebreak_source_history_left{service="api"} %f`, &left)
			_, _ = fmt.Sscanf(line, `firebreak_source_watch_silence_seconds{service="api"} %f`, &silence)
			_, _ = fmt.Sscanf(line, `firebreak_source_confirmed_age_seconds{service="api"} %f`, &confirmed)
		}
		if silence != 301 || confirmed > 72 || left < 900 {
			t.Errorf("after five minutes: got silence %v, age %v, left %v, want 301, a listing's 72 at most, and 900 or more", silence, confirmed, left)
		}
		close(release)
		synctest.Wait()
		if v := runtime.Vitals(); v.Stuck != 0 {
			t.Errorf("stuck when the call came back: got %d, want 0", v.Stuck)
		}
		if err := runtime.Stop(context.Background()); err != nil {
			t.Errorf("Stop: got %v, want no error", err)
		}
	})
}
