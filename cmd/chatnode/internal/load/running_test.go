package load

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// patience bounds what a test waits for; nothing takes this long unless it is broken.
const patience = 20 * time.Second

// stopLimit is how long a stop may take.
const stopLimit = 2 * time.Second

// heartbeatInterval leaves a busy machine a second to deliver a heartbeat in.
const heartbeatInterval = 2 * time.Second

func token(n int) string { return "user-" + strconv.Itoa(n) }

// anyone is a loader that knows all users of this test.
type anyone struct{}

func (anyone) LoadUser(_ context.Context, token string) (protocol.User, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(token, "user-"), 10, 64)
	if err != nil {
		return protocol.User{}, gateway.ErrBadToken
	}
	return protocol.User{ID: n + 1, Username: token, Guilds: []uint64{7}}, nil
}

// serve runs a gateway on the address until the returned stop, which waits for its end.
func serve(t *testing.T, address string) (bound string, server *gateway.Server, stop func()) {
	t.Helper()
	return serveWith(t, address, nil)
}

func serveWith(t *testing.T, address string, guilds gateway.Guilds) (bound string, server *gateway.Server, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server, err = gateway.New(gateway.Config{
		Listener: listener, Node: "node-1", Loader: anyone{}, HeartbeatInterval: heartbeatInterval, Guilds: guilds,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	return listener.Addr().String(), server, sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("gateway: got %v, want nil", err)
		}
	})
}

// running is a crowd under test.
type running struct {
	*Load
	cancel context.CancelFunc
	done   chan error
}

func run(t *testing.T, cfg Config) *running {
	t.Helper()
	cfg.Token = token
	if !cfg.Backoff.Enabled() {
		cfg.Backoff = backoff.Policy{Base: 10 * time.Millisecond, Cap: 100 * time.Millisecond}
	}
	l, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{l, cancel, make(chan error, 1)}
	go func() { r.done <- l.Run(ctx) }()
	t.Cleanup(func() { r.stop(t) })
	return r
}

// stop ends the crowd and answers its last counters; it may be called again.
func (r *running) stop(t *testing.T) Stats {
	t.Helper()
	begin := time.Now()
	r.cancel()
	select {
	case err := <-r.done:
		r.done <- err
		if err != nil {
			t.Errorf("Run: got %v, want nil", err)
		}
	case <-time.After(patience):
		t.Fatal("Run: got no return, want one after its context ended")
	}
	if took := time.Since(begin); took > stopLimit {
		t.Errorf("stop: took %v, want at most %v", took, stopLimit)
	}
	s := r.Stats()
	if s.Connected != 0 || s.Attempts != s.Ready+s.Resumed+s.Failures || s.Ready+s.Resumed != s.Lost+s.Closed {
		t.Errorf("counters after the stop: got %+v, want sums that fit", s)
	}
	return s
}

func (r *running) eventually(t *testing.T, what string, reached func(Stats) bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !reached(r.Stats()) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: got %+v", what, r.Stats())
		}
		<-time.After(time.Millisecond)
	}
}

// script is a gateway that says fixed messages and then reads on, or not, without ever answering.
func script(t *testing.T, reads bool, messages ...string) (url string, closes <-chan websocket.StatusCode) {
	t.Helper()
	codes := make(chan websocket.StatusCode, 1000)
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.CloseNow() }()
		for _, m := range messages {
			if err := ws.Write(r.Context(), websocket.MessageText, []byte(m)); err != nil {
				codes <- websocket.CloseStatus(err)
				return
			}
		}
		if !reads {
			<-hold
			return
		}
		for {
			if _, _, err := ws.Read(r.Context()); err != nil {
				codes <- websocket.CloseStatus(err)
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hold) })
	return strings.Replace(server.URL, "http", "ws", 1), codes
}
