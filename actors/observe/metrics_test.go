package observe_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/actors/observe"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// page is what Prometheus gets.
func page(t *testing.T, m *observe.Metrics) string {
	t.Helper()
	all := prometheus.NewPedanticRegistry()
	if err := all.Register(m); err != nil {
		t.Fatalf("Register: got %v, want no error", err)
	}
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(all, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("page: got %d %s, want 200", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

// samples are the page's lines that are not zero, without the prefix.
func samples(text string) []string {
	var lines []string
	for scanner := bufio.NewScanner(strings.NewReader(text)); scanner.Scan(); {
		if line := scanner.Text(); !strings.HasPrefix(line, "#") && !strings.HasSuffix(line, " 0") {
			lines = append(lines, strings.TrimPrefix(line, "firebreak_"))
		}
	}
	return lines
}

func expect(t *testing.T, m *observe.Metrics, when string, want ...string) {
	t.Helper()
	if got := samples(page(t, m)); !slices.Equal(got, want) {
		t.Errorf("samples %s: got\n%s\nwant\n%s", when, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// event is one of a supervisor about a child of it.
func event(kind actors.EventKind, supervisor, child string) actors.Event {
	return actors.Event{Kind: kind, Supervisor: supervisor, Child: child}
}

func TestMetricsBySupervisor(t *testing.T) {
	m := observe.NewMetrics()
	see := func(events ...actors.Event) {
		for _, e := range events {
			m.Observe(e)
		}
	}
	exit := event(actors.EventChildExited, "root/db", "root/db/a/1")
	exit.Exit, exit.Class = "panic", "bug"
	see(
		event(actors.EventChildStarted, "root", "root/db"),
		event(actors.EventChildStarted, "root/db", "root/db/a/1"),
		event(actors.EventSupervisorUp, "root/db", "root/db"),
		event(actors.EventSupervisorUp, "root", "root"),
		exit,
		event(actors.EventChildBackoff, "root/db", "root/db/a/1"),
		event(actors.EventChildRestarting, "root/db", "root/db/a/1"),
		exit,
		event(actors.EventChildParked, "root/db", "root/db/a/1"),
		event(actors.EventChildParked, "root/db", "root/db/a/2"),
	)
	expect(t, m, "with two children parked",
		`child_backoffs_total{supervisor="root/db"} 1`,
		`child_exits_total{class="bug",exit="panic",supervisor="root/db"} 2`,
		`child_parks_total{supervisor="root/db"} 2`,
		`child_restarts_total{supervisor="root/db"} 1`,
		`child_starts_total{supervisor="root"} 1`,
		`child_starts_total{supervisor="root/db"} 1`,
		`children_parked{supervisor="root/db"} 2`,
		`supervisor_up{supervisor="root"} 1`,
		`supervisor_up{supervisor="root/db"} 1`,
	)
	see(
		event(actors.EventChildReleased, "root/db", "root/db/a/1"),
		event(actors.EventChildReleased, "root/db", "root/db/a/1"), // once more changes nothing
		event(actors.EventChildAbandoned, "root/db", "root/db/a/2"),
		event(actors.EventSupervisorGaveUp, "root/db", "root/db"),
		event(actors.EventSupervisorDown, "root/db", "root/db"),
	)
	text := page(t, m)
	for _, want := range []string{
		`firebreak_children_parked{supervisor="root/db"} 0`, `firebreak_supervisor_up{supervisor="root/db"} 0`,
		`firebreak_supervisor_up{supervisor="root"} 1`, `firebreak_children_abandoned{supervisor="root/db"} 1`,
		`firebreak_child_abandonments_total{supervisor="root/db"} 1`, `firebreak_supervisor_escalations_total{supervisor="root/db"} 1`,
		`firebreak_supervisor_escalations_total{supervisor="root"} 0`, // known before it happens
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("page after root/db gave up: got no %s in\n%s", want, text)
		}
	}
	see(event(actors.EventChildReturned, "root/db", "root/db/a/2"))
	if text := page(t, m); !strings.Contains(text, `firebreak_children_abandoned{supervisor="root/db"} 0`) {
		t.Errorf("page after the return: got an abandoned child, want none:\n%s", text)
	}
}

// TestSupervisorsThatEndWithoutAWord: a supervisor that panicked or was
// abandoned says of itself and of those below nothing more.
func TestSupervisorsThatEndWithoutAWord(t *testing.T) {
	for _, kind := range []actors.EventKind{actors.EventChildExited, actors.EventChildAbandoned} {
		m := observe.NewMetrics()
		for _, e := range []actors.Event{
			event(actors.EventSupervisorUp, "root/a/b", "root/a/b"), event(actors.EventSupervisorUp, "root/a", "root/a"),
			event(actors.EventSupervisorUp, "root/ab", "root/ab"), event(actors.EventSupervisorUp, "root", "root"),
			event(actors.EventChildParked, "root/a/b", "root/a/b/c"), event(kind, "root", "root/a"),
		} {
			m.Observe(e)
		}
		text := page(t, m)
		for label, want := range map[string]int{"root": 1, "root/ab": 1, "root/a": 0, "root/a/b": 0} {
			if line := fmt.Sprintf("firebreak_supervisor_up{supervisor=%q} %d\n", label, want); !strings.Contains(text, line) {
				t.Errorf("after %s: got no %sin\n%s", kind, line, text)
			}
		}
		if !strings.Contains(text, `firebreak_children_parked{supervisor="root/a/b"} 0`) {
			t.Errorf("after %s: got a child parked below, want none", kind)
		}
	}
}

// TestMetricsAreBounded: whoever chooses names cannot choose how many series
// there are, nor break the page.
func TestMetricsAreBounded(t *testing.T) {
	m := observe.NewMetrics()
	const names = 10_000
	for i := range names {
		path := fmt.Sprintf("root/%d", i)
		m.Observe(event(actors.EventSupervisorUp, path, path))
		m.Observe(event(actors.EventChildParked, path, path+"/a"))
		m.Observe(actors.Event{Kind: actors.EventChildExited, Supervisor: "root/0", Exit: path, Class: "\xff"})
		m.Observe(actors.Event{Kind: actors.EventPublished, Service: path, Instances: 2})
		m.Observe(actors.Event{Kind: actors.EventKeyQuarantined, Service: "root/0", Class: path})
		m.Observe(actors.Event{Kind: actors.EventInstanceAdded, Service: "root/0", Key: path})
	}
	for _, ugly := range []string{"\xff", "\xfe", strings.Repeat("é", 500), strings.Repeat("é", 501), "\"\n"} {
		m.Observe(event(actors.EventSupervisorUp, ugly, ugly))
	}
	lines := samples(page(t, m))
	const limit = 200
	for _, want := range []string{
		fmt.Sprintf(`supervisor_up{supervisor="other"} %d`, names-limit+5),
		fmt.Sprintf(`children_parked{supervisor="other"} %d`, names-limit),
		fmt.Sprintf(`instances{service="other"} %d`, 2*(names-limit)),
		`instance_changes_total{change="added",service="root/0"} 10000`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("samples: got no %s", want)
		}
	}
	if got := len(lines); got > 6*limit {
		t.Errorf("samples: got %d, want no more than there are labels", got)
	}
	fresh := observe.NewMetrics()
	for _, ugly := range []string{"\xff", "\xfe", strings.Repeat("é", 500), strings.Repeat("é", 501), "\"\n"} {
		fresh.Observe(event(actors.EventSupervisorUp, ugly, ugly))
	}
	if got := len(samples(page(t, fresh))); got != 3 {
		t.Errorf("samples of names that are no labels: got %d, want 3 labels", got)
	}
}

// TestMetricsOfWhatIsDone: who only announces has nothing to say of a directory,
// and who only watches nothing of records.
func TestMetricsOfWhatIsDone(t *testing.T) {
	for kind, want := range map[actors.EventKind][2]bool{
		actors.EventAnnounceRetry: {false, true}, actors.EventSourceFailed: {true, false},
	} {
		m := observe.NewMetrics()
		m.Observe(actors.Event{Kind: kind, Service: "api", At: time.Now()})
		text := page(t, m)
		if got := [2]bool{strings.Contains(text, "firebreak_source_up{"), strings.Contains(text, "firebreak_lease_conflicts_total{")}; got != want {
			t.Errorf("metrics after %s: got a directory and records %v, want %v", kind, got, want)
		}
	}
}

// TestMetricsFollowConventions asks Prometheus' own linter.
func TestMetricsFollowConventions(t *testing.T) {
	m := observe.NewMetrics()
	m.Observe(event(actors.EventChildExited, "root", "root/a"))
	m.Observe(actors.Event{Kind: actors.EventKeyQuarantined, Service: "api"})
	m.Observe(actors.Event{Kind: actors.EventPublished, Service: "api"})
	problems, err := promlint.New(strings.NewReader(page(t, m))).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: got %v, %v, want nothing to say", problems, err)
	}
}

// unreliable is a registry that can be away.
type unreliable struct {
	*registrytest.Memory
	away atomic.Bool
}

func (u *unreliable) List(ctx context.Context, directory string) (registry.Listing, error) {
	if u.away.Load() {
		return registry.Listing{}, errors.New("no route to host")
	}
	return u.Memory.List(ctx, directory)
}

// TestMetricsOfARuntime runs a real one: a bad key, an own record, and a registry
// that goes away.
func TestMetricsOfARuntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := &unreliable{Memory: registrytest.NewMemory(registrytest.Config{})}
		m := observe.NewMetrics()
		runtime, err := actors.New(actors.Config{
			Source: backend, Writer: backend, Cursor: registry.CursorConfig{Resync: 10 * time.Second},
			Observe: observe.All(nil, func(actors.Event) { panic("a bad observer") }, m.Observe),
		})
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		own := registry.Instance{Service: "api", ID: "a", Host: "10.0.0.7", Port: 50051}
		if err := errors.Join(runtime.Watch("api"), runtime.Announce(own, time.Hour), runtime.Start(t.Context())); err != nil {
			t.Fatalf("Start: got %v, want no error", err)
		}
		gauges := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			var got []string
			for _, line := range samples(page(t, m)) {
				if !strings.Contains(line, "_total{") {
					got = append(got, line)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("gauges %s: got %q, want %q", when, got, want)
			}
		}
		up := []string{
			`supervisor_up{supervisor="root"} 1`, `supervisor_up{supervisor="root/announcers"} 1`,
			`supervisor_up{supervisor="root/service/api"} 1`, `supervisor_up{supervisor="root/service/api/entries"} 1`,
		}
		time.Sleep(2 * time.Second) // a directory is looked at before one's own record is written
		gauges("at first", slices.Concat([]string{`instances{service="api"} 1`, `records_announced{service="api"} 1`, `source_up{service="api"} 1`}, up)...)
		backend.Put("/services/api/bad", "", time.Hour)
		gauges("with a bad key", slices.Concat([]string{
			`instances{service="api"} 1`, `quarantined_keys{service="api"} 1`, `records_announced{service="api"} 1`, `source_up{service="api"} 1`,
		}, up)...)
		backend.away.Store(true)
		time.Sleep(60 * time.Second)
		synctest.Wait()
		var stale float64
		for _, line := range samples(page(t, m)) {
			_, _ = fmt.Sscanf(line, `source_stale_seconds{service="api"} %f`, &stale)
			if strings.HasPrefix(line, "source_up") {
				t.Errorf("while the registry is away: got %s, want 0", line)
			}
		}
		if stale < 47 || stale > 60 { // the last listing was due within 12 s
			t.Errorf("staleness: got %v s, want the time since the last answer", stale)
		}
		backend.away.Store(false)
		time.Sleep(10 * time.Second)
		gauges("when it is back", slices.Concat([]string{
			`instances{service="api"} 1`, `quarantined_keys{service="api"} 1`, `records_announced{service="api"} 1`, `source_up{service="api"} 1`,
		}, up)...)
		if err := runtime.Stop(context.Background()); err != nil {
			t.Errorf("Stop: got %v, want no error", err)
		}
		for _, line := range samples(page(t, m)) {
			if strings.HasPrefix(line, "supervisor_up") || strings.HasPrefix(line, "records_announced") {
				t.Errorf("after the end: got %s, want 0", line)
			}
		}
	})
}
