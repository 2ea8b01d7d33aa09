package actors

import (
	"sync"
	"time"
)

// recentEvents is how many events a new subscriber is told about the past.
const recentEvents = 1024

// stream numbers events and hands them to whoever listens. It is a leaf: it
// calls nobody while it holds its lock, and never waits for a subscriber.
type stream struct {
	observe func(Event) // called outside the lock, in the emitting actor's turn

	mu          sync.Mutex
	seq         uint64
	recent      []Event // a ring once it is full; oldest at next
	next        int
	subscribers map[chan Event]struct{}
	closed      bool
}

func newStream(observe func(Event)) *stream {
	return &stream{observe: observe, subscribers: make(map[chan Event]struct{})}
}

// emit stamps the event and hands it on. A subscriber whose buffer is full
// misses it and can tell by the gap in Seq.
func (s *stream) emit(e Event) {
	e.At = time.Now()
	s.emitAt(&e)
}

// emitAt is emit for an event that bears its time.
func (s *stream) emitAt(e *Event) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.seq++
	e.Seq = s.seq
	s.remember(e)
	for subscriber := range s.subscribers {
		select {
		case subscriber <- *e:
		default:
		}
	}
	s.mu.Unlock()
	if s.observe != nil {
		s.call(e)
	}
}

// call is where other people's code runs in a supervisor's turn. What it breaks
// is not the supervisor's failure.
func (s *stream) call(e *Event) {
	defer func() { _ = recover() }()
	s.observe(*e)
}

func (s *stream) remember(e *Event) {
	if len(s.recent) < recentEvents {
		s.recent = append(s.recent, *e)
		return
	}
	s.recent[s.next] = *e
	s.next = (s.next + 1) % recentEvents
}

// subscribe returns a channel that first delivers the recent events and then
// every new one, and a function that ends the subscription. The channel is
// closed when the runtime has stopped.
func (s *stream) subscribe(buffer int) (<-chan Event, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel := make(chan Event, recentEvents+max(buffer, 1))
	for i := range s.recent {
		channel <- s.recent[(s.next+i)%len(s.recent)]
	}
	if s.closed {
		close(channel)
		return channel, func() {}
	}
	s.subscribers[channel] = struct{}{}
	return channel, func() { s.unsubscribe(channel) }
}

func (s *stream) unsubscribe(channel chan Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.subscribers[channel]; there {
		delete(s.subscribers, channel)
		close(channel)
	}
}

// close ends every subscription; what is buffered can still be read.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for channel := range s.subscribers {
		delete(s.subscribers, channel)
		close(channel)
	}
}
