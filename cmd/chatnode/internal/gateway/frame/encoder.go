package frame

import (
	"hash/adler32"
	"strconv"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// Mode is how a connection wants its payloads.
type Mode uint8

// The modes.
const (
	// Plain sends text.
	Plain Mode = iota
	// Messages sends each payload of minCompressed bytes or more as a zlib stream of its own, and the others as text.
	Messages
	// Stream sends everything as one zlib stream, flushed after each payload.
	Stream
)

const (
	// minCompressed is the least that is worth compressing alone.
	minCompressed = 512
	// minPacked is the least that is worth compressing in a stream; smaller payloads are stored.
	minPacked = 64
	// maxStored is the most that one stored block holds.
	maxStored = 1<<16 - 1
)

// The two bytes that begin a zlib stream (RFC 1950): deflate with a window of 32 KiB, default level, no dictionary.
const header = "\x78\x9c"

// Encoder turns payloads into the messages of one connection. The zero value sends text.
type Encoder struct {
	mode  Mode
	begun bool // the stream has its header
}

// SetMode says how payloads are sent from here on. A stream stays one: only its beginning can be in another mode.
func (e *Encoder) SetMode(m Mode) {
	if e.mode != Stream {
		e.mode = m
	}
}

// Append adds one message to a buffer, and says whether it is binary. The number zero stands for a payload that has none.
func (e *Encoder) Append(dst []byte, seq int64, body protocol.Body) (message []byte, binary bool) {
	var room [32]byte
	head := room[:0]
	if seq > 0 {
		head = append(strconv.AppendInt(append(head, `{"s":`...), seq, 10), ',')
	}
	text := body.Text()
	switch {
	case e.mode == Stream:
		return e.appendStream(dst, head, body), true
	case e.mode == Messages && len(head)+len(text) >= minCompressed:
		return appendMessage(dst, head, body), true
	}
	return append(append(dst, head...), text...), false
}

func (e *Encoder) appendStream(dst, head []byte, body protocol.Body) []byte {
	if !e.begun {
		dst = append(dst, header...)
		e.begun = true
	}
	if len(head) > 0 {
		dst = appendStored(dst, head)
	}
	if text := body.Text(); len(text) < minPacked {
		return appendFlush(appendStored(dst, text))
	}
	return append(dst, packedOf(body).blocks...)
}

func appendMessage(dst, head []byte, body protocol.Body) []byte {
	dst = append(dst, header...)
	if len(head) > 0 {
		dst = appendStored(dst, head)
	}
	p := packedOf(body)
	dst = append(dst, p.blocks...)
	dst = append(dst, 0x01, 0x00, 0x00, 0xff, 0xff) // the last block, stored and empty
	sum := combine(adler32.Checksum(head), p.sum, len(body.Text()))
	return append(dst, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
}

// packedOf compresses what nobody shares for this one use.
func packedOf(body protocol.Body) packed {
	if s, ok := body.(*Shared); ok {
		return s.packed()
	}
	return pack(body.Text())
}

// appendStored adds a text as it is, in blocks that begin and end on a byte (RFC 1951, 3.2.4).
func appendStored(dst, text []byte) []byte {
	for len(text) > 0 {
		n := min(len(text), maxStored)
		dst = append(dst, 0x00, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
		dst = append(dst, text[:n]...)
		text = text[n:]
	}
	return dst
}

// appendFlush adds an empty stored block: by its last four bytes clients know the end of a message.
func appendFlush(dst []byte) []byte { return append(dst, 0x00, 0x00, 0x00, 0xff, 0xff) }

// combine is the Adler-32 of two texts, one behind the other, out of theirs and the length of the second.
func combine(first, second uint32, length int) uint32 {
	const base = 65521
	a1, b1 := first&0xffff, first>>16
	a2, b2 := second&0xffff, second>>16
	a := (a1 + a2 + base - 1) % base
	b := (uint64(b1) + uint64(b2) + uint64(length%base)*uint64(a1+base-1)) % base
	return uint32(b)<<16 | a
}
