package etcdtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/registry/etcdv2/etcdtest"
)

const key = etcdtest.Endpoint + "/v2/keys/a"

// answer is what the tests here read of etcd's JSON.
type answer struct {
	Action string
	Node   struct {
		Value         string
		TTL           int
		ModifiedIndex uint64
	}
	ErrorCode int
}

func ask(t *testing.T, s http.RoundTripper, method, target, contentType, content string) (int, answer) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := s.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var a answer
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(body, &a); err != nil || resp.Header.Get("X-Etcd-Cluster-Id") == "" {
			t.Fatalf("answer: got %q and error %v, want JSON with a cluster ID", body, err)
		}
	}
	return resp.StatusCode, a
}

// The one mistake of the API that matters most must be the real one: a form
// without its type is a write of nothing.
func TestForms(t *testing.T) {
	const form, content = "application/x-www-form-urlencoded", "value=v&ttl=60"
	for _, row := range []struct {
		name, method, path, contentType, content string
		status                                   int
		want                                     string
	}{
		{"form", http.MethodPut, "/v2/keys/a", form, content, http.StatusCreated, "v"},
		{"form without its type", http.MethodPut, "/v2/keys/a", "", content, http.StatusCreated, ""},
		{"query", http.MethodPut, "/v2/keys/a?value=q", "", "", http.StatusCreated, "q"},
		{"unknown key", http.MethodGet, "/v2/keys/b", "", "", http.StatusNotFound, ""},
		{"another API", http.MethodGet, "/v2/members", "", "", http.StatusNotFound, ""},
		{"another path", http.MethodGet, "/v2/keysmith", "", "", http.StatusNotFound, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, a := ask(t, etcdtest.New(), row.method, etcdtest.Endpoint+row.path, row.contentType, row.content)
			if status != row.status || a.Node.Value != row.want {
				t.Errorf("answer: got %d with %+v, want %d with %q", status, a, row.status, row.want)
			}
		})
	}
}

func TestExpiryInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := etcdtest.New()
		_, put := ask(t, s, http.MethodPut, key+"?value=v&ttl=3600", "", "")
		if put.Node.ModifiedIndex <= 1 || put.Node.TTL != 3600 {
			t.Errorf("put: got %+v, want an hour at an index that a started etcd has", put)
		}
		start := time.Now()
		_, a := ask(t, s, http.MethodGet, key+"?wait=true", "", "")
		if late := time.Since(start) - time.Hour; a.Action != "expire" || late < 0 || late > etcdtest.SweepInterval {
			t.Errorf("watch: got %q %v after the hour, want the expiry within %v", a.Action, late, etcdtest.SweepInterval)
		}

		ask(t, s, http.MethodPut, key+"?value=v&ttl=1", "", "")
		time.Sleep(time.Second)
		if status, a := ask(t, s, http.MethodGet, key, "", ""); status != http.StatusNotFound || a.ErrorCode != 100 {
			t.Errorf("get of what is due: got %d with %+v, want 404 with code 100", status, a)
		}
	})
}

// A bubble ends only when no goroutine is left: these are the ways to leave.
func TestLeavingAWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := etcdtest.New()
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, key+"?wait=true", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		closed, err := s.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = closed.Body.Close()
		left, err := s.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := io.ReadAll(left.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("read after the cancel: got error %v, want %v", err, context.Canceled)
		}
		_ = left.Body.Close()
		if _, err := s.RoundTrip(req); !errors.Is(err, context.Canceled) {
			t.Errorf("request with an ended context: got error %v, want %v", err, context.Canceled)
		}
	})
}

func TestBehindASocket(t *testing.T) {
	server := httptest.NewServer(etcdtest.New())
	defer server.Close()
	if status, a := ask(t, http.DefaultTransport, http.MethodPut, server.URL+"/v2/keys/a?value=v", "", ""); status != http.StatusCreated || a.Node.Value != "v" {
		t.Errorf("put: got %d with %+v, want 201 with v", status, a)
	}
}
