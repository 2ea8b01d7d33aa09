package gateway

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// mostPerSession is what an idle session may cost a node, all included but the kernel's socket.
const mostPerSession = 20 << 10

// TestIdleSessionsAreSmall opens sessions that have heard READY and a few messages, and then are quiet. The clients are bare
// sockets in this process, so that what they cost is counted, too.
func TestIdleSessionsAreSmall(t *testing.T) {
	for _, path := range []string{"/?v=10", "/?v=10&compress=zlib-stream"} {
		t.Run(path, func(t *testing.T) {
			const sessions = 500
			r := serve(t, func(c *Config) {
				c.Loader = loaderFunc(func(_ context.Context, token string) (protocol.User, error) {
					return protocol.User{ID: uint64(len(token)), Username: token, Guilds: []uint64{7, 8 << 22, 9 << 22}}, nil
				})
			})
			before := inUse()
			clients := make([]net.Conn, sessions)
			for i := range clients {
				clients[i] = bareClient(t, r, path, fmt.Sprint("token ", i))
			}
			r.eventually(t, "all are ready", func(s Stats) bool { return s.Ready == sessions })
			for range 3 {
				if told := r.DispatchGuild(t.Context(), say("hello")); told != sessions {
					t.Fatalf("sessions told: got %d, want %d", told, sessions)
				}
			}
			per := (inUse() - before) / sessions
			t.Logf("%d idle sessions: %d bytes each", sessions, per)
			if per > mostPerSession {
				t.Errorf("an idle session: got %d bytes, want at most %d", per, mostPerSession)
			}
			for _, c := range clients { // before the stop, which has two seconds only
				_ = c.Close()
			}
			r.eventually(t, "all are gone", func(s Stats) bool { return s.Sessions == 0 })
		})
	}
}

// inUse is the memory of the heap and of the stacks, without what could be freed.
func inUse() int {
	runtime.GC()
	runtime.GC() // stacks shrink in one, pools empty in two
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

// bareClient is a client without a library: it identifies, reads READY, and keeps nothing but its socket.
func bareClient(tb testing.TB, r *running, path, token string) net.Conn {
	tb.Helper()
	socket, in := bareSocket(tb, strings.TrimPrefix(r.url, "ws://"), path, nil)
	if _, err := socket.Write(maskedIdentify(token)); err != nil {
		tb.Fatal(err)
	}
	for range 2 { // Hello and READY
		if err := skipFrame(in); err != nil {
			tb.Fatal(err)
		}
	}
	return socket
}

// bareSocket makes the handshake of a WebSocket, with something right behind it.
func bareSocket(tb testing.TB, address, path string, hasty []byte) (net.Conn, *bufio.Reader) {
	tb.Helper()
	socket, err := (&net.Dialer{}).DialContext(tb.Context(), "tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = socket.Close() })
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, address)
	if _, err := socket.Write(append(request, hasty...)); err != nil {
		tb.Fatal(err)
	}
	in := bufio.NewReaderSize(socket, 256)
	for line := ""; line != "\r\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			tb.Fatal(err)
		}
	}
	return socket, in
}

// maskedIdentify is a frame with a mask of zeroes.
func maskedIdentify(token string) []byte {
	payload := fmt.Sprintf(`{"op":2,"d":{"token":%q,"properties":{},"intents":513}}`, token)
	return append([]byte{0x81, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

// A client that does not wait for the answer to its handshake loses nothing that it has sent.
func TestHastyClient(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	bareSocket(t, strings.TrimPrefix(r.url, "ws://"), "/", maskedIdentify("t1"))
	r.eventually(t, "one is ready", func(s Stats) bool { return s.Ready == 1 })
}

// skipFrame reads one frame of a server: never masked, and never as long as 64 KiB here.
func skipFrame(in *bufio.Reader) error {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return err
	}
	length := int64(head[1])
	if length == 126 {
		var long [2]byte
		if _, err := io.ReadFull(in, long[:]); err != nil {
			return err
		}
		length = int64(binary.BigEndian.Uint16(long[:]))
	}
	_, err := io.CopyN(io.Discard, in, length)
	return err
}
