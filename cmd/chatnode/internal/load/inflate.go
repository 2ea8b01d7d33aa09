package load

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Compression is how users ask for their payloads.
type Compression string

// The kinds of compression. The zero value is CompressNone.
const (
	CompressNone    Compression = "none"
	CompressPayload Compression = "payload"     // each payload by itself, asked for in Identify
	CompressStream  Compression = "zlib-stream" // the whole connection, asked for in its address
)

const (
	// windowBytes is how far back a deflate stream may refer.
	windowBytes = 32 << 10
	// zlibHeader is how long the head of a zlib stream is.
	zlibHeader = 2
)

// flushed is the end of every payload of a compressed stream.
var flushed = []byte{0x00, 0x00, 0xff, 0xff} //nolint:gochecknoglobals // a constant

var (
	errTooLong = errors.New("load: payload is too long once it is decompressed")
	errNoZlib  = errors.New("load: message is not compressed as it was asked for")
)

// inflaters lends decompressors: a user has none while nothing comes, but only what it must remember of its stream.
type inflaters struct{ pool sync.Pool }

// inflater is one that is lent.
type inflater struct {
	in    bytes.Reader
	flate io.ReadCloser
	out   bytes.Buffer
}

func newInflaters() *inflaters {
	return &inflaters{sync.Pool{New: func() any { return newInflater() }}}
}

func newInflater() *inflater {
	i := &inflater{}
	i.flate = flate.NewReader(&i.in)
	return i
}

func (p *inflaters) get() *inflater {
	if i, ok := p.pool.Get().(*inflater); ok {
		return i
	}
	return newInflater()
}

func (p *inflaters) put(i *inflater) { p.pool.Put(i) }

// message decompresses a message that is a zlib stream of its own. The answer is valid until the inflater is given back.
func (i *inflater) message(data []byte) ([]byte, error) {
	i.in.Reset(data)
	z, err := zlib.NewReader(&i.in)
	if err != nil {
		return nil, errNoZlib
	}
	i.out.Reset()
	if err := i.fill(z); err != nil {
		return nil, err
	}
	return i.out.Bytes(), nil
}

// fill reads at most one payload, to its end.
func (i *inflater) fill(from io.Reader) error {
	n, err := i.out.ReadFrom(io.LimitReader(from, maxMessageBytes+1))
	if err == nil && n > maxMessageBytes {
		return errTooLong
	}
	return err
}

// stream is what a connection remembers of its compressed stream.
type stream struct {
	begun   bool
	pending []byte // of a payload that came in more than one message
	window  []byte // the end of what has been decompressed
}

// payload decompresses the next message of a stream. It answers nil while the payload is not complete. The answer is valid
// until the inflater is given back.
//
// A payload ends on a byte, with all that is before it flushed. So what follows can be read by any decompressor that is given
// the window, and none has to wait for its user.
func (s *stream) payload(i *inflater, data []byte) ([]byte, error) {
	if len(s.pending) > 0 || !bytes.HasSuffix(data, flushed) {
		if len(s.pending)+len(data) > maxMessageBytes {
			return nil, errTooLong
		}
		s.pending = append(s.pending, data...)
		if !bytes.HasSuffix(s.pending, flushed) {
			return nil, nil
		}
		data, s.pending = s.pending, nil
	}
	if !s.begun {
		if len(data) < zlibHeader || data[0]&0x0f != 8 || (int(data[0])<<8|int(data[1]))%31 != 0 {
			return nil, errNoZlib
		}
		data, s.begun = data[zlibHeader:], true
	}
	i.in.Reset(data)
	reset, ok := i.flate.(flate.Resetter)
	if !ok {
		return nil, errNoZlib // not with the standard library's
	}
	if err := reset.Reset(&i.in, s.window); err != nil {
		return nil, fmt.Errorf("load: decompressing: %w", err)
	}
	i.out.Reset()
	// The end of the message looks like an end too early to a reader of one long stream.
	if err := i.fill(i.flate); !errors.Is(err, io.ErrUnexpectedEOF) {
		if err == nil {
			err = errNoZlib
		}
		return nil, fmt.Errorf("load: decompressing: %w", err)
	}
	s.remember(i.out.Bytes())
	return i.out.Bytes(), nil
}

// remember keeps the last windowBytes.
func (s *stream) remember(out []byte) {
	if len(out) >= windowBytes {
		s.window = append(s.window[:0], out[len(out)-windowBytes:]...)
		return
	}
	if over := len(s.window) + len(out) - windowBytes; over > 0 {
		s.window = append(s.window[:0], s.window[over:]...)
	}
	s.window = append(s.window, out...)
}
