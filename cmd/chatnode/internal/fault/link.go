package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// Link is a TCP proxy that stands for a network: it can be cut, and healed. Made
// by [NewLink]; Start serves, Close ends it.
type Link struct {
	listener net.Listener
	upstream string
	slots    chan struct{}

	stop context.CancelFunc
	wait sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
}

// NewLink prepares a link from the listener, which it owns from then on, to the
// upstream "host:port".
func NewLink(listener net.Listener, upstream string) (*Link, error) {
	if listener == nil {
		return nil, errors.New("fault: the link has no listener")
	}
	if _, _, err := net.SplitHostPort(upstream); err != nil {
		return nil, fmt.Errorf("fault: upstream %q: write it like 127.0.0.1:2379", upstream)
	}
	return &Link{
		listener: listener, upstream: upstream, slots: make(chan struct{}, MaxConnections),
		stop: func() {}, conns: make(map[net.Conn]struct{}),
	}, nil
}

// Addr is where clients connect.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Start serves until Close. It is called once.
func (l *Link) Start() {
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.wait.Go(func() { l.accept(ctx) })
}

// Close ends the link and all connections over it, and waits for their goroutines.
func (l *Link) Close() {
	_ = l.listener.Close()
	l.stop()
	l.Cut()
	l.wait.Wait()
}

// Cut resets every connection; new ones are closed at once until Heal.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for c := range l.conns {
		_ = c.Close()
	}
}

// Heal lets connections through again.
func (l *Link) Heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
}

// IsCut says whether it is cut.
func (l *Link) IsCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

// enter makes a connection known to Cut; false while the link is cut.
func (l *Link) enter(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return false
	}
	l.conns[c] = struct{}{}
	return true
}

func (l *Link) leave(c net.Conn) {
	_ = c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

func (l *Link) accept(ctx context.Context) {
	for {
		c, err := l.listener.Accept()
		if err != nil {
			return
		}
		select {
		case l.slots <- struct{}{}:
			l.wait.Go(func() {
				defer func() { <-l.slots }()
				l.carry(ctx, c)
			})
		default:
			_ = c.Close()
		}
	}
}

// carry serves one client over a connection of its own.
func (l *Link) carry(ctx context.Context, client net.Conn) {
	defer l.leave(client)
	if !l.enter(client) {
		return
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	server, err := dialer.DialContext(ctx, "tcp", l.upstream)
	if err != nil {
		return
	}
	defer l.leave(server)
	if !l.enter(server) {
		return
	}
	var wait sync.WaitGroup
	wait.Go(func() { pipe(server, client) })
	pipe(client, server)
	wait.Wait()
}

// pipe copies until one side ends, and passes the end on.
func pipe(to, from net.Conn) {
	_, err := io.Copy(to, from)
	closeWrite(to)
	if err != nil { // broken, not ended: the other direction ends too
		_ = to.Close()
		_ = from.Close()
	}
}
