package actors_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/etcdv2"
	"github.com/firebreak-go/firebreak/registry/etcdv2/etcdtest"
)

// gate stands between a runtime and an etcd: it answers in etcd's place while it is
// told to, and counts what is asked.
type gate struct {
	mu      sync.Mutex
	etcd    *etcdtest.Server
	instead instead
	open    map[*http.Request]context.CancelFunc
	counted counted
}

// instead answers in etcd's place; nothing and no error leaves it to etcd.
type instead func(*http.Request) (*http.Response, error)

// counted are requests, listings among them, listings under way, and the most of
// them that ever were.
type counted struct{ requests, listings, listing, most int }

func newGate() *gate {
	return &gate{etcd: etcdtest.New(), open: make(map[*http.Request]context.CancelFunc)}
}

func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	leave := g.enter(req, cancel)
	resp, err := g.answer(req.WithContext(ctx))
	if err != nil {
		leave()
		return nil, err
	}
	resp.Body = leaving{resp.Body, leave}
	return resp, nil
}

func (g *gate) enter(req *http.Request, cancel context.CancelFunc) (leave func()) {
	listing := 0
	if !waits(req) && req.URL.Path == "/v2/keys/services/api" {
		listing = 1
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open[req] = cancel
	g.counted.requests++
	g.counted.listings += listing
	g.counted.listing += listing
	g.counted.most = max(g.counted.most, g.counted.listing)
	return sync.OnceFunc(func() {
		cancel()
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.open, req)
		g.counted.listing -= listing
	})
}

func (g *gate) answer(req *http.Request) (*http.Response, error) {
	g.mu.Lock()
	etcd, other := g.etcd, g.instead
	g.mu.Unlock()
	if other != nil {
		if resp, err := other(req); resp != nil || err != nil {
			return resp, err
		}
	}
	return etcd.RoundTrip(req)
}

// answerBy lets something else answer from now on; nil is etcd again.
func (g *gate) answerBy(other instead) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.instead = other
}

// cut breaks everything that is under way.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, cancel := range g.open {
		cancel()
	}
}

// loseData puts an etcd in its place that knows nothing.
func (g *gate) loseData() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.etcd = etcdtest.New()
}

func (g *gate) count() counted {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.counted
}

// ask sends etcd a request of somebody else's, past the gate.
func (g *gate) ask(t *testing.T, method, path string, query url.Values) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, etcdtest.Endpoint+"/v2/keys"+path+"?"+query.Encode(), http.NoBody)
	if err != nil {
		t.Fatalf("request: got %v, want no error", err)
	}
	g.mu.Lock()
	etcd := g.etcd
	g.mu.Unlock()
	resp, err := etcd.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s of %s: got %v, want an answer", method, path, err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s of %s: got %s %s, want success", method, path, resp.Status, body)
	}
}

func (g *gate) put(t *testing.T, id string, port int) {
	t.Helper()
	value, err := registry.Encode(registry.Instance{Version: 1, Service: service, ID: id, Host: "10.0.0.7", Port: port})
	if err != nil {
		t.Fatalf("Encode: got %v, want no error", err)
	}
	g.ask(t, http.MethodPut, key(id), url.Values{"value": {value}})
}

// renew spends so many places of etcd's history on renewals of a foreign key.
func (g *gate) renew(t *testing.T, times int) {
	t.Helper()
	g.ask(t, http.MethodPut, "/foreign", url.Values{"value": {"x"}, "ttl": {"3600"}})
	for range times {
		g.ask(t, http.MethodPut, "/foreign", url.Values{"refresh": {"true"}, "prevExist": {"true"}, "ttl": {"3600"}})
	}
}

// follow starts a runtime on the etcd behind the gate, with a and b in it.
func (g *gate) follow(t *testing.T, cfg etcdv2.Config) *cell {
	t.Helper()
	g.put(t, "a", 50051)
	g.put(t, "b", 50051)
	cfg.Transport = g
	if len(cfg.Endpoints) == 0 {
		cfg.Endpoints = []string{etcdtest.Endpoint}
	}
	source, err := etcdv2.New(cfg)
	if err != nil {
		t.Fatalf("etcdv2.New: got %v, want no error", err)
	}
	// What a rehearsal asks for would be counted with what the reader does.
	c := startWith(t, actors.Config{Source: source, Prober: &pulse{}, Seed: 1, Restart: actors.RestartConfig{Off: true}})
	c.expect(t, "at first", "a:50051 b:50051")
	return c
}

// leaving tells when an answer's body is closed.
type leaving struct {
	io.ReadCloser

	leave func()
}

func (l leaving) Close() error {
	defer l.leave()
	return l.ReadCloser.Close()
}

func waits(req *http.Request) bool { return req.URL.Query().Has("wait") }

// page answers everything alike.
func page(status int, text string) instead {
	return func(*http.Request) (*http.Response, error) {
		answer := httptest.NewRecorder()
		answer.Header().Set("X-Etcd-Index", "41")
		answer.WriteHeader(status)
		_, _ = fmt.Fprint(answer, text)
		return answer.Result(), nil
	}
}

// broken answers with an error of the connection.
func broken(err error) instead {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// silence answers nothing.
func silence(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// late answers when so much time has passed.
func late(after time.Duration, other instead) instead {
	return func(req *http.Request) (*http.Response, error) {
		select {
		case <-time.After(after):
			return other(req)
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
}

// drip answers at once, and never ends.
func drip(*http.Request) (*http.Response, error) {
	resp, _ := page(http.StatusOK, "")(nil)
	resp.Body = &spaces{closed: make(chan struct{})}
	return resp, nil
}

// spaces are one a second, until they are closed.
type spaces struct {
	closed chan struct{}
	once   sync.Once
}

func (s *spaces) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		return copy(p, " "), nil
	case <-s.closed:
		return 0, io.ErrClosedPipe
	}
}

func (s *spaces) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// only lets the other answer either the watches or what is no watch.
func only(watches bool, other instead) instead {
	return func(req *http.Request) (*http.Response, error) {
		if waits(req) != watches {
			return nil, nil // which leaves it to etcd
		}
		return other(req)
	}
}
