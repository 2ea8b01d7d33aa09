package observe_test

import (
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/actors/observe"
)

// TestRestartSafeGauge: it is there when it has been asked, and not before.
func TestRestartSafeGauge(t *testing.T) {
	m := observe.NewMetrics()
	m.Observe(actors.Event{Kind: actors.EventPublished, Service: "api"})
	for _, c := range []struct {
		kind actors.EventKind
		want string
	}{
		{"", ""},
		{actors.EventRestartSafe, `restart_safe{service="api"} 1`},
		{actors.EventRestartUnsafe, `restart_safe{service="api"} 0`},
	} {
		if c.kind != "" {
			m.Observe(actors.Event{Kind: c.kind, Service: "api"})
		}
		got := ""
		for line := range strings.Lines(page(t, m)) {
			if strings.HasPrefix(line, "firebreak_restart_safe{") {
				got = strings.TrimPrefix(strings.TrimSpace(line), "firebreak_")
			}
		}
		if got != c.want {
			t.Errorf("after %q: got %q, want %q", c.kind, got, c.want)
		}
	}
}
