package gateway

import (
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

func sized(n int) message { return message{body: protocol.Text(make([]byte, n))} }

func TestOutboxLimits(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		size    int
		accepts int
	}{
		{"small messages fill the count", 1, maxQueuedMessages},
		{"large messages fill the bytes", maxQueuedBytes / 4, 4},
		{"one of all the bytes", maxQueuedBytes, 1},
		{"one too large", maxQueuedBytes + 1, 0},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			var o outbox
			accepted := 0
			for o.push(sized(r.size)) {
				accepted++
			}
			if accepted != r.accepts {
				t.Fatalf("accepted messages: got %d, want %d", accepted, r.accepts)
			}
			batch, _ := o.take()
			if len(batch) != r.accepts {
				t.Errorf("taken messages: got %d, want %d", len(batch), r.accepts)
			}
			if !o.push(sized(0)) {
				t.Errorf("push after take: got refused, want accepted")
			}
		})
	}
}

func TestOutboxHasOneDrainer(t *testing.T) {
	t.Parallel()
	var o outbox
	if o.begin() {
		t.Errorf("begin while empty: got a drainer, want none")
	}
	o.push(sized(1))
	if !o.begin() {
		t.Errorf("begin with a message: got no drainer, want one")
	}
	o.push(sized(1))
	if o.begin() {
		t.Errorf("begin while draining: got a second drainer, want none")
	}
	if batch, _ := o.take(); len(batch) != 2 {
		t.Errorf("first take: got %d messages, want 2", len(batch))
	}
	if batch, farewell := o.take(); len(batch) != 0 || farewell {
		t.Errorf("second take: got %d messages and farewell %v, want none of both", len(batch), farewell)
	}
	o.closing = true
	if !o.begin() {
		t.Errorf("begin for the farewell: got no drainer, want one")
	}
	if _, farewell := o.take(); !farewell {
		t.Errorf("take when closing: got no farewell, want one")
	}
	if o.begin() {
		t.Errorf("begin after the farewell: got a drainer, want none")
	}
}
