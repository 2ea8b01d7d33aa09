package admin

import (
	"net/http"
	"time"
)

// Guard serves a handler under the rules of the commands of this package: what a page of another site asks is refused,
// and whatever is neither GET nor HEAD is for those whom the configuration lets command. A body has to arrive within 5 s
// and may have 8 KiB; beyond that, reading it fails.
func (c Config) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if foreign(r) {
			fail(w, http.StatusForbidden, "admin: this was asked by a page of another site")
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if status, reason := c.allows(r); reason != "" {
				if status == http.StatusUnauthorized {
					w.Header().Set("WWW-Authenticate", "Bearer")
				}
				fail(w, status, "admin: "+reason)
				return
			}
			// A recorder in a test has no deadlines; every real connection has.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(commandReadLimit))
			r.Body = http.MaxBytesReader(w, r.Body, maxCommandBytes)
		}
		next.ServeHTTP(w, r)
	})
}
