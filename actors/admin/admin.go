package admin

import (
	"encoding/json"
	"net/http"

	"github.com/firebreak-go/firebreak/actors"
)

// eventBuffer is how many events a reader of /admin/events may fall behind
// before it misses some, which it can tell by the gap in "seq".
const eventBuffer = 4096

// Handler serves the pages of this package for one runtime.
func Handler(runtime *actors.Runtime) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/events", func(w http.ResponseWriter, r *http.Request) { events(w, r, runtime) })
	mux.HandleFunc("GET /admin/state", func(w http.ResponseWriter, _ *http.Request) { state(w, runtime) })
	return mux
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
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	// A reader that has gone away is the only way this fails, and it knows.
	_ = encoder.Encode(runtime.Status())
}
