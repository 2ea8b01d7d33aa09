package gateway

// Limits of what one session keeps for a client that reads slowly. A whole READY fits many times; beyond either number
// the client is taken for dead.
const (
	maxQueuedMessages = 128
	maxQueuedBytes    = 1 << 20
)

// outbox is the queue before one socket, and who drains it: at most one goroutine, and none while it is empty. Its owner
// is the conn, under the conn's lock.
type outbox struct {
	queue    [][]byte
	bytes    int
	draining bool
	closing  bool // nothing is queued any more; the close frame follows the queue
}

// push queues a payload. It answers false where the limits forbid it.
func (o *outbox) push(payload []byte) bool {
	if o.closing {
		return true
	}
	if len(o.queue) >= maxQueuedMessages || o.bytes+len(payload) > maxQueuedBytes {
		return false
	}
	o.queue = append(o.queue, payload)
	o.bytes += len(payload)
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
func (o *outbox) take() (batch [][]byte, farewell bool) {
	batch, o.queue, o.bytes = o.queue, nil, 0
	if len(batch) > 0 {
		return batch, false
	}
	o.draining = o.closing
	return nil, o.closing
}

// discard drops what nobody will read any more.
func (o *outbox) discard() { o.queue, o.bytes = nil, 0 }
