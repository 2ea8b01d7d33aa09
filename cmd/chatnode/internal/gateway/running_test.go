package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

const identifyFrame = `{"op":2,"d":{"token":"t1","properties":{},"intents":513}}`

// patience bounds what a test waits for; nothing takes this long unless it is broken.
const patience = 10 * time.Second

var errAway = errors.New("no API node answers")

// loaderFunc makes a function a Loader.
type loaderFunc func(ctx context.Context, token string) (protocol.User, error)

func (f loaderFunc) LoadUser(ctx context.Context, token string) (protocol.User, error) {
	return f(ctx, token)
}

func loadAnyone(_ context.Context, token string) (protocol.User, error) {
	if token == "bad" {
		return protocol.User{}, fmt.Errorf("api-1: %w", ErrBadToken)
	}
	return protocol.User{ID: 1, Username: token, Guilds: []uint64{7}}, nil
}

// running is a server under test on a port of its own.
type running struct {
	*Server
	url     string
	stop    context.CancelFunc
	stopped chan error
}

func serve(tb testing.TB, change func(*Config)) *running {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	cfg := Config{Listener: listener, Node: "node-1", Loader: loaderFunc(loadAnyone)}
	if change != nil {
		change(&cfg)
	}
	server, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	r := &running{server, "ws://" + listener.Addr().String(), cancel, make(chan error, 1)}
	go func() { r.stopped <- server.Serve(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := r.wait(tb); err != nil {
			tb.Errorf("stop: got %v, want nil", err)
		}
	})
	return r
}

// wait returns what Serve answered; it may be called again.
func (r *running) wait(tb testing.TB) error {
	tb.Helper()
	select {
	case err := <-r.stopped:
		r.stopped <- err
		return err
	case <-time.After(patience):
		tb.Fatal("Serve: got no return, want one after its context ended")
		return nil
	}
}

// client is a bare WebSocket client that does only what a test tells it.
type client struct {
	t  *testing.T
	ws *websocket.Conn
}

func (r *running) dial(t *testing.T, path string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, r.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return &client{t, ws}
}

func (c *client) say(payload string) {
	c.t.Helper()
	if err := c.ws.Write(c.t.Context(), websocket.MessageText, []byte(payload)); err != nil {
		c.t.Fatalf("write %.40q: %v", payload, err)
	}
}

// hears reads one message and expects the part in it.
func (c *client) hears(part string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	_, b, err := c.ws.Read(ctx)
	if err != nil {
		c.t.Fatalf("read: got %v, want a message with %s", err, part)
	}
	if !strings.Contains(string(b), part) {
		c.t.Fatalf("read: got %.200s, want a message with %s", b, part)
	}
}

// closesWith reads whatever comes until the close frame.
func (c *client) closesWith(code protocol.CloseCode) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for {
		if _, _, err := c.ws.Read(ctx); err != nil {
			if got := websocket.CloseStatus(err); got != websocket.StatusCode(code) {
				c.t.Fatalf("close: got %v, want %d", err, code)
			}
			return
		}
	}
}

func (r *running) eventually(tb testing.TB, what string, reached func(Stats) bool) {
	tb.Helper()
	deadline := time.Now().Add(patience)
	for !reached(r.Stats()) {
		if time.Now().After(deadline) {
			tb.Fatalf("%s: got %+v", what, r.Stats())
		}
		<-time.After(time.Millisecond)
	}
}

// only is the one session that the server has.
func (r *running) only(t *testing.T) *conn {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.conns) != 1 {
		t.Fatalf("sessions: got %d, want 1", len(r.conns))
	}
	for c := range r.conns {
		return c
	}
	return nil
}
