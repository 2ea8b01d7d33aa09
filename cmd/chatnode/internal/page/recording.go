package page

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// recordBuffer is how many lines wait for a slow disk; more are lost, and counted.
	recordBuffer = 4096
	// maxRecording bounds a recording, in bytes: days of a run that is kept up.
	maxRecording = 512 << 20
)

// line is one line of a recording: what was published, and when.
type line struct {
	// At is milliseconds since the recording began.
	At   int64           `json:"at"`
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// RecordingLine is what was published at a time since the beginning, as a
// recording holds it.
func RecordingLine(at time.Duration, kind string, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(line{At: max(0, at.Milliseconds()), Kind: kind, Data: data})
	return append(text, '\n'), err
}

// Recording writes what a feed publishes, one JSON document a line. Made by
// [NewRecording]; Keep is a feed's record; Close writes what is left.
type Recording struct {
	lines chan []byte
	done  chan struct{}
	began time.Time
	now   func() time.Time

	mu     sync.Mutex
	closed bool
	lost   int
	err    error
}

// NewRecording begins a recording in w, which stays the caller's to close. Times
// are counted from its beginning, as now tells them.
func NewRecording(w io.Writer, now func() time.Time) *Recording {
	r := &Recording{lines: make(chan []byte, recordBuffer), done: make(chan struct{}), began: now(), now: now}
	go r.write(w)
	return r
}

// Keep takes one line. It never waits for the disk.
func (r *Recording) Keep(kind string, v any) {
	text, err := RecordingLine(r.now().Sub(r.began), kind, v)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || err != nil {
		return
	}
	select {
	case r.lines <- text:
	default:
		r.lost++
	}
}

// Close writes what is left, and says what could not be kept.
func (r *Recording) Close() error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.lines)
	}
	r.mu.Unlock()
	<-r.done
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil && r.lost > 0 {
		return fmt.Errorf("the recording lacks %d lines: the disk was too slow", r.lost)
	}
	return r.err
}

func (r *Recording) write(w io.Writer) {
	defer close(r.done)
	out := bufio.NewWriterSize(w, 64<<10)
	size := 0
	var failed error
	for text := range r.lines {
		if failed != nil {
			continue
		}
		if size += len(text); size > maxRecording {
			failed = fmt.Errorf("the recording has reached its limit of %d MiB and ends there", maxRecording>>20)
			continue
		}
		if _, failed = out.Write(text); failed == nil && len(r.lines) == 0 {
			failed = out.Flush() // who reads along sees whole lines
		}
	}
	if err := out.Flush(); failed == nil {
		failed = err
	}
	r.mu.Lock()
	r.err = failed
	r.mu.Unlock()
}
