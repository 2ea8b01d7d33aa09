package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of a [CuttingProxy].
const (
	// MaxHead bounds the headers of one request; more are passed through unread.
	MaxHead = 64 << 10
	// MaxConnections bounds how many clients are served at once; more are closed.
	MaxConnections = 256

	dialTimeout  = 5 * time.Second
	drainTimeout = 5 * time.Second

	maxPath       = 256
	maxStatusLine = 64
)

// ProxyEventKind says what became of a PUT.
type ProxyEventKind string

// The kinds.
const (
	// ProxyCut is a PUT of which only the headers were forwarded.
	ProxyCut ProxyEventKind = "cut"
	// ProxyPassed is a PUT that was forwarded whole.
	ProxyPassed ProxyEventKind = "passed"
)

// ProxyEvent is one PUT that the proxy saw.
type ProxyEvent struct {
	Kind ProxyEventKind
	// At is when the last byte that was forwarded left.
	At time.Time
	// Path is the request's path without its query, at most 256 bytes.
	Path string
	// Status is what the server answered to a cut PUT, which nobody else gets to
	// see; 0 when it did not answer.
	Status int
}

// CuttingProxy is a TCP proxy that can cut one PUT between its headers and its body.
// Made by [NewCuttingProxy]; Start serves, Close ends it.
type CuttingProxy struct {
	listener net.Listener
	upstream string
	observe  func(ProxyEvent)
	slots    chan struct{}
	armed    atomic.Bool

	stop context.CancelFunc
	wait sync.WaitGroup
}

// NewCuttingProxy prepares a proxy from the listener, which it owns from then on,
// to the upstream "host:port". Observe, which may be nil, is called for every PUT
// from the goroutine of its connection and must not block.
func NewCuttingProxy(listener net.Listener, upstream string, observe func(ProxyEvent)) (*CuttingProxy, error) {
	if listener == nil {
		return nil, errors.New("fault: the proxy has no listener")
	}
	if _, _, err := net.SplitHostPort(upstream); err != nil {
		return nil, fmt.Errorf("fault: upstream %q: write it like 127.0.0.1:2379", upstream)
	}
	if observe == nil {
		observe = func(ProxyEvent) {}
	}
	return &CuttingProxy{
		listener: listener, upstream: upstream, observe: observe,
		slots: make(chan struct{}, MaxConnections), stop: func() {},
	}, nil
}

// Addr is where clients connect.
func (p *CuttingProxy) Addr() string { return p.listener.Addr().String() }

// CutNext arms the proxy: the next PUT of any client loses its body, and its
// client the answer. Arming twice before that cuts one PUT.
func (p *CuttingProxy) CutNext() { p.armed.Store(true) }

// Start serves until Close. It is called once.
func (p *CuttingProxy) Start() {
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.wait.Go(func() { p.accept(ctx) })
}

// Close closes the listener and all connections, and waits for their goroutines.
func (p *CuttingProxy) Close() {
	_ = p.listener.Close()
	p.stop()
	p.wait.Wait()
}

func (p *CuttingProxy) accept(ctx context.Context) {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		select {
		case p.slots <- struct{}{}:
			p.wait.Go(func() {
				defer func() { <-p.slots }()
				p.carry(ctx, c)
			})
		default:
			_ = c.Close()
		}
	}
}

// carry serves one client connection over one connection of its own.
func (p *CuttingProxy) carry(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	dialer := net.Dialer{Timeout: dialTimeout}
	server, err := dialer.DialContext(ctx, "tcp", p.upstream)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	release := context.AfterFunc(ctx, func() {
		_ = client.Close()
		_ = server.Close()
	})
	defer release()

	back := answers{client: client, server: server}
	var wait sync.WaitGroup
	wait.Go(back.forward)
	path, cut := p.forward(client, server, &back.muted)
	at := time.Now()
	// The end that the server sees comes after the last byte, never instead of it,
	// and the server's own end comes after it has done what it makes of that.
	closeWrite(server)
	if cut {
		_ = server.SetReadDeadline(at.Add(drainTimeout))
	}
	wait.Wait()
	if cut {
		p.observe(ProxyEvent{Kind: ProxyCut, At: at, Path: path, Status: back.status()})
		drain(client)
	}
}

// answers is the direction from the server to the client.
type answers struct {
	client, server net.Conn
	// muted keeps answers from the client: theirs is the PUT that was cut.
	muted atomic.Bool
	kept  []byte
}

// forward ends when the server has nothing more to say, and tells the client.
func (a *answers) forward() {
	buffer := make([]byte, 32<<10)
	for {
		n, err := a.server.Read(buffer)
		if a.muted.Load() {
			a.kept = append(a.kept, buffer[:min(n, maxStatusLine-len(a.kept))]...)
		} else if _, failed := a.client.Write(buffer[:n]); failed != nil {
			return
		}
		if err != nil {
			if !a.muted.Load() {
				closeWrite(a.client)
			}
			return
		}
	}
}

// status is what the server answered while the client was not to hear it.
func (a *answers) status() (code int) {
	_, rest, _ := strings.Cut(string(a.kept), " ")
	code, _ = strconv.Atoi(rest[:min(len(rest), 3)])
	return code
}

// closeWrite sends the end of the stream and leaves the other direction open.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// drain ends a connection without a reset: what the client still sends is read
// until it has understood that nobody answers.
func drain(c net.Conn) {
	closeWrite(c)
	_ = c.SetReadDeadline(time.Now().Add(drainTimeout))
	_, _ = io.Copy(io.Discard, c)
}
