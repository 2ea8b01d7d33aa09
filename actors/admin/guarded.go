package admin

import (
	"net/http"
	"strings"
	"time"
)

// Guarded gives a page of somebody else's the rules of this package's commands:
// what a page of another site asks is refused, and whatever is no GET needs the
// right to command, a body in JSON of at most 8 KiB, and arrives within 5 s.
func Guarded(cfg Config, page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if foreign(r) {
			fail(w, http.StatusForbidden, "admin: this was asked by a page of another site")
			return
		}
		if r.Method == http.MethodGet {
			page.ServeHTTP(w, r)
			return
		}
		if status, reason := cfg.allows(r); reason != "" {
			if status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			fail(w, status, "admin: "+reason)
			return
		}
		if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
			fail(w, http.StatusUnsupportedMediaType, "admin: a command is application/json")
			return
		}
		// A recorder in a test has no deadlines; every real connection has.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(commandReadLimit))
		r.Body = http.MaxBytesReader(w, r.Body, maxCommandBytes)
		page.ServeHTTP(w, r)
	})
}
