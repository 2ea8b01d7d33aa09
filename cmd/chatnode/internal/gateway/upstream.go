package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

const (
	// dialTimeout is how long the session's own node may take to answer.
	dialTimeout = 3 * time.Second
	// maxUpstreamBytes bounds one message of another node.
	maxUpstreamBytes = 16 << 20
)

// upstream is the connection to the node that has the session of a client which came here. It carries messages as they
// are, also within a compressed stream: no message refers back to an earlier one, so that the other node's stream goes on
// where ours has been after Hello.
type upstream struct {
	ws     *websocket.Conn
	socket net.Conn // under ws; closing it ends whatever ws waits for
	server *Server
}

// proxy connects the client to the session's node. It runs in the reader, which has nothing else to do meanwhile.
func (c *conn) proxy(ctx context.Context, a protocol.Proxy) {
	up, err := c.server.dialPeer(ctx, a)
	if err != nil {
		c.server.cfg.Log.Debug().Err(err).Str("node", a.Node).Msg("resume not passed on")
		c.handle(ctx, protocol.ProxyEnded{Gone: errors.Is(err, syscall.ECONNREFUSED)})
		return
	}
	c.upstream = up
	c.server.tasks.Go(func() { c.pump(ctx, up) })
}

// dialPeer makes a connection on which the Resume has been said and Hello heard.
func (s *Server) dialPeer(ctx context.Context, a protocol.Proxy) (*upstream, error) {
	url, lives := s.peer(a.Node)
	if !lives {
		return nil, fmt.Errorf("gateway: node %q is gone", a.Node)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	up := &upstream{server: s}
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { up.socket = info.Conn },
	})
	address := fmt.Sprintf("%s/?v=%d&encoding=json", url, a.Version)
	if a.Stream {
		address += "&compress=zlib-stream"
	}
	ws, _, err := websocket.Dial(traced, address, nil)
	if err != nil {
		return nil, fmt.Errorf("gateway: dialling node %q: %w", a.Node, err)
	}
	up.ws = ws
	ws.SetReadLimit(maxUpstreamBytes)
	if _, _, err = ws.Read(ctx); err == nil { // its Hello: the client has ours
		err = ws.Write(ctx, websocket.MessageText, a.Frame)
	}
	if err != nil {
		_ = ws.CloseNow() // it has failed already
		return nil, fmt.Errorf("gateway: greeting node %q: %w", a.Node, err)
	}
	return up, nil
}

// pump passes on what the other node says, until it ends.
func (c *conn) pump(ctx context.Context, up *upstream) {
	for {
		kind, data, err := up.ws.Read(context.WithoutCancel(ctx)) // ending the socket ends it
		if err != nil {
			_ = up.ws.CloseNow() // it has failed already
			c.handle(ctx, protocol.ProxyEnded{Code: closeCode(err)})
			return
		}
		c.mu.Lock()
		fits := c.out.push(message{body: protocol.Text(data), raw: true, binary: kind == websocket.MessageBinary})
		c.startDraining(ctx)
		c.mu.Unlock()
		if !fits {
			c.handle(ctx, protocol.QueueOverflowed{})
		}
	}
}

// forward passes on what the client says. A failure shows in the pump.
func (u *upstream) forward(ctx context.Context, data []byte) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := u.ws.Write(ctx, websocket.MessageText, data); err != nil {
		_ = u.socket.Close() // the pump finds out
	}
}

// end tells the other node how the client has ended, so that it keeps the session or not.
func (u *upstream) end(code protocol.CloseCode) {
	u.server.tasks.Go(func() {
		if code == protocol.CloseAbnormal {
			_ = u.socket.Close() // without a word, as the client
			return
		}
		cut := time.AfterFunc(closeGrace, func() { _ = u.socket.Close() })
		defer cut.Stop()
		_ = u.ws.Close(websocket.StatusCode(code), "") // gone either way
	})
}
