//go:build unix

package chaos

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// link is the network between one process and etcd: it can be reset, refuse, or
// stall with every connection open.
type link struct {
	listener net.Listener
	upstream string

	mu      sync.Mutex
	refuses bool
	flows   chan struct{} // closed while bytes flow
	open    map[net.Conn]struct{}
	wait    sync.WaitGroup
}

func newLink(t *testing.T, upstream string) *link {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	flows := make(chan struct{})
	close(flows)
	l := &link{listener: listener, upstream: upstream, flows: flows, open: make(map[net.Conn]struct{})}
	l.wait.Go(l.accept)
	t.Cleanup(l.close)
	return l
}

func (l *link) url() string { return "http://" + l.listener.Addr().String() }

func (l *link) close() {
	_ = l.listener.Close()
	l.flow()
	l.refuse(true)
	l.wait.Wait()
}

// reset breaks every connection.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
}

// refuse breaks every connection and takes no new one, until it is told otherwise.
func (l *link) refuse(refuses bool) {
	l.mu.Lock()
	l.refuses = refuses
	l.mu.Unlock()
	if refuses {
		l.reset()
	}
}

// stall holds every byte back, both ways, until flow.
func (l *link) stall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.flows:
		l.flows = make(chan struct{})
	default:
	}
}

func (l *link) flow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.flows:
	default:
		close(l.flows)
	}
}

func (l *link) flowing() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flows
}

// keep notes a connection, or closes it where nothing may be open.
func (l *link) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuses {
		_ = c.Close()
		return false
	}
	l.open[c] = struct{}{}
	return true
}

func (l *link) drop(c net.Conn) {
	_ = c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

func (l *link) accept() {
	for {
		c, err := l.listener.Accept()
		if err != nil {
			return
		}
		if l.keep(c) {
			l.wait.Go(func() { l.carry(c) })
		}
	}
}

func (l *link) carry(client net.Conn) {
	defer l.drop(client)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	upstream, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.upstream)
	if err != nil || !l.keep(upstream) {
		return
	}
	defer l.drop(upstream)
	var back sync.WaitGroup
	back.Go(func() {
		l.copy(client, upstream)
		_ = client.Close()
	})
	l.copy(upstream, client)
	_ = upstream.Close()
	back.Wait()
}

// copy passes bytes on as long as they flow.
func (l *link) copy(to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		<-l.flowing()
		if n > 0 {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
