package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// bufferBytes holds one common payload with its frame. The web server's own buffers are eight times as large and would stay
// with every connection for as long as it lives.
const bufferBytes = 512

func (s *Server) routes(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	upgrade := func(w http.ResponseWriter, r *http.Request) { s.upgrade(ctx, w, r) }
	mux.HandleFunc("GET /{$}", upgrade)
	mux.HandleFunc("GET /gateway", upgrade)
	mux.HandleFunc("GET /gateway/{$}", upgrade)
	return mux
}

// upgrade turns a request into a session. Its goroutine, grown large by the web server, ends with it: the session's
// reader begins on a small stack. The context is Serve's, since the request's own ends here.
//
// Pages from elsewhere are refused by the library: a browser says where a page is from, and a client library does not.
func (s *Server) upgrade(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	if s.refuses.Load() || !s.admit() {
		refuseUpgrade(w, "this node takes no more sessions", time.Second)
		return
	}
	defer s.tasks.Done() // from here on the reader counts
	if after, open := s.gate.Knock(); !open {
		s.turnAway()
		refuseUpgrade(w, "this node is busy", after)
		return
	}
	taken := &hijacker{ResponseWriter: w}
	ws, err := websocket.Accept(taken, r, nil)
	if err != nil { // the client has been told
		s.release()
		s.gate.Settled()
		s.cfg.Log.Debug().Err(err).Msg("handshake refused")
		return
	}
	query := r.URL.Query()
	c := &conn{server: s, socket: taken.socket, ws: ws, machine: protocol.NewConn(s.set)}
	greeting := protocol.Connected{Version: query.Get("v"), Encoding: query.Get("encoding"), Compress: query.Get("compress")}
	s.tasks.Go(func() { c.run(ctx, greeting) })
}

// Refuse turns new clients away from here on: the node is about to leave. Those that are here stay.
func (s *Server) Refuse() { s.refuses.Store(true) }

// refuseUpgrade is the cheapest refusal, and the one after which client libraries come back later each time.
func refuseUpgrade(w http.ResponseWriter, reason string, after time.Duration) {
	w.Header().Set("Retry-After", strconv.FormatInt(int64((after+time.Second-1)/time.Second), 10))
	http.Error(w, reason, http.StatusServiceUnavailable)
}

// hijacker keeps hold of the socket that the upgrade takes from the web server.
type hijacker struct {
	http.ResponseWriter
	socket net.Conn
}

// Hijack implements [http.Hijacker].
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	inner, ok := h.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("gateway: this web server cannot hand over its socket")
	}
	socket, buffers, err := inner.Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("gateway: taking the socket: %w", err)
	}
	h.socket = socket
	reader := buffers.Reader
	if reader.Buffered() == 0 { // what a hasty client has sent already stays where it is
		reader = bufio.NewReaderSize(socket, bufferBytes)
	}
	return socket, bufio.NewReadWriter(reader, bufio.NewWriterSize(socket, bufferBytes)), nil
}
