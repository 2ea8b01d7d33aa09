package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/frame"
)

const (
	// writeTimeout is how long one message may take to reach the client's socket.
	writeTimeout = 10 * time.Second
	// maxKeptBuffer bounds the buffers that are kept for the next message; larger ones are rare.
	maxKeptBuffer = 64 << 10
)

// startDraining sees to it that what is queued is written. It needs the lock.
func (c *conn) startDraining(ctx context.Context) {
	if c.out.begin() {
		c.server.tasks.Go(func() { c.drain(context.WithoutCancel(ctx)) }) // a stop lets the farewell through
	}
}

// drain writes what is queued and ends when nothing is.
func (c *conn) drain(ctx context.Context) {
	for {
		c.mu.Lock()
		batch, farewell := c.out.take()
		last, mode := c.last, c.mode
		c.mu.Unlock()
		if len(batch) == 0 {
			if farewell {
				_ = c.ws.Close(websocket.StatusCode(last.Code), last.Reason) // gone either way
				close(c.closed)
			}
			return
		}
		if err := c.write(ctx, mode, batch); err != nil {
			_ = c.socket.Close() // the reader finds out
			c.mu.Lock()
			c.out.discard()
			c.mu.Unlock()
		}
	}
}

// write bounds its time by the socket's own deadline: a context that ends would cost the library a callback a message.
func (c *conn) write(ctx context.Context, mode frame.Mode, batch []message) error {
	c.encoder.SetMode(mode)
	buffer := c.server.outgoing.get()
	defer c.server.outgoing.put(buffer)
	for _, m := range batch {
		if err := c.socket.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return fmt.Errorf("gateway: writing: %w", err)
		}
		var binary bool
		if m.raw {
			*buffer, binary = append((*buffer)[:0], m.body.Text()...), m.binary
		} else {
			*buffer, binary = c.encoder.Append((*buffer)[:0], m.seq, m.body)
		}
		kind := websocket.MessageText
		if binary {
			kind = websocket.MessageBinary
		}
		if err := c.ws.Write(ctx, kind, *buffer); err != nil {
			return fmt.Errorf("gateway: writing: %w", err)
		}
	}
	return nil
}

// growing lends buffers that grow with what is appended to them.
type growing struct{ pool sync.Pool }

func newGrowing() *growing {
	return &growing{sync.Pool{New: func() any { return new([]byte) }}}
}

func (g *growing) get() *[]byte {
	b, ok := g.pool.Get().(*[]byte)
	if !ok {
		return new([]byte)
	}
	return b
}

func (g *growing) put(b *[]byte) {
	if cap(*b) <= maxKeptBuffer {
		g.pool.Put(b)
	}
}
