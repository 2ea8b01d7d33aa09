package frame

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// sample draws a body: short and long ones, ones that compress and ones that do not.
func sample(r *rand.Rand) protocol.Body {
	n := r.IntN(200)
	switch r.IntN(4) {
	case 0:
		n = r.IntN(5000)
	case 1:
		n = r.IntN(80_000)
	}
	text := make([]byte, n)
	if r.IntN(2) == 0 {
		for i := range text {
			text[i] = byte(r.Uint32())
		}
	} else {
		copy(text, strings.Repeat(`{"content":"over and over"}`, n/27+1))
	}
	if r.IntN(2) == 0 {
		return New(text)
	}
	return protocol.Text(text)
}

func whole(seq int64, body protocol.Body) string {
	if seq == 0 {
		return string(body.Text())
	}
	return fmt.Sprintf(`{"s":%d,%s`, seq, body.Text())
}

// A reader of the standard library, fed message by message, reads what was sent, whatever bodies other streams have
// shared; every message ends with the mark that clients look for, and can be read when it has arrived.
func TestStreamIsOneZlibStream(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	var pool []protocol.Body
	for range 20 {
		pool = append(pool, sample(r))
	}
	for stream := range 4 {
		var e Encoder
		e.SetMode(Stream)
		e.SetMode(Messages) // has no effect on a stream
		incoming := &bytes.Buffer{}
		var reader io.Reader
		for i := range 25 {
			seq, body := int64(r.IntN(3)*i), pool[r.IntN(len(pool))]
			message, binary := e.Append(nil, seq, body)
			if !binary || !bytes.HasSuffix(message, []byte{0, 0, 0xff, 0xff}) {
				t.Fatalf("seed %d: message %d of stream %d: got binary %v and end %x, want binary and 0000ffff", seed, i, stream, binary, message[max(len(message)-4, 0):])
			}
			incoming.Write(message)
			if reader == nil {
				z, err := zlib.NewReader(incoming)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				reader = z
			}
			got := make([]byte, len(whole(seq, body)))
			if _, err := io.ReadFull(reader, got); err != nil || string(got) != whole(seq, body) {
				t.Fatalf("seed %d: message %d of stream %d: got %.60q, %v, want %.60q", seed, i, stream, got, err, whole(seq, body))
			}
		}
	}
}

// Every message of its own is a complete zlib stream, with the right checksum; short ones are text.
func TestMessagesAreZlibStreams(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	var e Encoder
	e.SetMode(Messages)
	for i := range 100 {
		seq, body := int64(r.IntN(3)*i), sample(r)
		message, binary := e.Append(nil, seq, body)
		want := whole(seq, body)
		if binary != (len(want) >= minCompressed) {
			t.Fatalf("seed %d: %d bytes: got binary %v", seed, len(want), binary)
		}
		got := message
		if binary {
			z, err := zlib.NewReader(bytes.NewReader(message))
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if got, err = io.ReadAll(z); err != nil { // checks the sum, too
				t.Fatalf("seed %d: %d bytes: %v", seed, len(want), err)
			}
		}
		if string(got) != want {
			t.Fatalf("seed %d: got %.60q, want %.60q", seed, got, want)
		}
	}
}

func TestPlainIsText(t *testing.T) {
	t.Parallel()
	var e Encoder
	rows := []struct {
		seq  int64
		want string
	}{{0, `{"op":11}`}, {7, `{"s":7,{"op":11}`}}
	for _, row := range rows {
		got, binary := e.Append([]byte("before "), row.seq, protocol.Text(`{"op":11}`))
		if string(got) != "before "+row.want || binary {
			t.Errorf("number %d: got %s, binary %v, want %s as text", row.seq, got, binary, row.want)
		}
	}
}

func TestCombine(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 3))
	for range 100 {
		text := make([]byte, r.IntN(80_000))
		for i := range text {
			text[i] = byte(r.Uint32() | 0xc0) // large values wrap around soon
		}
		at := r.IntN(len(text) + 1)
		got := combine(adler32.Checksum(text[:at]), adler32.Checksum(text[at:]), len(text)-at)
		if want := adler32.Checksum(text); got != want {
			t.Fatalf("seed %d: %d bytes cut at %d: got %08x, want %08x", seed, len(text), at, got, want)
		}
	}
}

// What is shared is compressed once.
func TestSharedIsPackedOnce(t *testing.T) {
	t.Parallel()
	s := New(bytes.Repeat([]byte("again and "), 100))
	first, second := s.packed(), s.packed()
	if &first.blocks[0] != &second.blocks[0] {
		t.Errorf("second use: got other blocks, want the first's")
	}
	if len(first.blocks) >= len(s.text)/2 {
		t.Errorf("compressed: got %d bytes of %d, want less than half", len(first.blocks), len(s.text))
	}
}

func BenchmarkAppend(b *testing.B) {
	body := New([]byte(`"t":"MESSAGE_CREATE","op":0,"d":{"id":"1","content":"` + strings.Repeat("word ", 40) + `"}}`))
	for _, mode := range []struct {
		name string
		mode Mode
	}{{"plain", Plain}, {"stream", Stream}} {
		b.Run(mode.name, func(b *testing.B) {
			var e Encoder
			e.SetMode(mode.mode)
			buffer := make([]byte, 0, 4096)
			b.ReportAllocs()
			for i := range b.N {
				buffer, _ = e.Append(buffer[:0], int64(i+1), body)
			}
		})
	}
}
