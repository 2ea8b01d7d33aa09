package load

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/frame"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// payloads draws texts that compress and texts that do not, of which later ones repeat earlier ones.
func payloads(r *rand.Rand) [][]byte {
	var all [][]byte
	for range 40 {
		n := r.IntN(300)
		if r.IntN(4) == 0 {
			n = r.IntN(100_000)
		}
		text := make([]byte, n+1)
		for i := range text {
			text[i] = byte(r.Uint32())
		}
		if r.IntN(2) == 0 {
			copy(text, strings.Repeat(fmt.Sprintf(`{"content":"%d over and over"}`, r.IntN(3)), n/20+1))
		}
		if r.IntN(4) == 0 && len(all) > 0 {
			text = all[r.IntN(len(all))]
		}
		all = append(all, text)
	}
	return all
}

// A stream of one compressor, which refers back across messages, as Discord's does; with decompressors that others use in
// between, and messages in two parts.
func TestStreamOfOneCompressor(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	pool := newInflaters()
	var wire bytes.Buffer
	z := zlib.NewWriter(&wire)
	var s stream
	for i, want := range payloads(r) {
		wire.Reset()
		_, _ = z.Write(want)
		_ = z.Flush()
		message := bytes.Clone(wire.Bytes())
		lent := pool.get()
		if r.IntN(3) == 0 {
			half := r.IntN(len(message))
			if !bytes.HasSuffix(message[:half], flushed) {
				if got, err := s.payload(lent, message[:half]); got != nil || err != nil {
					t.Fatalf("seed %d: part of payload %d: got %.20q, %v, want nothing yet", seed, i, got, err)
				}
				message = message[half:]
			}
		}
		got, err := s.payload(lent, message)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d: payload %d of %d bytes: got %.40q, %v, want %.40q", seed, i, len(want), got, err, want)
		}
		if len(s.window) > windowBytes {
			t.Fatalf("seed %d: window: got %d bytes, want at most %d", seed, len(s.window), windowBytes)
		}
		pool.put(lent)
	}
}

// What our own gateway makes, both ways.
func TestOurOwnCompression(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	var asStream, asMessages frame.Encoder
	asStream.SetMode(frame.Stream)
	asMessages.SetMode(frame.Messages)
	var s stream
	lent := newInflaters().get()
	for i, text := range payloads(rand.New(rand.NewPCG(seed, 2))) {
		message, _ := asStream.Append(nil, int64(i), protocol.Text(text))
		want, _ := (&frame.Encoder{}).Append(nil, int64(i), protocol.Text(text))
		if got, err := s.payload(lent, message); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d: payload %d of the stream: got %.40q, %v, want %.40q", seed, i, got, err, want)
		}
		message, binary := asMessages.Append(nil, int64(i), protocol.Text(text))
		if !binary {
			continue
		}
		if got, err := lent.message(message); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d: payload %d by itself: got %.40q, %v, want %.40q", seed, i, got, err, want)
		}
	}
}

// Hostile messages cost an error, and no more memory than a payload may have.
func TestBadCompression(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := zlib.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 2*maxMessageBytes))
	_ = z.Flush()
	whole := bytes.Clone(bomb.Bytes())
	_ = z.Close()
	for _, row := range []struct {
		name string
		data []byte
		want error // nil for any
	}{
		{"no zlib", append([]byte("hello"), flushed...), errNoZlib},
		{"too short", flushed[2:], nil},
		{"garbage behind a header", append([]byte("\x78\x9c\xff\xff\xff\xff"), flushed...), nil},
		{"a bomb", whole, errTooLong},
		{"endless parts", make([]byte, maxMessageBytes+1), errTooLong},
	} {
		var s stream
		lent := newInflaters().get()
		got, err := s.payload(lent, row.data)
		if row.name == "too short" {
			if got != nil || err != nil {
				t.Errorf("%s: got %q, %v, want nothing yet", row.name, got, err)
			}
			continue
		}
		if err == nil || (row.want != nil && !errors.Is(err, row.want)) {
			t.Errorf("%s: got %.20q, %v, want an error (%v)", row.name, got, err, row.want)
		}
	}
	lent := newInflaters().get()
	for name, data := range map[string][]byte{"no zlib": []byte("hello"), "nothing": nil, "a bomb": bomb.Bytes()} {
		if got, err := lent.message(data); err == nil {
			t.Errorf("%s by itself: got %.20q, want an error", name, got)
		}
	}
}

// FuzzStream feeds whatever a gateway may send: no panic, and no window beyond its bound.
func FuzzStream(f *testing.F) {
	f.Add([]byte("\x78\x9c\x00\x01\x00\xfe\xff\x61\x00\x00\x00\xff\xff"), []byte("\x00\x00\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var s stream
		lent := newInflaters().get()
		for _, data := range [][]byte{first, second, first} {
			_, _ = s.payload(lent, data)
			_, _ = lent.message(data)
			if len(s.window) > windowBytes || len(s.pending) > maxMessageBytes {
				t.Fatalf("kept: got %d and %d bytes, want at most %d and %d", len(s.window), len(s.pending), windowBytes, maxMessageBytes)
			}
		}
	})
}
