package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/frame"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// closeGrace is how long a client may take to read what is left and to answer the close frame.
const closeGrace = time.Second

var errUnreadable = errors.New("gateway: message is unreadable")

// conn carries out what the machine of one client asks for. Frames come from its reader, the only goroutine it keeps;
// loads, the timer and writes borrow one while they have something to do.
type conn struct {
	server   *Server
	socket   net.Conn // under ws; closing it ends whatever ws waits for
	ws       *websocket.Conn
	encoder  frame.Encoder // the drainer's
	upstream *upstream     // the reader's; nil unless another node speaks

	mu       sync.Mutex // owns everything below; taken after a seat's
	machine  *protocol.Conn
	seat     *seat // of the session, while there is one
	out      outbox
	mode     frame.Mode
	timer    *time.Timer
	stopLoad context.CancelFunc
	settled  bool                 // the gate knows that it has said what it wants, or is gone
	counted  bool                 // among the sessions that are ready
	last     protocol.CloseSocket // why the connection ended; the code is zero while it has not
	cutAt    time.Time            // when the patience with a goodbye ends
	closed   chan struct{}        // made when our side ends it; closed when the socket is gone
}

// run reads until the socket ends.
func (c *conn) run(ctx context.Context, query protocol.Connected) {
	if !c.server.register(c) {
		c.handle(ctx, protocol.ServerStopping{})
	}
	if query.Compress == "zlib-stream" {
		c.mode = frame.Stream
	}
	c.handle(ctx, query)
	for {
		if err := c.read(ctx); err != nil {
			c.end(ctx, err)
			return
		}
	}
}

// read waits for one message and hands it to the machine. After an error there is nothing more to read.
func (c *conn) read(ctx context.Context) error {
	// The library turns every context that can end into a callback per parked read. Ending the socket does the same
	// for nothing, so reading gets a context that never ends.
	kind, r, err := c.ws.Reader(context.WithoutCancel(ctx))
	if err != nil {
		return fmt.Errorf("gateway: reading: %w", err)
	}
	buffer := c.server.buffers.get()
	defer c.server.buffers.put(buffer)
	n, err := io.ReadFull(r, buffer[:])
	switch {
	case err == nil: // one byte more than allowed
		c.handle(ctx, protocol.FrameUnreadable{Reason: "payload is longer than 4096 bytes"})
		return errUnreadable // the rest stays unread, and the library would look for a frame in the middle of it
	case kind != websocket.MessageText:
		c.handle(ctx, protocol.FrameUnreadable{Reason: "payload is not text"})
		return errUnreadable
	}
	// A socket that ended inside the message shows in the next read.
	c.handle(ctx, protocol.FrameReceived{Data: buffer[:n]})
	return nil
}

// handle feeds one event to the machine. Any goroutine may call it, but only the reader those that need its time.
func (c *conn) handle(ctx context.Context, ev protocol.Event) {
	c.mu.Lock()
	later := c.perform(ctx, c.machine.Step(time.Now(), ev))
	c.mu.Unlock()
	for _, do := range later {
		do()
	}
}

// deliver queues a dispatch of the session. The seat's lock is held.
func (c *conn) deliver(ctx context.Context, d protocol.Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.perform(ctx, []protocol.Action{protocol.Deliver{Delivery: d}}) // what overflows asks for nothing later
}

// accept hands the machine the verdict on a Resume, and answers whether it has taken the session. The seat's lock is held.
func (c *conn) accept(ctx context.Context, s *seat, ev protocol.ResumeDecided) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.perform(ctx, c.machine.Step(time.Now(), ev)) // a verdict asks for nothing later
	taken := ev.Verdict == protocol.ResumeAccepted && c.machine.Ready()
	if taken {
		c.seat = s
	}
	return taken
}

// perform runs under the lock, so that actions happen in the order of the steps; none of them blocks. What may block, or
// calls others, is returned, to be done without the lock.
func (c *conn) perform(ctx context.Context, actions []protocol.Action) (later []func()) {
	for _, a := range actions {
		switch a := a.(type) {
		case protocol.Send:
			if !c.out.push(message{body: a.Body}) {
				return append(later, c.overflow(ctx)...)
			}
		case protocol.Deliver:
			if !c.out.push(message{seq: a.Delivery.Seq, body: a.Delivery.Body}) {
				return append(later, c.overflow(ctx)...)
			}
		case protocol.CompressMessages:
			c.mode = frame.Messages
		case protocol.LoadUser:
			c.startLoad(ctx, a)
		case protocol.OpenSession:
			c.stopLoad = nil // it has been of use
			later = append(later, c.open(a.Session))
		case protocol.FindSession:
			if a.Node == c.server.cfg.Node {
				c.startResume(ctx, a)
			} else {
				later = append(later, func() { c.findOwner(ctx, a) })
			}
		case protocol.Proxy:
			later = append(later, func() { c.proxy(ctx, a) })
		case protocol.Forward:
			later = append(later, func() { c.upstream.forward(ctx, a.Data) })
		case protocol.FetchMembers:
			c.fetchMembers(ctx, c.seat, a.Request)
		case protocol.SetPresence:
			later = append(later, c.tellPresence(c.seat, a.Presence))
		case protocol.LeaveSession:
			s := c.seat
			c.seat = nil
			later = append(later, func() { c.server.leave(c, s, a.Keep) })
		case protocol.Wait:
			c.rearm(ctx, a.Delay)
		case protocol.CloseSocket:
			c.becomeClosing(ctx, a)
		case protocol.Report:
			c.counted = c.server.tally(a.Outcome) || c.counted
		}
	}
	c.startDraining(ctx)
	return later
}

func (c *conn) overflow(ctx context.Context) []func() {
	return c.perform(ctx, c.machine.Step(time.Now(), protocol.QueueOverflowed{}))
}

func (c *conn) rearm(ctx context.Context, delay time.Duration) {
	if c.timer == nil {
		c.timer = time.AfterFunc(delay, func() { c.ring(ctx) })
		return
	}
	c.timer.Reset(delay)
}

// ring is the timer's callback: the machine's time has come, or that of a goodbye is over. It may have waited for the
// lock while another event ended the connection: then its time is not that of the goodbye, which rings again.
func (c *conn) ring(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.Code != 0 {
		if !time.Now().Before(c.cutAt) {
			_ = c.socket.Close() // whoever waits on it finds out
		}
		return
	}
	_ = c.perform(ctx, c.machine.Step(time.Now(), protocol.TimeCame{})) // time asks for nothing later
}

// becomeClosing leaves the close frame to the drainer and the end of its patience to the timer.
func (c *conn) becomeClosing(ctx context.Context, a protocol.CloseSocket) {
	c.last = a
	c.closed = make(chan struct{})
	c.out.closing = true
	if c.stopLoad != nil {
		c.stopLoad()
	}
	c.cutAt = time.Now().Add(closeGrace)
	c.rearm(ctx, closeGrace)
}

// end runs in the reader when nothing more can be read, and returns when the socket is gone.
func (c *conn) end(ctx context.Context, cause error) {
	code := closeCode(cause)
	if c.upstream != nil {
		c.upstream.end(c.goodbye(code))
	}
	c.handle(ctx, protocol.SocketEnded{Code: code})
	c.mu.Lock()
	if c.last.Code == 0 {
		c.last = protocol.CloseSocket{Code: code, Reason: "ended by the client"}
	}
	c.settle()
	if c.stopLoad != nil {
		c.stopLoad()
	}
	last, closed, counted := c.last, c.closed, c.counted
	c.mu.Unlock()

	if closed != nil {
		<-closed
	} else {
		_ = c.ws.CloseNow() // nobody is left to tell
	}
	c.timer.Stop()
	c.server.forget(c, last, counted)
}

// goodbye is what the other node has to hear of the client's code: nothing, where that only answers our own close.
func (c *conn) goodbye(code protocol.CloseCode) protocol.CloseCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.Code != 0 {
		return protocol.CloseAbnormal
	}
	return code
}

// closeCode is what the client's close frame said.
func closeCode(err error) protocol.CloseCode {
	if code := websocket.CloseStatus(err); code > 0 {
		return protocol.CloseCode(code)
	}
	return protocol.CloseAbnormal
}

func newSessionID(node string) string {
	var random [16]byte
	rand.Read(random[:]) // never fails: it would end the process instead
	return node + "." + hex.EncodeToString(random[:])
}
