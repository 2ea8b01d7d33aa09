package etcdv2

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	client "go.etcd.io/etcd/client/v2"
)

// Why nothing here uses the client's own watcher: one strange answer ends the
// process, and another one is asked for without end. Ours takes each for an error.
func TestTheClientsOwnWatcher(t *testing.T) {
	for _, row := range []struct {
		name, body string
		panics     bool
		requests   int
	}{
		{"an empty object panics", `{}`, true, 1},
		{"an answer without a node panics", `{"action":"set"}`, true, 1},
		{"an empty page is asked for again at once", "", false, 100},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			requests := 0
			answers := roundTrip(func(*http.Request) (*http.Response, error) {
				if requests++; requests == 100 {
					cancel()
				}
				return &http.Response{
					Status: "200 OK", StatusCode: http.StatusOK, Header: http.Header{"X-Etcd-Index": {"41"}},
					Body: io.NopCloser(strings.NewReader(row.body)),
				}, nil
			})
			if got := clientsNext(ctx, t, answers); got != row.panics || requests != row.requests {
				t.Errorf("client's watcher: got a panic %t after %d requests, want %t after %d", got, requests, row.panics, row.requests)
			}
			requests = 0
			r := newRegistry(t, Config{Endpoints: []string{"http://etcd:2379"}, Transport: answers})
			if _, err := r.Next(t.Context(), testDirectory, 7); err == nil || requests != 1 {
				t.Errorf("our watch: got error %v after %d requests, want one after 1", err, requests)
			}
		})
	}
}

// clientsNext waits for a change as the client does it, and says whether that panicked.
func clientsNext(ctx context.Context, t *testing.T, carrier http.RoundTripper) (panicked bool) {
	t.Helper()
	c, err := client.New(client.Config{Endpoints: []string{"http://etcd:2379"}, Transport: transport{next: carrier, limit: 4096}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { panicked = recover() != nil }()
	_, _ = client.NewKeysAPI(c).Watcher(testDirectory, nil).Next(ctx)
	return false
}
