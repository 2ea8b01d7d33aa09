package rest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

const seed = 3

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// background runs serve until the test ends.
func background(t *testing.T, serve func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
}

// realStore runs a store of five users until the test ends.
func realStore(t *testing.T) wire.StoreClient {
	t.Helper()
	listener := listen(t)
	s, err := store.New(store.Config{Listener: listener, DataDir: t.TempDir(), Users: 5, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	background(t, s.Serve)
	conn, err := wire.Dial(listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return wire.NewStoreClient(conn)
}

// world is a server over a real store, and what it told.
type world struct {
	t      *testing.T
	server *Server
	mu     sync.Mutex
	told   []*wire.Event
	joined [][]uint64 // with each
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	s, err := New(Config{Store: realStore(t), Gateways: func() []string { return []string{"ws://a", "ws://b"} }, CallTimeout: 20 * time.Second, Told: w.tell})
	if err != nil {
		t.Fatal(err)
	}
	w.server = s
	return w
}

func (w *world) tell(_ context.Context, e *wire.Event, joined []uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told, w.joined = append(w.told, e), append(w.joined, joined)
}

// do makes a request as the user of a number, or as nobody below zero, and
// returns what it was answered. Limits begin anew with each.
func (w *world) do(user int, method, path, body string) (*httptest.ResponseRecorder, map[string]any) {
	w.t.Helper()
	w.server.limits = newLimits()
	return request(w.t, w.server, user, method, path, body)
}

func request(t *testing.T, h http.Handler, user int, method, path, body string) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if user >= 0 {
		r.Header.Set("Authorization", "Bot "+store.Token(seed, user))
	}
	answered := httptest.NewRecorder()
	h.ServeHTTP(answered, r)
	var object map[string]any
	if text := answered.Body.Bytes(); bytes.HasPrefix(text, []byte("{")) {
		if err := json.Unmarshal(text, &object); err != nil {
			t.Fatalf("%s %s: %q is no JSON: %v", method, path, text, err)
		}
	}
	return answered, object
}

// must makes a request that has to succeed.
func (w *world) must(user int, method, path, body string) map[string]any {
	w.t.Helper()
	answered, object := w.do(user, method, path, body)
	if answered.Code/100 != 2 {
		w.t.Fatalf("%s %s: got %d %s, want it to succeed", method, path, answered.Code, answered.Body)
	}
	return object
}

// list makes a request that is answered by a list.
func (w *world) list(user int, path string) []map[string]any {
	w.t.Helper()
	answered, _ := w.do(user, "GET", path, "")
	var list []map[string]any
	if err := json.Unmarshal(answered.Body.Bytes(), &list); err != nil || answered.Code != http.StatusOK {
		w.t.Fatalf("GET %s: got %d %s, want a list", path, answered.Code, answered.Body)
	}
	return list
}

// harbor is a guild of users 0 and 1, with one channel and one message of user 0.
func (w *world) harbor() (guild, channel, message string) {
	w.t.Helper()
	guild = text(w.must(0, "POST", "/api/v10/guilds", `{"name":"harbor"}`)["id"])
	channel = text(w.list(0, "/api/v10/guilds/"+guild+"/channels")[0]["id"])
	me := text(w.must(1, "GET", "/api/v10/users/@me", "")["id"])
	w.must(0, "PUT", "/api/v10/guilds/"+guild+"/members/"+me, `{"access_token":"x"}`)
	message = text(w.must(0, "POST", "/api/v10/channels/"+channel+"/messages", `{"content":"ahoy"}`)["id"])
	return guild, channel, message
}

// text is a member of an object that should be text.
func text(v any) string {
	s, _ := v.(string)
	return s
}
