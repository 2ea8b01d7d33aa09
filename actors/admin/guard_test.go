package admin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	rows := []struct {
		name    string
		cfg     Config
		method  string
		headers string // name: value, by ;
		body    string
		want    int
	}{
		{"read by anybody", Config{}, "GET", "", "", 200},
		{"read by a foreign page", Config{Loopback: true}, "GET", "Origin: https://elsewhere.test", "", 403},
		{"command on loopback", Config{Loopback: true}, "POST", "", "x", 200},
		{"command by a foreign page", Config{Loopback: true}, "POST", "Origin: https://elsewhere.test", "x", 403},
		{"command by a page that hides", Config{Loopback: true}, "POST", "Sec-Fetch-Site: cross-site", "x", 403},
		{"command off loopback", Config{}, "POST", "", "x", 403},
		{"command without the token", Config{Loopback: true, Token: "t"}, "POST", "", "x", 401},
		{"command with the token", Config{Token: "t"}, "POST", "Authorization: Bearer t", "x", 200},
		{"command too long", Config{Loopback: true}, "POST", "", strings.Repeat("x", maxCommandBytes+1), 413},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			guarded := row.cfg.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.ReadAll(r.Body); err != nil {
					w.WriteHeader(http.StatusRequestEntityTooLarge)
				}
			}))
			r := httptest.NewRequest(row.method, "http://127.0.0.1/admin/x", strings.NewReader(row.body))
			if name, value, found := strings.Cut(row.headers, ": "); found {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			guarded.ServeHTTP(w, r)
			if w.Code != row.want {
				t.Errorf("status: got %d %s, want %d", w.Code, w.Body, row.want)
			}
		})
	}
}
