package gateway

import "github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"

// Limits of what one connection keeps for a client that reads slowly: all that a session can replay, and as much again.
// Beyond either number the client is taken for dead.
const (
	maxQueuedMessages = 2 * protocol.MaxReplayEvents
	maxQueuedBytes    = 8 << 20
)

// message is what is queued for a client.
type message struct {
	seq    int64 // of a dispatch, else zero
	body   protocol.Body
	binary bool // encoded already, by another node
	raw    bool
}

// outbox is the queue before one socket, and who drains it: at most one goroutine, and none while it is empty. Its owner
// is the conn, under the conn's lock.
type outbox struct {
	queue    []message
	bytes    int
	draining bool
	closing  bool // nothing is queued any more; the close frame follows the queue
}

// push queues a message. It answers false where the limits forbid it.
func (o *outbox) push(m message) bool {
	if o.closing {
		return true
	}
	size := len(m.body.Text())
	if len(o.queue) >= maxQueuedMessages || o.bytes+size > maxQueuedBytes {
		return false
	}
	o.queue = append(o.queue, m)
	o.bytes += size
	return true
}

// begin makes the caller the drainer, unless there is one or nothing to do.
func (o *outbox) begin() bool {
	if o.draining || (len(o.queue) == 0 && !o.closing) {
		return false
	}
	o.draining = true
	return true
}

// take answers everything queued. With nothing queued the drainer's work is over, and farewell says whether the close
// frame is due: then it stays the drainer for good, so that nobody writes behind the close frame.
func (o *outbox) take() (batch []message, farewell bool) {
	batch, o.queue, o.bytes = o.queue, nil, 0
	if len(batch) > 0 {
		return batch, false
	}
	o.draining = o.closing
	return nil, o.closing
}

// discard drops what nobody will read any more.
func (o *outbox) discard() { o.queue, o.bytes = nil, 0 }
