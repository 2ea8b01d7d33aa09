package cli

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/actors"
)

// ask returns the status and body of an admin endpoint.
func ask(t *testing.T, a *admin, path string) (int, string) {
	t.Helper()
	reply, err := http.Get("http://" + a.listener.Addr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, strings.TrimSpace(string(body))
}

func TestAdminSaysWhetherTheRoleIsReady(t *testing.T) {
	a, err := role{Admin: "127.0.0.1:0"}.openAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var reason atomic.Pointer[error]
	away := errors.New(`the "store" is away`)
	reason.Store(&away)
	a.serve(&session{log: zerolog.Nop()}, func() error {
		if e := reason.Load(); e != nil {
			return *e
		}
		return nil
	})
	defer a.stop(t.Context())

	if status, body := ask(t, a, "/healthz"); status != http.StatusOK || body != "ok" {
		t.Errorf("/healthz: got %d %q, want 200 ok", status, body)
	}
	if status, body := ask(t, a, "/admin/ready"); status != http.StatusServiceUnavailable || body != `{"ready":false,"reason":"the \"store\" is away"}` {
		t.Errorf("/admin/ready while waiting: got %d %s, want 503 and the reason", status, body)
	}
	reason.Store(nil)
	if status, body := ask(t, a, "/admin/ready"); status != http.StatusOK || body != `{"ready":true}` {
		t.Errorf("/admin/ready: got %d %s, want 200", status, body)
	}
}

// TestAdminServesMetrics: the process's own, and those of the role's runtime once
// it has one.
func TestAdminServesMetrics(t *testing.T) {
	a, err := role{Admin: "127.0.0.1:0"}.openAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	observer := a.observer(zerolog.Nop())
	runtime, err := actors.New(actors.Config{Observe: observer})
	if err != nil {
		t.Fatal(err)
	}
	a.follow(runtime)
	a.serve(&session{log: zerolog.Nop()}, func() error { return nil })
	defer a.stop(t.Context())
	observer(actors.Event{Kind: actors.EventSupervisorUp, Supervisor: "root", Child: "root"})
	status, body := ask(t, a, "/admin/metrics")
	for _, want := range []string{"go_goroutines ", `firebreak_supervisor_up{supervisor="root"} 1`, "firebreak_calls_stuck 0"} {
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("/admin/metrics: got %d %s, want 200 with %s", status, body, want)
		}
	}
}

func TestAdminStopCutsWhatDoesNotEnd(t *testing.T) {
	a, err := role{Admin: "127.0.0.1:0"}.openAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{})
	a.mux.HandleFunc("GET /forever", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		close(began)
		<-r.Context().Done()
	})
	a.serve(&session{log: zerolog.Nop()}, func() error { return nil })
	reply, err := http.Get("http://" + a.listener.Addr().String() + "/forever")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	<-began
	a.stop(t.Context())
	if _, err := io.ReadAll(reply.Body); err == nil {
		t.Error("a stream that never ends: got a clean end, want it cut")
	}
}
