package load

import (
	"math/rand/v2"
	"sync"
	"time"
)

// ledger is the owner of what the users know of guilds and messages. It is safe for concurrent use and calls nobody.
type ledger struct {
	delivery *stopwatch

	mu    sync.Mutex // owns everything below
	world *world
	busy  []time.Time // of each user: until when it writes nothing; far away while it writes
}

// distant is a time that does not come.
const distant = 24 * time.Hour

func newLedger(users int, now time.Time) *ledger {
	return &ledger{delivery: newStopwatch(), world: newWorld(users, now), busy: make([]time.Time, users)}
}

// do calls f with the world, which f must not keep.
func (l *ledger) do(f func(now time.Time, w *world)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(time.Now(), l.world)
}

func (l *ledger) opened(user int, guilds []uint64) (s *session) {
	l.do(func(now time.Time, w *world) { s = w.opened(now, user, guilds) })
	return s
}

func (l *ledger) heard(s *session, number uint64) {
	var took time.Duration
	l.do(func(now time.Time, w *world) { took = w.messages.hear(now, s, number) })
	if took > 0 {
		l.delivery.record(took)
	}
}

// letter is a message that somebody is to write.
type letter struct {
	user    int
	guild   uint64 // zero where the user's guilds are not known
	channel uint64 // zero where the guild's channels are not known
}

// tries is how many users are looked at to find one that can write.
const tries = 32

// draw finds somebody to write a message: a connected user who is not writing yet, and one of the channels of his guilds,
// rather of those that are available. The user is busy from then on, until free.
func (l *ledger) draw(random *rand.Rand) (found letter, ok bool) {
	l.do(func(now time.Time, w *world) {
		for range tries {
			user := random.IntN(len(w.sessions))
			s := w.sessions[user]
			if s == nil || !s.connected || now.Before(l.busy[user]) {
				continue
			}
			l.busy[user] = now.Add(distant)
			found, ok = s.letter(random), true
			return
		}
	})
	return found, ok
}

func (s *session) letter(random *rand.Rand) letter {
	var choice []*seat
	for _, one := range s.seats {
		if one.here {
			choice = append(choice, one)
		}
	}
	if len(choice) == 0 {
		choice = s.seats
	}
	if len(choice) == 0 {
		return letter{user: s.user}
	}
	g := choice[random.IntN(len(choice))].guild
	if len(g.channels) == 0 {
		return letter{user: s.user, guild: g.id}
	}
	return letter{user: s.user, guild: g.id, channel: g.channels[random.IntN(len(g.channels))]}
}

// free lets a user write again, after a while.
func (l *ledger) free(user int, after time.Duration) {
	l.do(func(now time.Time, _ *world) { l.busy[user] = now.Add(after) })
}

// learn keeps what the API says of a guild's channels.
func (l *ledger) learn(id uint64, channels []uint64) {
	l.do(func(_ time.Time, w *world) {
		g := w.guilds[id]
		if g == nil {
			g = &guild{id: id}
			w.guilds[id] = g
		}
		if len(g.channels) == 0 {
			g.channels = channels
		}
	})
}

// channel draws one of the known channels of a guild.
func (l *ledger) channel(random uint64, id uint64) (channel uint64) {
	l.do(func(_ time.Time, w *world) {
		if g := w.guilds[id]; g != nil && len(g.channels) > 0 {
			channel = g.channels[random%uint64(len(g.channels))]
		}
	})
	return channel
}

// begin notes a message that is about to be written.
func (l *ledger) begin(to letter) (m *message) {
	l.do(func(now time.Time, w *world) { m = w.messages.begin(now, to.user, w.guilds[to.guild], to.channel) })
	return m
}

// acked returns the acknowledged messages that are remembered.
func (l *ledger) acked() (all []Acked) {
	l.do(func(_ time.Time, w *world) { all = append(all, w.messages.acked...) })
	return all
}

// oldest is when the oldest message was acknowledged of which it is not known yet who has heard it; zero where there is none.
func (ms *messages) oldest() (at time.Time) {
	for _, m := range ms.open {
		if !m.settled && (at.IsZero() || m.acked.Before(at)) {
			at = m.acked
		}
	}
	return at
}

// fill adds what the ledger counts.
func (l *ledger) fill(s *Stats) {
	l.do(func(now time.Time, w *world) {
		w.peak(now)
		s.Guilds, s.GuildsUnavailable, s.GuildsUnavailableMax = len(w.guilds), w.unavailable, w.unavailMax
		s.GuildsUnavailableLately = max(w.recent[0], w.recent[1])
		s.GuildsAwaited = w.awaitedSeats()
		c := w.messages.counts
		s.MessagesSent, s.MessagesAcked, s.MessagesFailed = c.Sent, c.Acked, c.Failed
		s.MessagesLimited, s.MessagesSkipped, s.MessagesUndelivered = c.Limited, c.Skipped, c.Undelivered
		s.Deliveries, s.DeliveriesMissing, s.DeliveriesLate = c.Delivered, c.Missing, c.Late
		s.Duplicates, s.Disordered = c.Duplicates, c.Disordered
		if at := w.messages.oldest(); !at.IsZero() {
			s.OldestOpen = &at
		}
	})
	s.DeliveryLatency = l.delivery.read()
}
