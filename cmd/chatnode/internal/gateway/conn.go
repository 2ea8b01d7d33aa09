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
)

const (
	// writeTimeout is how long one message may take to reach the client's socket.
	writeTimeout = 10 * time.Second
	// closeGrace is how long a client may take to read what is left and to answer the close frame.
	closeGrace = time.Second
)

var errUnreadable = errors.New("gateway: message is unreadable")

// conn carries out what the machine of one client asks for. Frames come from its reader, the only goroutine it keeps;
// loads, the timer and writes borrow one while they have something to do.
type conn struct {
	server *Server
	socket net.Conn // under ws; closing it ends whatever ws waits for
	ws     *websocket.Conn

	mu       sync.Mutex // owns everything below
	machine  session
	out      outbox
	timer    *time.Timer
	stopLoad context.CancelFunc
	last     closeSocket   // why the session ended; the code is zero while it has not
	cutAt    time.Time     // when the patience with a goodbye ends
	closed   chan struct{} // made when our side ends it; closed when the socket is gone
}

// run reads until the socket ends.
func (c *conn) run(ctx context.Context, query connected) {
	if !c.server.register(c) {
		c.handle(ctx, serverStopping{})
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
		c.handle(ctx, frameUnreadable{"payload is longer than 4096 bytes"})
		return errUnreadable // the rest stays unread, and the library would look for a frame in the middle of it
	case kind != websocket.MessageText:
		c.handle(ctx, frameUnreadable{"payload is not text"})
		return errUnreadable
	}
	// A socket that ended inside the message shows in the next read.
	c.handle(ctx, frameReceived{buffer[:n]})
	return nil
}

// handle feeds one event to the machine. Any goroutine may call it.
func (c *conn) handle(ctx context.Context, ev event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.perform(ctx, c.machine.step(time.Now(), ev))
}

// perform runs under the lock, so that actions happen in the order of the steps; none of them blocks.
func (c *conn) perform(ctx context.Context, actions []action) {
	for _, a := range actions {
		switch a := a.(type) {
		case send:
			if !c.out.push(a.payload) {
				c.perform(ctx, c.machine.step(time.Now(), queueOverflowed{}))
				return
			}
		case loadUser:
			c.startLoad(ctx, a.token)
		case wait:
			c.rearm(ctx, a.delay)
		case closeSocket:
			c.becomeClosing(ctx, a)
		case report:
			c.server.tally(a.outcome)
		}
	}
	if c.out.begin() {
		c.server.tasks.Go(func() { c.drain(ctx) })
	}
}

func (c *conn) rearm(ctx context.Context, delay time.Duration) {
	if c.timer == nil {
		c.timer = time.AfterFunc(delay, func() { c.ring(ctx) })
		return
	}
	c.timer.Reset(delay)
}

// ring is the timer's callback: the machine's time has come, or that of a goodbye is over. It may have waited for the
// lock while another event ended the session: then its time is not that of the goodbye, which rings again.
func (c *conn) ring(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.code != 0 {
		if reached(time.Now(), c.cutAt) {
			_ = c.socket.Close() // whoever waits on it finds out
		}
		return
	}
	c.perform(ctx, c.machine.step(time.Now(), timeCame{}))
}

// becomeClosing leaves the close frame to the drainer and the end of its patience to the timer.
func (c *conn) becomeClosing(ctx context.Context, a closeSocket) {
	c.last = a
	c.closed = make(chan struct{})
	c.out.closing = true
	if c.stopLoad != nil {
		c.stopLoad()
	}
	c.cutAt = time.Now().Add(closeGrace)
	c.rearm(ctx, closeGrace)
}

func (c *conn) startLoad(ctx context.Context, token string) {
	bounded, cancel := context.WithTimeout(ctx, c.server.cfg.LoadTimeout)
	c.stopLoad = cancel
	c.server.tasks.Go(func() {
		defer cancel()
		user, err := c.server.load(bounded, token)
		if err != nil {
			c.server.cfg.Log.Debug().Err(err).Msg("user not loaded")
		}
		c.handle(ctx, userLoaded{user: user, sessionID: newSessionID(c.server.cfg.Node), err: err})
	})
}

// drain writes what is queued and ends when nothing is.
func (c *conn) drain(ctx context.Context) {
	forever := context.WithoutCancel(ctx) // a stop lets the farewell through
	for {
		c.mu.Lock()
		batch, farewell := c.out.take()
		last := c.last
		c.mu.Unlock()
		if len(batch) == 0 {
			if farewell {
				_ = c.ws.Close(websocket.StatusCode(last.code), last.reason) // gone either way
				close(c.closed)
			}
			return
		}
		if err := c.write(forever, batch); err != nil {
			_ = c.socket.Close() // the reader finds out
			c.mu.Lock()
			c.out.discard()
			c.mu.Unlock()
		}
	}
}

func (c *conn) write(ctx context.Context, batch [][]byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	for _, payload := range batch {
		if err := c.ws.Write(ctx, websocket.MessageText, payload); err != nil {
			return fmt.Errorf("gateway: writing: %w", err)
		}
	}
	return nil
}

// end runs in the reader when nothing more can be read, and returns when the socket is gone.
func (c *conn) end(ctx context.Context, cause error) {
	c.mu.Lock()
	wasReady := c.machine.id != ""
	c.perform(ctx, c.machine.step(time.Now(), socketEnded{}))
	if c.last.code == 0 {
		c.last = closeSocket{closeCode(cause), "ended by the client"}
	}
	if c.stopLoad != nil {
		c.stopLoad()
	}
	last, closed := c.last, c.closed
	c.mu.Unlock()

	if closed != nil {
		<-closed
	} else {
		_ = c.ws.CloseNow() // nobody is left to tell
	}
	c.timer.Stop()
	c.server.forget(c, last, wasReady)
}

// closeCode is what the client's close frame said.
func closeCode(err error) CloseCode {
	if code := websocket.CloseStatus(err); code > 0 {
		return CloseCode(code)
	}
	return CloseAbnormal
}

func newSessionID(node string) string {
	var random [16]byte
	rand.Read(random[:]) // never fails: it would end the process instead
	return node + "." + hex.EncodeToString(random[:])
}
