package etcd

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

const (
	keysPath     = "/v2/keys"
	maxLoggedKey = 256
)

// keys is the handler that etcd's mux is given for the v2 keys API before the
// server exists; bind hands it the real one.
type keys struct {
	log   zerolog.Logger
	inner atomic.Pointer[http.Handler]
}

// bind puts the mode's piece in front of etcd's handler and opens for requests.
func (k *keys) bind(mode Mode, etcd http.Handler) {
	h := etcd
	switch mode {
	case ModePlain:
	case ModeIncident:
		h = incident(etcd)
	case ModeGuard:
		h = guard(etcd)
	}
	k.inner.Store(&h)
}

// until serves requests and lets go of those under way when stopping ends.
func (k *keys) until(stopping context.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { k.serve(stopping, w, r) })
}

func (k *keys) serve(stopping context.Context, w http.ResponseWriter, r *http.Request) {
	h := k.inner.Load()
	if h == nil {
		http.Error(w, "etcd is starting", http.StatusServiceUnavailable)
		return
	}
	// When the member stops, whoever is still read from or waited for is let go:
	// the deadline wakes the connection's reader, and with it etcd's long poll.
	control := http.NewResponseController(w)
	release := context.AfterFunc(stopping, func() { _ = control.SetReadDeadline(time.Unix(1, 0)) })
	defer release()

	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		(*h).ServeHTTP(w, r)
		if stopping.Err() != nil && r.URL.Query().Get("wait") == "true" {
			// A watcher must see a broken connection, as when a process dies, and
			// not a well-formed answer without an event.
			panic(http.ErrAbortHandler)
		}
		return
	}
	seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	(*h).ServeHTTP(seen, r)
	key := strings.TrimPrefix(r.URL.Path, keysPath)
	k.log.Debug().Str("method", r.Method).Str("key", key[:min(len(key), maxLoggedKey)]).
		Int("status", seen.status).Msg("v2 write")
}

// incident is the fault of 2020 in one line: FormValue parses the form and drops
// the error, so that etcd, which would have refused it, finds a form already
// parsed and empty.
func incident(etcd http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.FormValue("trace")
		etcd.ServeHTTP(w, r)
	})
}

// statusWriter remembers the status of an answer. Writes do not stream, so that
// nothing else of the connection is needed.
type statusWriter struct {
	http.ResponseWriter

	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
