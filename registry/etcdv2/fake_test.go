package etcdv2

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

const (
	testKey       = "/services/api/api-1"
	testDirectory = "/services/api/"
)

// reply is what a fake member says to every request.
type reply struct {
	status  int
	noIndex bool
	header  string // of the form "Name: value"
	body    string
}

// fakeMember answers every request alike and counts them.
type fakeMember struct {
	*httptest.Server
	requests atomic.Int32
}

func newFakeMember(t *testing.T, r reply) *fakeMember {
	t.Helper()
	m := &fakeMember{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		m.requests.Add(1)
		if !r.noIndex {
			w.Header().Set("X-Etcd-Index", "41")
		}
		w.Header().Set("X-Etcd-Cluster-Id", "5930ec8246e08795")
		if name, value, ok := strings.Cut(r.header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(r.status)
		_, _ = fmt.Fprint(w, r.body)
	}))
	t.Cleanup(m.Close)
	return m
}

func newRegistry(t *testing.T, cfg Config) *Registry {
	t.Helper()
	r, err := New(cfg)
	if err != nil {
		t.Fatalf("New: got error %v, want none", err)
	}
	t.Cleanup(r.Close)
	return r
}

// calls is every method, so that a row can hold for all of them.
func calls(r *Registry) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"list": func(ctx context.Context) error { _, err := r.List(ctx, testDirectory); return err },
		"next": func(ctx context.Context) error { _, err := r.Next(ctx, testDirectory, 7); return err },
		"get":  func(ctx context.Context) error { _, err := r.Get(ctx, testKey); return err },
		"create": func(ctx context.Context) error {
			_, err := r.Create(ctx, testKey, "v", time.Minute)
			return err
		},
		"refresh": func(ctx context.Context) error { _, err := r.Refresh(ctx, testKey, time.Minute); return err },
		"swap": func(ctx context.Context) error {
			_, err := r.Swap(ctx, testKey, "v", time.Minute, 7)
			return err
		},
		"delete": func(ctx context.Context) error { return r.Delete(ctx, testKey, 7) },
	}
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func sentinels() []error {
	return []error{
		registry.ErrNotFound, registry.ErrExists, registry.ErrConflict, registry.ErrHistoryLost, registry.ErrQuiet,
	}
}
