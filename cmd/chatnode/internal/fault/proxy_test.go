package fault

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

const limit = 10 * time.Second

// upstream stands for etcd: it keeps each connection's bytes until their end.
type upstream struct {
	addr  string
	bytes chan []byte
}

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// newUpstream answers with okAnswer when a connection's client has sent all of want,
// or has ended its stream, and hold, if there is one, is closed.
func newUpstream(t *testing.T, want int, hold <-chan struct{}) upstream {
	t.Helper()
	l := listen(t)
	u := upstream{addr: l.Addr().String(), bytes: make(chan []byte, 8)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go u.serve(c, want, hold)
		}
	}()
	return u
}

func (u upstream) serve(c net.Conn, want int, hold <-chan struct{}) {
	got := &bytes.Buffer{}
	_, _ = io.CopyN(got, c, int64(want))
	if hold != nil {
		<-hold
	}
	_, _ = io.WriteString(c, okAnswer)
	_, _ = io.Copy(got, c)
	_ = c.Close()
	u.bytes <- got.Bytes()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func newProxy(t *testing.T, addr string) (*CuttingProxy, <-chan ProxyEvent) {
	t.Helper()
	events := make(chan ProxyEvent, 16)
	p, err := NewCuttingProxy(listen(t), addr, func(e ProxyEvent) { events <- e })
	if err != nil {
		t.Fatal(err)
	}
	p.Start()
	t.Cleanup(p.Close)
	return p, events
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(limit))
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		t.Fatalf("connection: got a %T, want TCP", c)
	}
	return tcp
}

func receive[T any](t *testing.T, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(limit):
		t.Fatalf("%s: nothing after %v", what, limit)
	}
	return v
}

const (
	head    = "PUT /v2/keys/a?x=1 HTTP/1.1\r\nHost: etcd\r\nContent-Length: 7\r\n\r\n"
	form    = "value=v"
	chunked = "PUT /v2/keys/b HTTP/1.1\r\nHost: etcd\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunks  = "7;x=y\r\nvalue=v\r\n0\r\nTrailer: t\r\n\r\n"
	get     = "GET /v2/keys/a?wait=true HTTP/1.1\r\nHost: etcd\r\n\r\n"
	post    = "POST /v2/keys/a HTTP/1.1\r\nHost: etcd\r\nContent-Length: 7\r\n\r\n"
)

// Whatever is not cut goes through byte by byte, in both directions.
func TestProxyPassesBytes(t *testing.T) {
	rows := []struct {
		name, sent string
		puts       int
	}{
		{"put", head + form, 1},
		{"get", get, 0},
		{"kept alive", get + head + form + post + form + head + form, 2},
		{"chunked, then another", chunked + chunks + head + form, 2},
		{"no HTTP", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x01\x02", 0},
		{"no head at all", strings.Repeat("x", 3*MaxHead) + "\r\nPUT / HTTP/1.1\r\n\r\n", 0},
		{"half a head", "PUT /v2/keys/a HTT", 0},
		{"half a body", head + "val", 0},
		{"broken chunk", chunked + "zz\r\n", 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			u := newUpstream(t, len(row.sent), nil)
			p, events := newProxy(t, u.addr)
			c := dial(t, p.Addr())
			if _, err := io.WriteString(c, row.sent); err != nil {
				t.Fatal(err)
			}
			_ = c.CloseWrite()
			if answer, err := io.ReadAll(c); err != nil || string(answer) != okAnswer {
				t.Errorf("answer: got %q and error %v, want %q", answer, err, okAnswer)
			}
			if got := receive(t, "upstream", u.bytes); string(got) != row.sent {
				t.Errorf("forwarded: got %.200q, want %.200q", got, row.sent)
			}
			for range row.puts {
				if e := receive(t, "event", events); e.Kind != ProxyPassed || e.At.IsZero() || !strings.HasPrefix(e.Path, "/v2/keys/") {
					t.Errorf("event: got %+v, want a PUT that passed", e)
				}
			}
			if len(events) > 0 {
				t.Errorf("events: got %+v more, want %d", <-events, row.puts)
			}
		})
	}
}

// The server gets the headers and the end of the stream, the client gets the end of
// the stream and no answer, and only the next PUT is hit.
func TestProxyCutsTheNextPut(t *testing.T) {
	for name, before := range map[string]string{"first on the connection": "", "after other requests": get + post + form} {
		for inPackets, parts := range map[string][]string{"one packet": {before + head + form}, "two packets": {before + head, form}} {
			t.Run(name+", "+inPackets, func(t *testing.T) {
				// The whole form is there before the cut is over: nothing of it may
				// break the connection.
				sent := make(chan struct{})
				u := newUpstream(t, len(before)+len(head), sent)
				p, events := newProxy(t, u.addr)
				p.CutNext()
				p.CutNext()
				c := dial(t, p.Addr())
				for _, part := range parts {
					if _, err := io.WriteString(c, part); err != nil {
						t.Fatalf("client: got error %v on writing, want its packets taken", err)
					}
				}
				close(sent)
				if answer, err := io.ReadAll(c); err != nil || len(answer) != 0 {
					t.Errorf("client: got answer %q and error %v, want a clean end without one", answer, err)
				}
				if got := receive(t, "upstream", u.bytes); string(got) != before+head {
					t.Errorf("forwarded: got %q, want no byte of the body", got)
				}
				e := receive(t, "event", events)
				if e.Kind != ProxyCut || e.Path != "/v2/keys/a" || e.Status != 200 || e.At.IsZero() {
					t.Errorf("event: got %+v, want the cut with the path and the status 200", e)
				}
				_ = c.Close()
				c = dial(t, p.Addr())
				_, _ = io.WriteString(c, head+form)
				_ = c.CloseWrite()
				if answer, _ := io.ReadAll(c); string(answer) != okAnswer {
					t.Errorf("next PUT: got %q, want it to pass", answer)
				}
			})
		}
	}
}

// A server that says nothing to a cut PUT does not keep the client.
func TestProxyCutBeforeASilentServer(t *testing.T) {
	t.Parallel()
	silent := listen(t)
	p, events := newProxy(t, silent.Addr().String())
	p.CutNext()
	c := dial(t, p.Addr())
	if _, err := io.WriteString(c, head+form); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || len(answer) != 0 {
		t.Errorf("client: got answer %q and error %v, want a clean end without one", answer, err)
	}
	if e := receive(t, "event", events); e.Kind != ProxyCut || e.Status != 0 {
		t.Errorf("event: got %+v, want the cut without a status", e)
	}
}

// Close ends idle connections and busy ones, and is not over before they are.
func TestProxyCloseWaits(t *testing.T) {
	u := newUpstream(t, len(head)+len(form), nil)
	entered, leave := make(chan struct{}), make(chan struct{})
	p, err := NewCuttingProxy(listen(t), u.addr, func(ProxyEvent) {
		close(entered)
		<-leave
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Start()
	idle, busy := dial(t, p.Addr()), dial(t, p.Addr())
	if _, err := io.WriteString(busy, head+form); err != nil {
		t.Fatal(err)
	}
	receive(t, "PUT", entered)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		p.Close()
	}()
	for name, c := range map[string]net.Conn{"idle": idle, "busy": busy} {
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s connection after Close: got error %v, want it closed", name, err)
		}
	}
	select {
	case <-closed:
		t.Error("Close: returned while a connection was served, want it to wait")
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	receive(t, "Close", closed)
	if len(p.slots) != 0 {
		t.Errorf("connections after Close: got %d, want none", len(p.slots))
	}
}

func TestProxyWithoutItsServer(t *testing.T) {
	l := listen(t)
	addr := l.Addr().String()
	_ = l.Close()
	p, _ := newProxy(t, addr)
	c := dial(t, p.Addr())
	if answer, _ := io.ReadAll(c); len(answer) != 0 {
		t.Errorf("answer: got %q, want none", answer)
	}
	if _, err := NewCuttingProxy(nil, addr, nil); err == nil {
		t.Error("proxy without a listener: got no error, want one")
	}
	if _, err := NewCuttingProxy(l, "nowhere", nil); err == nil {
		t.Error("proxy to nowhere: got no error, want one")
	}
}
