package frame

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// FuzzEncoder sends two bodies in every mode: what a client reads is what was sent.
func FuzzEncoder(f *testing.F) {
	f.Add([]byte(`"t":"READY","op":0,"d":{}}`), []byte(""), int64(7))
	f.Add(bytes.Repeat([]byte("x"), 70_000), []byte{0, 0, 0xff, 0xff}, int64(0))
	f.Fuzz(func(t *testing.T, first, second []byte, seq int64) {
		seq = max(seq, 0)
		bodies := []protocol.Body{protocol.Text(first), New(second), New(first)}
		var stream, messages Encoder
		stream.SetMode(Stream)
		messages.SetMode(Messages)
		var sent, want []byte
		for _, b := range bodies {
			sent, _ = stream.Append(sent, seq, b)
			want = append(want, whole(seq, b)...)
			alone, binary := messages.Append(nil, seq, b)
			if binary {
				alone = inflate(t, alone, -1)
			}
			if string(alone) != whole(seq, b) {
				t.Fatalf("message: got %.60q, want %.60q", alone, whole(seq, b))
			}
		}
		if got := inflate(t, sent, len(want)); !bytes.Equal(got, want) {
			t.Fatalf("stream: got %.60q, want %.60q", got, want)
		}
	})
}

// inflate reads so many bytes, or with -1 up to the end and its checksum.
func inflate(t *testing.T, data []byte, n int) []byte {
	t.Helper()
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if n < 0 {
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(z, text); err != nil {
		t.Fatal(err)
	}
	return text
}
