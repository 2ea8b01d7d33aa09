package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// mostBehind is how late the sender may be before it gives up what it could not send.
	mostBehind = time.Second
	// limitTries is how often a message is sent that is answered by "too many".
	limitTries = 5
	// afterFailure is how long a user waits after a message that failed.
	afterFailure = time.Second
)

// sender lets connected users write, at an even rate. It does not wait for answers before the next one is due, so that a slow
// API is measured as slow; only a bounded number is under way.
type sender struct {
	api    *api
	ledger *ledger
	token  func(user int) string
	run    string
	rate   float64
	random *rand.Rand
	ack    *stopwatch

	mu        sync.Mutex // owns everything below
	lastError error
}

// send writes until ctx ends, and returns when the last answer is there, or the context of calls has ended, too.
func (s *sender) send(ctx, calling context.Context) {
	var calls sync.WaitGroup
	defer calls.Wait()
	places := make(chan struct{}, MaxCalls)
	step := time.Duration(float64(time.Second) / s.rate)
	for due := time.Now(); pause(ctx, time.Until(due)); due = due.Add(step) {
		if behind := time.Since(due); behind > mostBehind {
			due = due.Add(behind)
			s.skip(uint64(behind / step))
		}
		to, ok := s.ledger.draw(s.random)
		if !ok {
			s.skip(1)
			continue
		}
		select {
		case places <- struct{}{}:
		default:
			s.ledger.free(to.user, 0)
			s.skip(1)
			continue
		}
		drawn := s.random.Uint64()
		calls.Go(func() {
			defer func() { <-places }()
			s.ledger.free(to.user, s.post(calling, to, drawn))
		})
	}
}

func (s *sender) skip(n uint64) {
	s.ledger.do(func(_ time.Time, w *world) {
		if w.connected > 0 {
			w.messages.counts.Skipped += n
		}
	})
}

// post writes one message and returns how long the user is to wait before the next one.
func (s *sender) post(ctx context.Context, to letter, drawn uint64) time.Duration {
	token := s.token(to.user)
	to, err := s.address(ctx, token, to, drawn)
	if err != nil {
		return s.failed(nil, err)
	}
	m := s.ledger.begin(to)
	for range limitTries {
		sent := time.Now()
		id, err := s.api.write(ctx, token, to.channel, messageText(s.run, m.number))
		if err == nil {
			s.ack.record(time.Since(sent))
			s.ledger.do(func(now time.Time, w *world) { w.messages.ack(now, m, id) })
			return 0
		}
		wait, is := limited(err)
		if !is {
			return s.failed(m, err)
		}
		s.ledger.do(func(_ time.Time, w *world) { w.messages.counts.Limited++ })
		if !pause(ctx, wait) {
			break
		}
		s.ledger.do(func(now time.Time, _ *world) { m.sent = now })
	}
	return s.failed(m, errors.New("load: the API refused a message as one too many again and again"))
}

// address completes where a message goes by asking the API.
func (s *sender) address(ctx context.Context, token string, to letter, drawn uint64) (letter, error) {
	if to.guild == 0 {
		guilds, err := s.api.guilds(ctx, token)
		if err != nil || len(guilds) == 0 {
			return to, errors.Join(errors.New("load: a user has no guild to write in"), err)
		}
		to.guild = guilds[drawn%uint64(len(guilds))]
	}
	if to.channel == 0 {
		to.channel = s.ledger.channel(drawn, to.guild)
	}
	if to.channel == 0 {
		channels, err := s.api.channels(ctx, token, to.guild)
		if err != nil || len(channels) == 0 {
			return to, errors.Join(errors.New("load: a guild has no channel to write in"), err)
		}
		s.ledger.learn(to.guild, channels)
		to.channel = s.ledger.channel(drawn, to.guild)
	}
	return to, nil
}

// failed notes why a message, or what comes before one, failed.
func (s *sender) failed(m *message, err error) time.Duration {
	if m != nil {
		s.ledger.do(func(now time.Time, w *world) { w.messages.fail(now, m) })
	} else {
		s.skip(1)
	}
	s.mu.Lock()
	s.lastError = err
	s.mu.Unlock()
	if wait, is := limited(err); is {
		return wait
	}
	return afterFailure
}

// trouble is why the last message failed, or nil.
func (s *sender) trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastError
}
