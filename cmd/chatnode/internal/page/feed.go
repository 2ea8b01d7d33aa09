package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
)

// ErrFull is a reader too many.
var ErrFull = fmt.Errorf("page: %d readers follow this run, which is the limit; close a page", MaxReaders)

// errNoAct is an act that has not begun.
var errNoAct = errors.New("no such act has begun")

// message is one server-sent event, rendered once for all readers.
type message struct {
	id   uint64
	text []byte
}

// Feed keeps what a page has been shown: the newest of it for readers that come
// back, a sum of it for those that come late. Safe for concurrent use; it never
// waits for a reader.
type Feed struct {
	mu      sync.Mutex
	run     Run
	acts    []*summary
	result  *Result
	newest  uint64    // the number given out last
	ring    []message // a ring once it is full
	next    int
	readers map[*Reader]struct{}
	record  func(kind string, v any) // nil: nobody keeps it
}

// NewFeed makes the feed of a run. Record, which may be nil, gets everything that
// is published, in order, from the publishing goroutine; it must not block.
func NewFeed(run Run, record func(kind string, v any)) *Feed {
	f := &Feed{readers: make(map[*Reader]struct{}), record: record}
	f.SetRun(run)
	return f
}

// Run is what a page asks first.
func (f *Feed) Run() Run {
	f.mu.Lock()
	defer f.mu.Unlock()
	run := f.run
	run.Acts = append([]Act{}, f.run.Acts...)
	return run
}

// SetRun replaces what is known of the run; acts that began keep their times.
func (f *Feed) SetRun(run Run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range min(len(run.Acts), len(f.run.Acts)) {
		if f.run.Acts[i].Start != nil {
			run.Acts[i] = f.run.Acts[i]
		}
	}
	f.run = run
	f.keep("run", run)
}

// PublishFrame shows a frame to everybody.
func (f *Feed) PublishFrame(frame Frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.acts) <= frame.Act {
		f.acts = append(f.acts, newSummary())
	}
	f.acts[frame.Act].add(frame)
	f.publish("frame", frame)
}

// PublishAct tells that an act has begun, was cut, or has ended.
func (f *Feed) PublishAct(e ActEvent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.run.Acts) <= e.Index {
		f.run.Acts = append(f.run.Acts, Act{})
	}
	f.run.Acts[e.Index] = e.Act
	f.publish("act", e)
}

// PublishResult shows the table.
func (f *Feed) PublishResult(r Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result = &r
	f.publish("result", r)
}

// publish numbers an event and hands it to the ring and the readers. It needs the lock.
func (f *Feed) publish(kind string, v any) {
	f.newest++
	m, ok := render(f.newest, kind, v)
	if !ok {
		return
	}
	f.keep(kind, v)
	if len(f.ring) < ringMessages {
		f.ring = append(f.ring, m)
	} else {
		f.ring[f.next] = m
		f.next = (f.next + 1) % ringMessages
	}
	for r := range f.readers {
		select {
		case r.messages <- m:
		default: // it does not read: it may come back for what is kept
			f.drop(r)
		}
	}
}

func (f *Feed) keep(kind string, v any) {
	if f.record != nil {
		f.record(kind, v)
	}
}

// render writes an event as a stream carries it. JSON escapes every line break.
func render(id uint64, kind string, v any) (message, bool) {
	data, err := json.Marshal(v)
	if err != nil {
		return message{}, false
	}
	text := make([]byte, 0, len(data)+48)
	text = append(text, "id: "...)
	text = strconv.AppendUint(text, id, 10)
	text = append(text, "\nevent: "...)
	text = append(text, kind...)
	text = append(text, "\ndata: "...)
	text = append(text, data...)
	return message{id: id, text: append(text, "\n\n"...)}, true
}

// Reader is one page that follows a feed.
type Reader struct {
	feed     *Feed
	messages chan message // closed when the reader was dropped
}

// Follow begins a stream after the event of that number; where it is not kept any
// more, and for 0, with the newest act as a whole. End it with Close.
func (f *Feed) Follow(after uint64) (*Reader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.readers) >= MaxReaders {
		return nil, ErrFull
	}
	missed, kept := f.since(after)
	if !kept {
		missed = f.whole()
	}
	r := &Reader{feed: f, messages: make(chan message, len(missed)+readerBuffer)}
	for _, m := range missed {
		r.messages <- m // there is room for all
	}
	f.readers[r] = struct{}{}
	return r, nil
}

// since is what was published after a number, if all of that is kept.
func (f *Feed) since(after uint64) ([]message, bool) {
	if after == 0 || after > f.newest || f.newest-after > uint64(len(f.ring)) {
		return nil, false
	}
	missing := int(f.newest - after)
	missed := make([]message, 0, missing)
	for i := len(f.ring) - missing; i < len(f.ring); i++ {
		missed = append(missed, f.ring[(f.next+i)%len(f.ring)])
	}
	return missed, true
}

// whole is what a late comer needs: the acts, the newest of them as one frame, and the table.
func (f *Feed) whole() []message {
	var all []message
	add := func(kind string, v any) {
		if m, ok := render(f.newest, kind, v); ok {
			all = append(all, m)
		}
	}
	for i, a := range f.run.Acts {
		if a.Start != nil {
			add("act", ActEvent{Index: i, Act: a})
		}
	}
	if len(f.acts) > 0 {
		add("frame", f.acts[len(f.acts)-1].whole())
	}
	if f.result != nil {
		add("result", *f.result)
	}
	return all
}

// drop ends a reader. It needs the lock.
func (f *Feed) drop(r *Reader) {
	if _, there := f.readers[r]; there {
		delete(f.readers, r)
		close(r.messages)
	}
}

// Close ends the stream.
func (r *Reader) Close() {
	r.feed.mu.Lock()
	defer r.feed.mu.Unlock()
	r.feed.drop(r)
}

// Series is one act over time.
func (f *Feed) Series(act int) (Series, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if act < 0 || act >= len(f.acts) {
		return Series{}, errNoAct
	}
	return f.acts[act].series(), nil
}

// Last is the newest frame of an act, as a whole.
func (f *Feed) Last(act int) (Frame, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if act < 0 || act >= len(f.acts) {
		return Frame{}, errNoAct
	}
	return f.acts[act].whole(), nil
}

// Table is the result, nil until there is one.
func (f *Feed) Table() *Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.result
}
