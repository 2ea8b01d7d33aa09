package load

import (
	"slices"
	"time"
)

const (
	// readyGrace is how long after READY its guilds may be unavailable before that counts.
	readyGrace = 5 * time.Second
	// slotRest is how long a place in a guild stays empty after its session has gone: no message lives longer, so that
	// none takes the next one in it for the one before.
	slotRest = messageLife + time.Minute
	// recentSpan is how long a high number of unavailable guilds can be seen at least.
	recentSpan = 500 * time.Millisecond
)

// world is what all users together know of guilds and messages. It reads no clock and is not safe for concurrent use; its
// owner is the ledger.
type world struct {
	guilds   map[uint64]*guild
	sessions []*session // of each user; nil before the first
	awaited  []awaiting // the unavailable guilds of READY, by the time at which they begin to count

	connected   int // sessions
	unavailable int // guilds of which a connected session has been told so
	unavailMax  int
	recent      [2]int // the most at once, in this span of time and in the one before
	recentSince time.Time

	messages messages
}

// guild is one that a user is in.
type guild struct {
	id       uint64
	channels []uint64 // as far as they are known
	seats    []*seat  // by slot; nil where nobody is
	resting  []rested // free slots, those that have rested longest first
	away     int      // seats that count as unavailable
}

type rested struct {
	slot  int
	since time.Time
}

// session is one user's, over all its connections.
type session struct {
	user      int
	seats     []*seat
	connected bool
	since     time.Time // connected or not
	over      bool
}

// seat is one session in one guild.
type seat struct {
	guild   *guild
	session *session
	slot    int
	here    bool      // the guild is available
	since   time.Time // here
	told    bool      // of the outage, by more than READY
	counted bool      // among guild.away
}

type awaiting struct {
	at   time.Time
	seat *seat
}

func newWorld(users int, now time.Time) *world {
	return &world{
		guilds: map[uint64]*guild{}, sessions: make([]*session, users), recentSince: now,
		messages: newMessages(),
	}
}

// opened begins a user's new session, and ends the one before.
func (w *world) opened(now time.Time, user int, guilds []uint64) *session {
	w.ended(now, w.sessions[user])
	s := &session{user: user, connected: true, since: now}
	w.sessions[user] = s
	w.connected++
	for _, g := range guilds {
		w.await(now, w.join(now, s, g))
	}
	return s
}

// resumed says that a session has a connection again.
func (w *world) resumed(now time.Time, s *session) {
	if s == nil || s.over || s.connected {
		return
	}
	s.connected, s.since = true, now
	w.connected++
	for _, one := range s.seats {
		switch {
		case one.told:
			w.count(now, one)
		case !one.here:
			w.await(now, one)
		}
	}
}

// broke says that a session has no connection now.
func (w *world) broke(now time.Time, s *session) {
	if s == nil || s.over || !s.connected {
		return
	}
	s.connected, s.since = false, now
	w.connected--
	for _, one := range s.seats {
		w.uncount(now, one)
	}
}

// ended says that a session is over for good.
func (w *world) ended(now time.Time, s *session) {
	if s == nil || s.over {
		return
	}
	w.broke(now, s)
	s.over = true
	for _, one := range s.seats {
		w.leave(now, one)
	}
	s.seats = nil
}

// guildCame says that a session has a guild, and which channels it has.
func (w *world) guildCame(now time.Time, s *session, id uint64, channels []uint64) {
	if s == nil || s.over {
		return
	}
	one := w.seat(now, s, id)
	if len(channels) > 0 {
		one.guild.channels = channels
	}
	w.uncount(now, one)
	one.told = false
	if !one.here {
		one.here, one.since = true, now
	}
}

// guildWent says that a session has a guild no more, or that it is unavailable.
func (w *world) guildWent(now time.Time, s *session, id uint64, outage bool) {
	if s == nil || s.over {
		return
	}
	one := w.seat(now, s, id)
	if !outage {
		w.leave(now, one)
		s.seats = slices.DeleteFunc(s.seats, func(other *seat) bool { return other == one })
		return
	}
	one.here, one.told = false, true
	if s.connected {
		w.count(now, one)
	}
}

// seat returns a session's seat in a guild, which may be new to it.
func (w *world) seat(now time.Time, s *session, id uint64) *seat {
	for _, one := range s.seats {
		if one.guild.id == id {
			return one
		}
	}
	return w.join(now, s, id)
}

func (w *world) join(now time.Time, s *session, id uint64) *seat {
	g := w.guilds[id]
	if g == nil {
		g = &guild{id: id}
		w.guilds[id] = g
	}
	one := &seat{guild: g, session: s}
	if len(g.resting) > 0 && now.Sub(g.resting[0].since) >= slotRest {
		one.slot = g.resting[0].slot
		g.resting = g.resting[1:]
		g.seats[one.slot] = one
	} else {
		one.slot = len(g.seats)
		g.seats = append(g.seats, one)
	}
	s.seats = append(s.seats, one)
	return one
}

func (w *world) leave(now time.Time, one *seat) {
	w.uncount(now, one)
	one.here = false
	one.guild.seats[one.slot] = nil
	one.guild.resting = append(one.guild.resting, rested{one.slot, now})
}

// await gives a guild of READY its time.
func (w *world) await(now time.Time, one *seat) {
	w.awaited = append(w.awaited, awaiting{now.Add(readyGrace), one})
}

// count makes a seat one of those that have their guild unavailable.
func (w *world) count(now time.Time, one *seat) {
	if one.counted {
		return
	}
	one.counted = true
	one.guild.away++
	if one.guild.away == 1 {
		w.unavailable++
		w.peak(now)
	}
}

func (w *world) uncount(now time.Time, one *seat) {
	if !one.counted {
		return
	}
	w.peak(now) // of the time before
	one.counted = false
	one.guild.away--
	if one.guild.away == 0 {
		w.unavailable--
	}
}

// awaitedSeats counts the guilds that connected sessions have not got.
func (w *world) awaitedSeats() (n int) {
	for _, s := range w.sessions {
		if s == nil || !s.connected {
			continue
		}
		for _, one := range s.seats {
			if !one.here {
				n++
			}
		}
	}
	return n
}

// peak notes how many guilds are unavailable.
func (w *world) peak(now time.Time) {
	if passed := now.Sub(w.recentSince); passed >= recentSpan {
		w.recent[1] = w.recent[0]
		if passed >= 2*recentSpan {
			w.recent[1] = w.unavailable
		}
		w.recent[0], w.recentSince = w.unavailable, now
	}
	w.recent[0] = max(w.recent[0], w.unavailable)
	w.unavailMax = max(w.unavailMax, w.unavailable)
}

// tick does what is due at a time: guilds that READY has promised in vain, and messages to judge.
func (w *world) tick(now time.Time) {
	due := 0
	for ; due < len(w.awaited) && !now.Before(w.awaited[due].at); due++ {
		one := w.awaited[due].seat
		if !one.here && one.session.connected && one.guild.seats[one.slot] == one {
			w.count(now, one)
		}
	}
	w.awaited = slices.Delete(w.awaited, 0, due)
	w.peak(now)
	w.messages.tick(now)
}
