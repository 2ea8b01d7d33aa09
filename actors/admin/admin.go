package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

// eventBuffer is how many events a reader of /admin/events may fall behind
// before it misses some, which it can tell by the gap in "seq".
const eventBuffer = 4096

// Limits of reading a tree, which takes a turn of every supervisor.
const (
	// treeLimit bounds one reading.
	treeLimit = 5 * time.Second
	// treeReaders is how many readings are under way at most; more wait.
	treeReaders = 1
)

// Handler serves the pages of this package that only read, for one runtime.
func Handler(runtime *actors.Runtime) http.Handler { return HandlerWith(runtime, Config{}) }

// HandlerWith serves all pages of this package, commands to those whom the
// configuration lets command. It refuses what a page of another site asks.
func HandlerWith(runtime *actors.Runtime, cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/events", func(w http.ResponseWriter, r *http.Request) { events(w, r, runtime) })
	mux.HandleFunc("GET /admin/state", func(w http.ResponseWriter, _ *http.Request) { state(w, runtime) })
	readers := make(chan struct{}, treeReaders)
	mux.HandleFunc("GET /admin/tree", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), treeLimit)
		defer cancel()
		tree(ctx, w, runtime, readers)
	})
	mux.HandleFunc("GET /admin/restart-safe", func(w http.ResponseWriter, _ *http.Request) { restartSafe(w, runtime) })
	(&steering{runtime: runtime, cfg: cfg, exports: make(chan struct{}, exportReaders)}).register(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if foreign(r) {
			fail(w, http.StatusForbidden, "admin: this was asked by a page of another site")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// events streams until the reader leaves or the runtime has ended and
// everything is delivered.
func events(w http.ResponseWriter, r *http.Request, runtime *actors.Runtime) {
	stream, end := runtime.Subscribe(eventBuffer)
	defer end()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	flusher := http.NewResponseController(w)
	encoder := json.NewEncoder(w)
	if flusher.Flush() != nil {
		return
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case event, open := <-stream:
			if !open || encoder.Encode(event) != nil {
				return
			}
			if len(stream) == 0 && flusher.Flush() != nil {
				return
			}
		}
	}
}

func state(w http.ResponseWriter, runtime *actors.Runtime) {
	answer(w, http.StatusOK, runtime.Status())
}

// restartSafe answers a pre-stop hook or a deploy gate.
func restartSafe(w http.ResponseWriter, runtime *actors.Runtime) {
	status, asked := runtime.RestartSafety()
	switch {
	case !asked:
		fail(w, http.StatusNotFound, "admin: restart safety is switched off, or nothing is watched")
	case status.Safe:
		answer(w, http.StatusOK, status)
	default:
		answer(w, http.StatusServiceUnavailable, status)
	}
}

// tree waits until it is this reader's turn. A tree that is not there, or that
// does not answer, is a 503 with the reason.
func tree(ctx context.Context, w http.ResponseWriter, runtime *actors.Runtime, readers chan struct{}) {
	var node actors.Node
	var err error
	select {
	case readers <- struct{}{}:
		node, err = runtime.Tree(ctx)
		<-readers
	case <-ctx.Done():
		err = ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("admin: the tree has not answered within %v", treeLimit)
	}
	if err != nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, node)
}

// answer writes one document, indented for people.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	// A reader that has gone away is the only way this fails, and it knows.
	_ = encoder.Encode(v)
}
