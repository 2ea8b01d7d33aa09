package gateway

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// heard is one payload as a client reads it.
type heard struct {
	Op  int             `json:"op"`
	Seq int64           `json:"s"`
	T   string          `json:"t"`
	D   json.RawMessage `json:"d"`
}

// String is what rows compare: the name or the opcode, and the number.
func (h heard) String() string {
	if h.Op == 0 {
		return fmt.Sprintf("%s %d", h.T, h.Seq)
	}
	return fmt.Sprintf("op %d", h.Op)
}

// follower is a client that decompresses what needs it, and knows its session.
type follower struct {
	*client
	stream  *bytes.Buffer // what has arrived of a compressed stream; nil for none
	inflate io.Reader
	binary  int // messages that were compressed
	session string
	seq     int64
}

func (r *running) follow(t *testing.T, path string) *follower {
	t.Helper()
	f := &follower{client: r.dial(t, path)}
	if strings.Contains(path, "zlib-stream") {
		f.stream = &bytes.Buffer{}
	}
	return f
}

// next reads one payload.
func (f *follower) next() heard {
	f.t.Helper()
	h, err := f.tryNext()
	if err != nil {
		f.t.Fatalf("next payload: %v", err)
	}
	return h
}

func (f *follower) tryNext() (h heard, err error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	kind, data, err := f.ws.Read(ctx)
	if err != nil {
		return heard{}, err
	}
	if f.stream != nil && kind != websocket.MessageBinary {
		return heard{}, fmt.Errorf("message in a stream: got text %.100s, want it compressed", data)
	}
	if kind == websocket.MessageBinary {
		f.binary++
		if data, err = f.decompress(data); err != nil {
			return heard{}, err
		}
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return heard{}, fmt.Errorf("payload %.200s: %w", data, err)
	}
	if h.Seq > 0 {
		f.seq = h.Seq
	}
	if h.T == "READY" {
		var ready struct {
			Session string `json:"session_id"`
		}
		err = json.Unmarshal(h.D, &ready)
		f.session = ready.Session
	}
	return h, err
}

// decompress reads a message that is a stream of its own, or the next part of one that goes on.
func (f *follower) decompress(data []byte) ([]byte, error) {
	if f.stream == nil {
		z, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	}
	if !bytes.HasSuffix(data, []byte{0, 0, 0xff, 0xff}) {
		return nil, fmt.Errorf("end of a message in a stream: got %x, want 0000ffff", data)
	}
	f.stream.Write(data)
	if f.inflate == nil {
		z, err := zlib.NewReader(f.stream)
		if err != nil {
			return nil, err
		}
		f.inflate = z
	}
	// The decoder stops at the end of a value and would read on; one message holds one value.
	var raw json.RawMessage
	err := json.NewDecoder(oneAtATime{f.inflate}).Decode(&raw)
	return raw, err
}

// oneAtATime keeps the decoder from reading into the next message.
type oneAtATime struct{ r io.Reader }

func (o oneAtATime) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

// hear expects payloads in order, as heard.String renders them.
func (f *follower) hear(want ...string) heard {
	f.t.Helper()
	var last heard
	for _, w := range want {
		last = f.next()
		if last.String() != w {
			f.t.Fatalf("payload: got %v (%.300s), want %s", last, last.D, w)
		}
	}
	return last
}

// login identifies with a token and some members of Identify.
func (f *follower) login(token, more string) {
	f.t.Helper()
	f.hear("op 10")
	f.say(fmt.Sprintf(`{"op":2,"d":{"token":%q,"properties":{}%s}}`, token, more))
	f.hear("READY 1")
}

// resume asks for the session of another follower.
func (f *follower) resume(of *follower) {
	f.t.Helper()
	f.hear("op 10")
	f.say(fmt.Sprintf(`{"op":6,"d":{"token":%q,"session_id":%q,"seq":%d}}`, "t1", of.session, of.seq))
	f.session, f.seq = of.session, of.seq
}
