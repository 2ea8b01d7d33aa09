package frame

import (
	"bytes"
	"compress/flate"
	"hash/adler32"
	"sync"
)

// Shared is the body of a dispatch for many sessions. Build it with New.
type Shared struct {
	text []byte
	once sync.Once
	pack packed // set by once
}

// packed is a text compressed from an empty window and ended on a byte, and what a checksum over it needs.
type packed struct {
	blocks []byte
	sum    uint32
}

// New makes a body of a text, to which nobody writes afterwards.
func New(text []byte) *Shared { return &Shared{text: text} }

// Text returns the body uncompressed.
func (s *Shared) Text() []byte { return s.text }

// packed compresses the body for whoever asks first.
func (s *Shared) packed() packed {
	s.once.Do(func() { s.pack = pack(s.text) })
	return s.pack
}

// level is a middle: the text is small, and compressed once however many get it.
const level = 6

// compressors are lent for one text each: one holds most of a megabyte.
//
//nolint:gochecknoglobals // a pool of what is stateless between uses
var compressors = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, level)
	if err != nil {
		return nil // no level of ours is refused
	}
	return w
}}

func pack(text []byte) packed {
	out := bytes.NewBuffer(make([]byte, 0, len(text)/2+32))
	sum := adler32.Checksum(text)
	w, ok := compressors.Get().(*flate.Writer)
	if !ok {
		return packed{appendFlush(appendStored(nil, text)), sum}
	}
	defer compressors.Put(w)
	w.Reset(out)
	_, _ = w.Write(text) // a buffer refuses nothing
	_ = w.Flush()        // likewise
	return packed{out.Bytes(), sum}
}
