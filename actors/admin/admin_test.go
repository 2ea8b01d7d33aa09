package admin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// TestEventsThenState follows a runtime from its first listing over a poisoned
// key to its end, as a program on the other side of HTTP sees it.
func TestEventsThenState(t *testing.T) {
	backend := registrytest.NewMemory(registrytest.Config{})
	record, err := registry.Encode(registry.Instance{Service: "api", ID: "a", Host: "10.0.0.7", Port: 50051})
	if err != nil {
		t.Fatalf("Encode: got %v, want no error", err)
	}
	backend.Put("/services/api/a", record, time.Hour)
	runtime, err := actors.New(actors.Config{Source: backend})
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	if err := runtime.Watch("api"); err != nil {
		t.Fatalf("Watch: got %v, want no error", err)
	}
	server := httptest.NewServer(admin.Handler(runtime))
	defer server.Close()
	if err := runtime.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}

	response := get(t, server.URL+"/admin/events")
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	until(t, lines, actors.EventSourceSynced)
	backend.Put("/services/api/a", "", 0)
	if e := until(t, lines, actors.EventKeyQuarantined); e.Key != "/services/api/a" || e.Class != "empty" {
		t.Errorf("event: got %+v, want the key a of class empty", e)
	}
	if e := until(t, lines, actors.EventPublished); e.Instances != 1 || e.Quarantined != 1 {
		t.Errorf("event: got %+v, want one instance and one quarantined", e)
	}

	var status actors.Status
	state := get(t, server.URL+"/admin/state")
	defer state.Body.Close()
	if err := json.NewDecoder(state.Body).Decode(&status); err != nil {
		t.Fatalf("state: got %v, want JSON", err)
	}
	if s := status.Services[0]; s.Source != "live" || s.Instances != 1 || s.Rows[0].Status != "quarantined_cached" || !s.Quarantined[0].Serving {
		t.Errorf("state: got %+v, want a live source that serves the last good value", s)
	}

	if err := runtime.Stop(context.Background()); err != nil {
		t.Fatalf("Stop: got %v, want no error", err)
	}
	for lines.Scan() { // everything is delivered, then the stream ends
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream after Stop: got %v, want a clean end", err)
	}
}

// TestTree reads the tree of a runtime that is not there yet, runs, and is gone.
func TestTree(t *testing.T) {
	runtime, err := actors.New(actors.Config{Source: registrytest.NewMemory(registrytest.Config{})})
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	if err := runtime.Watch("api"); err != nil {
		t.Fatalf("Watch: got %v, want no error", err)
	}
	server := httptest.NewServer(admin.Handler(runtime))
	defer server.Close()
	expectNone := func(when string) {
		t.Helper()
		response := get(t, server.URL+"/admin/tree")
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "not running") {
			t.Errorf("tree %s: got %d %s, want 503 and that it is not running", when, response.StatusCode, body)
		}
	}
	expectNone("before Start")
	if err := errors.Join(runtime.Start(t.Context()), runtime.WaitReady(t.Context(), "api", 0)); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	response := get(t, server.URL+"/admin/tree")
	defer response.Body.Close()
	var root actors.Node
	if err := json.NewDecoder(response.Body).Decode(&root); err != nil {
		t.Fatalf("tree: got %v, want JSON", err)
	}
	if api := root.Supervisor.Children[0]; root.Path != "root" || api.Path != "root/service/api" || len(api.Supervisor.Children) != 3 ||
		api.Supervisor.Children[2].Supervisor == nil || len(api.Supervisor.Decisions) == 0 || api.Supervisor.Allowed != 5 {
		t.Errorf("tree: got %+v, want a root over service/api over reader, watcher and entries", root)
	}
	if err := runtime.Stop(context.Background()); err != nil {
		t.Fatalf("Stop: got %v, want no error", err)
	}
	expectNone("after Stop")
}

// TestTreeThatDoesNotAnswer: a reader waits no longer than it is told, and keeps
// no other from reading later.
func TestTreeThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		released := make(chan struct{})
		runtime, err := actors.New(actors.Config{Observe: func(e actors.Event) {
			if e.Kind == actors.EventSupervisorUp {
				<-released // which holds up the root
			}
		}})
		if err != nil {
			t.Fatalf("New: got %v, want no error", err)
		}
		started := make(chan error, 1)
		go func() { started <- runtime.Start(context.Background()) }()
		synctest.Wait()
		handler := admin.Handler(runtime)
		ask := func() *httptest.ResponseRecorder {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/admin/tree", nil))
			return answer
		}
		if answer := ask(); answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "within 5s") {
			t.Errorf("tree: got %d %s, want 503 and how long it took", answer.Code, answer.Body)
		}
		close(released)
		if answer := ask(); answer.Code != http.StatusOK {
			t.Errorf("tree afterwards: got %d %s, want 200", answer.Code, answer.Body)
		}
		if err := errors.Join(<-started, runtime.Stop(context.Background())); err != nil {
			t.Errorf("Start and Stop: got %v, want no error", err)
		}
	})
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatalf("request: got %v, want no error", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("GET %s: got %v, want an answer", url, err)
	}
	return response
}

// until reads events up to the first of a kind.
func until(t *testing.T, lines *bufio.Scanner, kind actors.EventKind) actors.Event {
	t.Helper()
	var last uint64
	for lines.Scan() {
		var e actors.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("event line %q: got %v, want JSON", lines.Text(), err)
		}
		if last != 0 && e.Seq != last+1 {
			t.Fatalf("seq: got %d after %d, want no gap", e.Seq, last)
		}
		last = e.Seq
		if e.Kind == kind {
			return e
		}
	}
	t.Fatalf("stream: ended without %s", kind)
	return actors.Event{}
}
