package gateway

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

func TestLoginHeartbeatAndLeave(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.PublicURL = "wss://gateway.test" })
	c := r.dial(t, "/?v=10&encoding=json")
	c.hears(`"op":10,"d":{"heartbeat_interval":41250}`)
	c.say(identifyFrame)
	c.hears(`"session_id":"node-1.`)
	c.say(`{"op":1,"d":1}`)
	c.hears(`"op":11`)
	r.eventually(t, "ready sessions", func(s Stats) bool { return s.Sessions == 1 && s.Ready == 1 && s.Identified == 1 })
	_ = c.ws.Close(1000, "bye")
	r.eventually(t, "no sessions", func(s Stats) bool {
		return s.Sessions == 0 && s.Ready == 0 && s.Accepted == 1 && s.Closes[1000] == 1
	})
}

// Every way a client can misbehave ends its own session with its own code, and only that.
func TestBadClients(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	witness := r.dial(t, "/gateway?v=9&encoding=json")
	witness.hears(`"op":10`)
	witness.say(identifyFrame)
	witness.hears(`"READY"`)

	say := func(payloads ...string) func(*client) {
		return func(c *client) {
			for _, p := range payloads {
				c.say(p)
			}
		}
	}
	rows := []struct {
		name string
		path string
		do   func(*client)
		code protocol.CloseCode
	}{
		{"bad version", "/?v=7", say(), protocol.CloseInvalidVersion},
		{"malformed JSON", "/?v=10", say(`{"op":1,,}`), protocol.CloseDecodeError},
		{"longest payload, then a command", "/?v=10", say(padded(4096), `{"op":3,"d":{}}`), protocol.CloseNotAuthenticated},
		{"payload one byte too long", "/?v=10", say(padded(4097)), protocol.CloseDecodeError},
		{"payload of a megabyte", "/?v=10", func(c *client) {
			// The server may close before the last byte: then the write fails, and the close frame is already here.
			_ = c.ws.Write(c.t.Context(), websocket.MessageText, []byte(padded(1<<20)))
		}, protocol.CloseDecodeError},
		{"binary", "/?v=10", func(c *client) {
			_ = c.ws.Write(c.t.Context(), websocket.MessageBinary, []byte(`{"op":1}`))
		}, protocol.CloseDecodeError},
		{"bad token", "/?v=10", say(strings.Replace(identifyFrame, "t1", "bad", 1)), protocol.CloseAuthenticationFailed},
		{"identify flood", "/?v=10", say(identifyFrame, identifyFrame), protocol.CloseAlreadyAuthenticated},
		{"heartbeat flood", "/?v=10", func(c *client) {
			for range protocol.EventsPerWindow + 1 {
				c.say(`{"op":1,"d":null}`)
			}
		}, protocol.CloseRateLimited},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := r.dial(t, row.path)
			row.do(c)
			c.closesWith(row.code)
		})
	}
	r.eventually(t, "only the witness is left", func(s Stats) bool { return s.Sessions == 1 && s.Ready == 1 })
	witness.say(`{"op":1,"d":1}`)
	witness.hears(`"op":11`)
	if got := r.Stats().Closes[protocol.CloseDecodeError]; got != 4 {
		t.Errorf("decode errors: got %d, want 4", got)
	}
}

// padded is a heartbeat of exactly n bytes.
func padded(n int) string {
	const frame = `{"op":1,"d":null}`
	return frame + strings.Repeat(" ", n-len(frame))
}

func TestAnonymousIsClosed(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.IdentifyTimeout = 20 * time.Millisecond })
	r.dial(t, "/").closesWith(protocol.CloseTimedOut)
	r.eventually(t, "no sessions", func(s Stats) bool { return s.Sessions == 0 && s.Closes[protocol.CloseTimedOut] == 1 })
}

func TestZombieIsClosed(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.HeartbeatInterval = 40 * time.Millisecond })
	c := r.dial(t, "/")
	c.say(identifyFrame)
	c.closesWith(protocol.CloseUnknown)
	r.eventually(t, "no sessions", func(s Stats) bool { return s.Sessions == 0 && s.Ready == 0 && s.Closes[protocol.CloseUnknown] == 1 })
}

func TestLoaderTrouble(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		load loaderFunc
	}{
		{"every API node fails", func(context.Context, string) (protocol.User, error) { return protocol.User{}, errAway }},
		{"loader panics", func(context.Context, string) (protocol.User, error) { panic("broken row") }},
		{"loader is too slow", func(ctx context.Context, _ string) (protocol.User, error) {
			<-ctx.Done()
			return protocol.User{}, ctx.Err()
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := serve(t, func(c *Config) { c.Loader, c.LoadTimeout = row.load, 50*time.Millisecond })
			c := r.dial(t, "/")
			c.say(identifyFrame)
			c.closesWith(protocol.CloseUnknown)
			r.eventually(t, "one failed identify", func(s Stats) bool { return s.Sessions == 0 && s.IdentifyFailed == 1 && s.Identified == 0 })
		})
	}
}

func TestLoadsAreBounded(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}, 3), make(chan struct{})
	r := serve(t, func(c *Config) {
		c.MaxLoads = 2
		c.Loader = loaderFunc(func(ctx context.Context, token string) (protocol.User, error) {
			entered <- struct{}{}
			<-release
			return loadAnyone(ctx, token)
		})
	})
	clients := []*client{r.dial(t, "/"), r.dial(t, "/"), r.dial(t, "/")}
	for _, c := range clients {
		c.hears(`"op":10`)
		c.say(identifyFrame)
		c.say(`{"op":1,"d":null}`)
		c.hears(`"op":11`) // the identify before it was dealt with
	}
	<-entered
	<-entered
	select {
	case <-entered:
		t.Errorf("loads in flight: got 3, want 2")
	default:
	}
	close(release)
	for _, c := range clients {
		c.hears(`"READY"`)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.MaxSessions = 1 })
	first := r.dial(t, "/")
	first.hears(`"op":10`)
	_, answer, err := websocket.Dial(t.Context(), r.url, nil)
	if err == nil || answer == nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("second session: got %v, want status 503", err)
	}
	_ = first.ws.CloseNow()
	r.eventually(t, "the place is free", func(s Stats) bool { return s.Sessions == 0 && s.Refused == 1 && s.Closes[protocol.CloseAbnormal] == 1 })
	r.dial(t, "/").hears(`"op":10`)
}

func TestForeignPagesAreRefused(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	_, answer, err := websocket.Dial(t.Context(), r.url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://elsewhere.test"}}})
	if err == nil || answer == nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("page from elsewhere: got %v, want status 403", err)
	}
	if got := r.Stats(); got.Sessions != 0 || got.Accepted != 0 {
		t.Errorf("after the refusal: got %+v, want no session", got)
	}
}

// A client that never reads fills its queue and loses its session; the queue never grows beyond its limit.
func TestSlowReaderIsClosed(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	r.dial(t, "/") // never reads
	r.eventually(t, "one session", func(s Stats) bool { return s.Accepted == 1 })
	slow := r.only(t)
	payload := protocol.Text(make([]byte, 64<<10))
	for open := true; open; {
		slow.mu.Lock()
		_ = slow.perform(t.Context(), []protocol.Action{protocol.Send{Body: payload}})
		open = slow.last.Code == 0
		if slow.out.bytes > maxQueuedBytes || len(slow.out.queue) > maxQueuedMessages {
			t.Errorf("queue: got %d messages, %d bytes, want at most %d, %d", len(slow.out.queue), slow.out.bytes, maxQueuedMessages, maxQueuedBytes)
		}
		slow.mu.Unlock()
	}
	r.eventually(t, "the session is gone", func(s Stats) bool { return s.Sessions == 0 && s.Closes[protocol.CloseUnknown] == 1 })
}

// The timer may ring for the machine at the moment in which something else ends the session: the goodbye still has its time.
func TestLateRingLeavesTheGoodbyeAlone(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	for range 20 {
		c := r.dial(t, "/")
		c.hears(`"op":10`)
		ending := r.only(t)
		ending.handle(t.Context(), protocol.QueueOverflowed{})
		ending.ring(t.Context())
		c.closesWith(protocol.CloseUnknown)
		r.eventually(t, "the session is gone", func(s Stats) bool { return s.Sessions == 0 })
	}
}

func TestStopTellsEverySession(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	polite, stuck := r.dial(t, "/"), r.dial(t, "/")
	polite.hears(`"op":10`)
	stuck.hears(`"op":10`) // and never reads again, so that its close is never answered
	begin := time.Now()
	r.stop()
	polite.closesWith(protocol.CloseGoingAway)
	if err := r.wait(t); err != nil {
		t.Errorf("stop: got %v, want nil", err)
	}
	if took := time.Since(begin); took > stopTimeout {
		t.Errorf("stop: took %v, want at most %v", took, stopTimeout)
	}
	if got := r.Stats(); got.Sessions != 0 || got.Closes[protocol.CloseGoingAway] != 2 {
		t.Errorf("after the stop: got %+v, want two sessions closed with 1001", got)
	}
	if err := r.Serve(t.Context()); err == nil {
		t.Errorf("second Serve: got nil, want an error")
	}
}

func TestListenerFailureIsReported(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := New(Config{Listener: listener, Node: "n", Loader: loaderFunc(loadAnyone)})
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if err := server.Serve(t.Context()); err == nil {
		t.Errorf("Serve on a closed listener: got nil, want an error")
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	rows := []struct {
		name   string
		change func(*Config)
		want   string // in the error; empty means none
	}{
		{"complete", func(*Config) {}, ""},
		{"no listener", func(c *Config) { c.Listener = nil }, "listener"},
		{"no node", func(c *Config) { c.Node = "" }, "node"},
		{"no loader", func(c *Config) { c.Loader = nil }, "loader"},
		{"short interval", func(c *Config) { c.HeartbeatInterval = time.Microsecond }, "heartbeat"},
		{"negative identify timeout", func(c *Config) { c.IdentifyTimeout = -1 }, "identify"},
		{"negative load timeout", func(c *Config) { c.LoadTimeout = -1 }, "load timeout"},
		{"negative sessions", func(c *Config) { c.MaxSessions = -1 }, "sessions"},
		{"negative loads", func(c *Config) { c.MaxLoads = -1 }, "loads"},
		{"URL of the wrong kind", func(c *Config) { c.PublicURL = "http://x" }, "ws://"},
		{"URL without a host", func(c *Config) { c.PublicURL = "ws://" }, "ws://"},
		{"no URL", func(c *Config) { c.PublicURL = "ws://\x00" }, "parse"},
	}
	for _, row := range rows {
		cfg := Config{Listener: listener, Node: "n", Loader: loaderFunc(loadAnyone)}
		row.change(&cfg)
		_, err := New(cfg)
		if (err == nil) != (row.want == "") || (err != nil && !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want an error with %q", row.name, err, row.want)
		}
	}
}
