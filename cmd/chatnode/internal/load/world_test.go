package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// stage is a world whose time a test sets.
type stage struct {
	*world
	now time.Time
}

func newStage(users int) *stage { return &stage{newWorld(users, start), start} }

func (st *stage) at(d time.Duration) *stage {
	for until := start.Add(d); st.now.Before(until); {
		st.now = st.now.Add(min(until.Sub(st.now), tickInterval))
		st.tick(st.now)
	}
	return st
}

// come opens a session of a user, with guild 7 available.
func (st *stage) come(user int) *session {
	s := st.opened(st.now, user, []uint64{7})
	st.guildCame(st.now, s, 7, []uint64{8, 9})
	st.now = st.now.Add(time.Millisecond) // what is begun at the same moment has no witness
	return s
}

// write has a message of user 0 acknowledged at once.
func (st *stage) write() *message {
	m := st.messages.begin(st.now, 0, st.guilds[7], 8)
	st.messages.ack(st.now, m, 100+m.number)
	return m
}

func TestUnavailableGuilds(t *testing.T) {
	t.Parallel()
	st := newStage(3)
	check := func(what string, now, most int) {
		t.Helper()
		if st.unavailable != now || st.unavailMax != most {
			t.Errorf("%s, after %v: got %d unavailable and %d at most, want %d and %d", what, st.now.Sub(start), st.unavailable, st.unavailMax, now, most)
		}
	}
	s := st.opened(st.now, 0, []uint64{7, 8})
	check("READY", 0, 0)
	if got := st.awaitedSeats(); got != 2 {
		t.Errorf("awaited: got %d, want both guilds", got)
	}
	st.at(readyGrace - time.Millisecond)
	st.guildCame(st.now, s, 7, nil)
	check("not yet", 0, 0)
	st.at(readyGrace)
	check("one did not come", 1, 1)
	if got := st.awaitedSeats(); got != 1 {
		t.Errorf("awaited: got %d, want the one that did not come", got)
	}
	st.guildCame(st.now, s, 8, nil)
	check("it came late", 0, 1)
	other := st.opened(st.now, 1, []uint64{7})
	st.guildCame(st.now, other, 7, nil)
	st.guildWent(st.now, s, 7, true)
	st.guildWent(st.now, other, 7, true)
	st.guildWent(st.now, s, 8, true)
	check("outages of two guilds, one seen by two", 2, 2)
	st.guildCame(st.now, s, 7, nil)
	check("still away for one", 2, 2)
	st.broke(st.now, other)
	check("whose connection broke", 1, 2)
	st.resumed(st.now, other)
	check("and came back", 2, 2)
	st.guildWent(st.now, other, 7, false)
	check("who left the guild", 1, 2)
	st.ended(st.now, s)
	check("nobody sees any", 0, 2)
	if got := max(st.recent[0], st.recent[1]); got != 2 {
		t.Errorf("lately: got %d, want 2", got)
	}
	st.at(readyGrace + 3*recentSpan)
	if got := max(st.recent[0], st.recent[1]); got != 0 {
		t.Errorf("lately, later: got %d, want 0", got)
	}
	s = st.opened(st.now, 0, []uint64{7})
	st.broke(st.now, s)
	st.at(20 * time.Second)
	check("a session without a connection", 0, 2)
	st.resumed(st.now, s)
	st.at(20*time.Second + readyGrace)
	check("that was resumed, and its guild never came", 1, 2)
}

// Who has to hear a message, and who does not.
func TestWitnesses(t *testing.T) {
	t.Parallel()
	const limit = deliveryLimit + lookInterval
	rows := []struct {
		name string
		do   func(st *stage, author, other *session)
		want messageCounts // of the deliveries
	}{
		{"all hear it", func(st *stage, a, o *session) {
			m := st.write()
			st.messages.hear(st.now, a, m.number)
			st.messages.hear(st.now, o, m.number)
			if !m.settled {
				panic("want it settled at once")
			}
			st.at(limit)
		}, messageCounts{Delivered: 2}},
		{"one never hears it", func(st *stage, a, _ *session) {
			st.messages.hear(st.now, a, st.write().number)
			st.at(limit)
		}, messageCounts{Delivered: 1, Missing: 1, Undelivered: 1}},
		{"nobody does", func(st *stage, _, _ *session) { st.write(); st.at(limit) }, messageCounts{Missing: 2, Undelivered: 1}},
		{"one hears it late", func(st *stage, a, o *session) {
			m := st.write()
			st.messages.hear(st.now, a, m.number)
			st.at(limit)
			st.messages.hear(st.now, o, m.number)
		}, messageCounts{Delivered: 2, Missing: 1, Undelivered: 1, Late: 1}},
		{"one hears it in time", func(st *stage, a, o *session) {
			m := st.write()
			st.messages.hear(st.now, a, m.number)
			st.at(deliveryLimit - time.Second)
			st.messages.hear(st.now, o, m.number)
			st.at(limit)
		}, messageCounts{Delivered: 2}},
		{"one loses the session", func(st *stage, a, o *session) {
			st.messages.hear(st.now, a, st.write().number)
			st.ended(st.now, o)
			st.at(limit)
		}, messageCounts{Delivered: 1}},
		{"one gets a new session", func(st *stage, a, o *session) {
			st.messages.hear(st.now, a, st.write().number)
			st.come(o.user)
			st.at(limit)
		}, messageCounts{Delivered: 1}},
		{"the guild is unavailable for one meanwhile", func(st *stage, a, o *session) {
			st.messages.hear(st.now, a, st.write().number)
			st.guildWent(st.now, o, 7, true)
			st.at(time.Second)
			st.guildCame(st.now, o, 7, nil)
			st.at(limit)
		}, messageCounts{Delivered: 1}},
		{"one is away for long and resumes, and it is repeated", func(st *stage, a, o *session) {
			m := st.write()
			st.messages.hear(st.now, a, m.number)
			st.broke(st.now, o)
			st.at(time.Minute)
			st.messages.hear(st.now, o, m.number)
			st.resumed(st.now, o)
			st.at(time.Minute + limit)
		}, messageCounts{Delivered: 2}},
		{"one was away before, resumes, and it is not repeated", func(st *stage, a, o *session) {
			st.broke(st.now, o)
			st.at(time.Second)
			st.messages.hear(st.now, a, st.write().number)
			st.at(30 * time.Second)
			st.resumed(st.now, o)
			st.at(30*time.Second + limit)
		}, messageCounts{Delivered: 1, Missing: 1, Undelivered: 1}},
		{"one is away for ever", func(st *stage, a, o *session) {
			st.messages.hear(st.now, a, st.write().number)
			st.broke(st.now, o)
			st.at(messageLife + limit)
		}, messageCounts{Delivered: 1}},
		{"one comes after it was begun", func(st *stage, a, o *session) {
			m := st.messages.begin(st.now, 0, st.guilds[7], 8)
			st.at(time.Second)
			st.come(2)
			st.messages.ack(st.now, m, 100)
			st.messages.hear(st.now, a, m.number)
			st.messages.hear(st.now, o, m.number)
			st.at(limit)
		}, messageCounts{Delivered: 2}},
		{"it fails", func(st *stage, a, _ *session) {
			m := st.messages.begin(st.now, 0, st.guilds[7], 8)
			st.messages.fail(st.now, m)
			st.messages.hear(st.now, a, m.number) // it was there after all
			st.at(limit)
		}, messageCounts{Delivered: 1}},
		{"one hears it twice", func(st *stage, a, o *session) {
			m := st.write()
			for _, s := range []*session{a, o, a} {
				st.messages.hear(st.now, s, m.number)
			}
			st.at(limit)
		}, messageCounts{Delivered: 2, Duplicates: 1}},
		{"a new session hears what the old one has heard", func(st *stage, a, o *session) {
			m := st.write()
			st.messages.hear(st.now, a, m.number)
			st.messages.hear(st.now, o, m.number)
			st.messages.hear(st.now, st.come(o.user), m.number)
			st.at(limit)
		}, messageCounts{Delivered: 3}},
		{"out of order", func(st *stage, a, o *session) {
			one, two, three := st.write(), st.write(), st.write()
			for _, m := range []*message{one, two, three} {
				st.messages.hear(st.now, a, m.number)
			}
			for _, m := range []*message{three, one, two} {
				st.messages.hear(st.now, o, m.number)
			}
			st.at(limit)
		}, messageCounts{Delivered: 6, Disordered: 2}},
		{"order between channels is free", func(st *stage, a, o *session) {
			one := st.write()
			two := st.messages.begin(st.now, 0, st.guilds[7], 9)
			st.messages.ack(st.now, two, 200)
			for _, s := range []*session{a, o} {
				st.messages.hear(st.now, s, two.number)
				st.messages.hear(st.now, s, one.number)
			}
			st.at(limit)
		}, messageCounts{Delivered: 4}},
		{"a message of nobody", func(st *stage, a, _ *session) { st.messages.hear(st.now, a, 99); st.messages.hear(st.now, nil, 1) }, messageCounts{}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			st := newStage(3)
			a, o := st.come(0), st.come(1)
			row.do(st, a, o)
			got := st.messages.counts
			got.Sent, got.Acked, got.Failed = 0, 0, 0
			if got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
			if at := st.messages.oldest(); !at.IsZero() {
				t.Errorf("open messages: got one of %v, want none", at)
			}
			st.at(st.now.Sub(start) + memoryOfMessages + tickInterval)
			if len(st.messages.byNumber) > 0 || len(st.messages.latest) > 0 {
				t.Errorf("remembered: got %d messages and %d channels, want none", len(st.messages.byNumber), len(st.messages.latest))
			}
		})
	}
}

// A random story of sessions, against a book that writes down for each what it must have heard: a perfect service, which
// tells each session everything while it has one, repeats all on a resume, and loses messages on purpose.
func TestWorldAgainstABook(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 3))
	const users = 12
	st := newStage(users)
	type reader struct {
		s    *session
		here bool
		owed []uint64 // while there is no connection
	}
	var readers [users]reader
	var undelivered, missing uint64
	for range 3000 {
		st.at(st.now.Sub(start) + time.Duration(r.IntN(200))*time.Millisecond)
		u := r.IntN(users)
		rd := &readers[u]
		switch r.IntN(100) {
		case 0:
			rd.s, rd.here, rd.owed = st.come(u), true, nil
		case 1:
			st.broke(st.now, rd.s)
		case 2, 3, 4:
			if rd.s != nil && !rd.s.over && !rd.s.connected {
				for _, n := range rd.owed {
					st.messages.hear(st.now, rd.s, n)
				}
				rd.owed = nil
				st.resumed(st.now, rd.s)
			}
		case 5:
			if rd.s != nil && r.IntN(4) == 0 {
				st.ended(st.now, rd.s)
			}
		default:
			if st.guilds[7] == nil {
				continue
			}
			m := st.write()
			lost := uint64(0)
			for i := range readers {
				rd := &readers[i]
				switch {
				case rd.s == nil || rd.s.over:
				case rd.s.connected && r.IntN(1000) == 0:
					lost++
				case rd.s.connected:
					st.messages.hear(st.now, rd.s, m.number)
				default:
					rd.owed = append(rd.owed, m.number)
				}
			}
			missing += lost
			if lost > 0 {
				undelivered++
			}
		}
	}
	st.at(st.now.Sub(start) + messageLife + time.Minute)
	got := st.messages.counts
	// A session that has lost a message and then ends is no witness any more.
	if got.Undelivered > undelivered || got.Missing > missing || got.Undelivered*3 < undelivered {
		t.Errorf("seed %d: got %d undelivered and %d missing, want at most %d and %d, and not much fewer", seed, got.Undelivered, got.Missing, undelivered, missing)
	}
	if got.Duplicates+got.Disordered+got.Late > 0 {
		t.Errorf("seed %d: got %+v, want nothing twice, late or out of order", seed, got)
	}
	live := 0
	for _, s := range st.sessions {
		if s != nil && s.connected {
			live++
		}
	}
	if st.connected != live || st.unavailable != 0 {
		t.Errorf("seed %d: got %d connected and %d guilds unavailable, want %d and 0", seed, st.connected, st.unavailable, live)
	}
	seats := st.guilds[7].seats
	if got := len(seats) - slices.Index(seats, nil); len(seats) > 400 {
		t.Errorf("seed %d: got %d slots (%d from the first free one), want them used again", seed, len(seats), got)
	}
}

func TestAckedAreBounded(t *testing.T) {
	t.Parallel()
	st := newStage(1)
	st.come(0)
	m := st.messages.begin(st.now, 0, st.guilds[7], 8)
	st.messages.acked = make([]Acked, maxAcked)
	st.messages.ack(st.now, m, 5)
	if n := len(st.messages.acked); n > maxAcked || st.messages.acked[n-1].ID != 5 || st.messages.counts.Forgotten == 0 {
		t.Errorf("remembered: got %d, forgotten %d, want at most %d and the newest", n, st.messages.counts.Forgotten, maxAcked)
	}
}
