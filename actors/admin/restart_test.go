package admin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// TestRestartSafe: what a deploy gate branches on is the status of the answer.
func TestRestartSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := registrytest.NewMemory(registrytest.Config{})
		record, err := registry.Encode(registry.Instance{Service: "api", ID: "a", Host: "10.0.0.7", Port: 50051})
		if err != nil {
			t.Fatal(err)
		}
		backend.Put("/services/api/a", record, time.Hour)
		begin := func(cfg actors.RestartConfig) (*actors.Runtime, func(code int, safe bool, reasons int)) {
			runtime, err := actors.New(actors.Config{Source: backend, Restart: cfg})
			if err == nil {
				err = runtime.Watch("api")
			}
			if err == nil {
				err = runtime.Start(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			return runtime, func(code int, safe bool, reasons int) {
				t.Helper()
				got := httptest.NewRecorder()
				admin.Handler(runtime).ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin/restart-safe", nil))
				var status actors.RestartStatus
				if err := json.Unmarshal(got.Body.Bytes(), &status); err != nil || got.Code != code || status.Safe != safe || len(status.Reasons) != reasons {
					t.Errorf("answer: got %d %s (%v), want %d, safe %v and %d reasons", got.Code, got.Body, err, code, safe, reasons)
				}
			}
		}
		runtime, wants := begin(actors.RestartConfig{Every: 10 * time.Second})
		wants(http.StatusServiceUnavailable, false, 1) // not asked yet
		time.Sleep(13 * time.Second)
		wants(http.StatusOK, true, 0)
		backend.Put("/services/api/a", "", 0)
		time.Sleep(13 * time.Second)
		wants(http.StatusServiceUnavailable, false, 2)
		off, wants := begin(actors.RestartConfig{Off: true})
		wants(http.StatusNotFound, false, 0)
		for _, r := range []*actors.Runtime{runtime, off} {
			if err := r.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}
