package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/frame"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// benchSessions is how many clients hear each message.
const benchSessions = 500

// BenchmarkFanOut is one message to 500 sessions, until the last byte has arrived at the last client. The bare rows write the
// same bytes to as many WebSockets of the same library, one after the other or a goroutine each: no session, no number, no
// replay, no queue.
func BenchmarkFanOut(b *testing.B) {
	event := say("hello")
	for _, mode := range []struct {
		name, path string
		as         frame.Mode
	}{{"text", "/?v=10", frame.Plain}, {"stream", "/?v=10&compress=zlib-stream", frame.Stream}} {
		b.Run(mode.name, func(b *testing.B) {
			r := serve(b, nil)
			arrived := &arrivals{}
			for i := range benchSessions {
				arrived.count(bareClient(b, r, mode.path, fmt.Sprint("token ", i)))
			}
			var e frame.Encoder
			e.SetMode(mode.as)
			_, _ = e.Append(nil, 1, protocol.Text("the beginning"))
			numbers := int64(1) // as READY
			b.ResetTimer()
			for range b.N {
				numbers++
				message, _ := e.Append(nil, numbers, event.Reduced)
				r.DispatchGuild(b.Context(), event)
				arrived.wait(b, benchSessions*frameSize(message))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchSessions, "ns/delivery")
		})
	}
	for _, each := range []bool{false, true} {
		b.Run(map[bool]string{false: "bare, one by one", true: "bare, a goroutine each"}[each], func(b *testing.B) {
			benchBare(b, append([]byte(`{"s":2,`), event.Reduced.Text()...), each)
		})
	}
}

func benchBare(b *testing.B, message []byte, each bool) {
	b.Helper()
	arrived, accepted := &arrivals{}, make(chan *websocket.Conn, benchSessions)
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		accepted <- ws
		_, _, _ = ws.Read(r.Context()) // until it ends
	}))
	defer bare.Close()
	var all []*websocket.Conn
	for range benchSessions {
		socket, _ := bareSocket(b, bare.Listener.Addr().String(), "/", nil)
		arrived.count(socket)
		all = append(all, <-accepted)
	}
	b.ResetTimer()
	for range b.N {
		var group sync.WaitGroup
		for _, ws := range all {
			if each {
				group.Go(func() { _ = ws.Write(b.Context(), websocket.MessageText, message) })
				continue
			}
			_ = ws.Write(b.Context(), websocket.MessageText, message)
		}
		group.Wait()
		arrived.wait(b, benchSessions*frameSize(message))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchSessions, "ns/delivery")
	for _, ws := range all {
		_ = ws.CloseNow()
	}
}

// frameSize is the size of a frame of a server.
func frameSize(payload []byte) int {
	if len(payload) < 126 {
		return len(payload) + 2
	}
	return len(payload) + 4
}

// arrivals counts the bytes that clients have read; nobody looks at them.
type arrivals struct {
	bytes atomic.Int64
	seen  int64
}

func (a *arrivals) count(socket net.Conn) {
	go func() { _, _ = io.Copy(a, socket) }()
}

// Write implements [io.Writer].
func (a *arrivals) Write(p []byte) (int, error) {
	a.bytes.Add(int64(len(p)))
	return len(p), nil
}

// wait returns when so many bytes more have arrived.
func (a *arrivals) wait(b *testing.B, more int) {
	b.Helper()
	a.seen += int64(more)
	for deadline := time.Now().Add(patience); a.bytes.Load() < a.seen; {
		if time.Now().After(deadline) {
			b.Fatalf("bytes: got %d, want %d", a.bytes.Load(), a.seen)
		}
		<-time.After(20 * time.Microsecond)
	}
}
