package admin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// steered is a runtime that knows the instance a.
func steered(t *testing.T) *actors.Runtime {
	t.Helper()
	backend := registrytest.NewMemory(registrytest.Config{})
	record, err := registry.Encode(registry.Instance{Service: "api", ID: "a", Host: "10.0.0.7", Port: 50051})
	if err != nil {
		t.Fatal(err)
	}
	backend.Put("/services/api/a", record, time.Hour)
	runtime, err := actors.New(actors.Config{Source: backend})
	if err != nil {
		t.Fatal(err)
	}
	if err := runtime.Watch("api"); err != nil {
		t.Fatal(err)
	}
	if err := runtime.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = runtime.Stop(t.Context()) })
	if err := runtime.WaitReady(t.Context(), "api", 1); err != nil {
		t.Fatal(err)
	}
	return runtime
}

const banA = `{"service":"api","key":"a","reason":"test"}`

func TestCommandsAreRefused(t *testing.T) {
	runtime := steered(t)
	local, token := admin.Config{Loopback: true}, admin.Config{Token: "secret"}
	type lines = map[string]string
	for _, row := range []struct {
		name, path, body, host string
		cfg                    admin.Config
		header                 lines
		status                 int
		want                   string
	}{
		{"zero config", "ban", banA, "", admin.Config{}, nil, 403, "has no token"},
		{"no token", "ban", banA, "", token, nil, 401, "needs the token"},
		{"wrong token", "ban", banA, "", token, lines{"Authorization": "Bearer secrets"}, 401, "needs the token"},
		{"foreign origin", "ban", banA, "", local, lines{"Origin": "http://evil.example"}, 403, "another site"},
		{"foreign origin with token", "ban", banA, "", token, lines{"Origin": "null", "Authorization": "Bearer secret"}, 403, "another site"},
		{"cross-site", "ban", banA, "", local, lines{"Sec-Fetch-Site": "cross-site"}, 403, "another site"},
		{"rebound name", "ban", banA, "evil.example:80", local, nil, 403, "loopback address"},
		{"form", "ban", banA, "", local, lines{"Content-Type": "text/plain"}, 415, "application/json"},
		{"no JSON", "ban", "{", "", local, nil, 400, "no command"},
		{"unknown member", "ban", `{"service":"api","kay":"a"}`, "", local, nil, 400, "no command"},
		{"too long", "ban", `{"reason":"` + strings.Repeat("x", 9000) + `"}`, "", local, nil, 413, "at most 8192"},
		{"unknown command", "purge", banA, "", local, nil, 404, "no command"},
		{"unknown service", "ban", `{"service":"x","key":"a"}`, "", local, nil, 404, "not watched"},
		{"refused", "unban", banA, "", local, nil, 409, "is not banned"},
		{"hostile key", "ban", `{"service":"api","key":"a/\n../b"}`, "", local, nil, 409, `\n`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := command(t, runtime, row.cfg, row.host, row.path, row.body, row.header)
			if got.Code != row.status || !strings.Contains(got.Body.String(), row.want) {
				t.Errorf("got %d %s, want %d with %q", got.Code, got.Body, row.status, row.want)
			}
			if runtime.Snapshot("api").Len() != 1 || len(runtime.Snapshot("api").Orders) != 0 {
				t.Errorf("snapshot: got it changed, want it untouched")
			}
		})
	}
}

func command(t *testing.T, runtime *actors.Runtime, cfg admin.Config, host, name, body string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/admin/command/"+name, strings.NewReader(body))
	r.Host = "127.0.0.1:9100"
	if host != "" {
		r.Host = host
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	admin.HandlerWith(runtime, cfg).ServeHTTP(w, r)
	return w
}

func TestCommandsAreCarriedOut(t *testing.T) {
	runtime := steered(t)
	local := admin.Config{Loopback: true}
	for _, name := range []string{"ban", "unban", "pin", "unpin", "quarantine", "release", "hold", "thaw", "accept"} {
		if got := command(t, runtime, local, "", name, banA, nil); got.Code != http.StatusOK {
			t.Errorf("%s: got %d %s, want 200", name, got.Code, got.Body)
		}
	}
	with := admin.Config{Token: "secret"}
	if got := command(t, runtime, with, "other.example", "ban", banA, map[string]string{"Authorization": "Bearer secret"}); got.Code != http.StatusOK {
		t.Errorf("with the token: got %d %s, want 200", got.Code, got.Body)
	}
	for path, want := range map[string]string{
		"/admin/why?service=api&key=a":    `"picked":`,
		"/admin/export?service=api&key=a": `"sha256":`,
	} {
		w := httptest.NewRecorder()
		admin.Handler(runtime).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %d %s, want 200 with %s", path, w.Code, w.Body, want)
		}
	}
}
