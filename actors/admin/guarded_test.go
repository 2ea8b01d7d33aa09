package admin_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/actors/admin"
)

func TestGuardedPages(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	loopback, token := admin.Config{Loopback: true}, admin.Config{Token: "0123456789abcdef"}
	for _, row := range []struct {
		name   string
		cfg    admin.Config
		method string
		host   string
		header map[string]string
		body   string
		want   int
	}{
		{"reading", admin.Config{}, "GET", "node:1", nil, "", 200},
		{"reading for another site", loopback, "GET", "127.0.0.1:1", map[string]string{"Origin": "http://else"}, "", 403},
		{"a command on loopback", loopback, "POST", "127.0.0.1:1", nil, "{}", 200},
		{"of another site", loopback, "POST", "127.0.0.1:1", map[string]string{"Origin": "http://else"}, "{}", 403},
		{"of an unknown site", loopback, "POST", "127.0.0.1:1", map[string]string{"Sec-Fetch-Site": "cross-site"}, "{}", 403},
		{"by a name", loopback, "POST", "else.example:1", nil, "{}", 403},
		{"from elsewhere", admin.Config{}, "POST", "10.0.0.7:1", nil, "{}", 403},
		{"without the token", token, "POST", "10.0.0.7:1", nil, "{}", 401},
		{"with the token", token, "POST", "10.0.0.7:1", map[string]string{"Authorization": "Bearer 0123456789abcdef"}, "{}", 200},
		{"of no JSON", loopback, "POST", "127.0.0.1:1", map[string]string{"Content-Type": "text/plain"}, "{}", 415},
		{"too large", loopback, "POST", "127.0.0.1:1", nil, strings.Repeat("x", 8<<10+1), 413},
	} {
		t.Run(row.name, func(t *testing.T) {
			request := httptest.NewRequestWithContext(t.Context(), row.method, "http://"+row.host+"/admin/x", strings.NewReader(row.body))
			request.Header.Set("Content-Type", "application/json")
			for name, value := range row.header {
				request.Header.Set(name, value)
			}
			answer := httptest.NewRecorder()
			admin.Guarded(row.cfg, page).ServeHTTP(answer, request)
			if answer.Code != row.want {
				t.Errorf("got %d %s, want %d", answer.Code, answer.Body, row.want)
			}
		})
	}
}
