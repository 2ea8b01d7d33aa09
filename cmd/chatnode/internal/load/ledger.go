package load

import (
	"slices"
	"time"
)

const (
	// deliveryLimit is how long after its acknowledgement a message may take to reach a member.
	deliveryLimit = 10 * time.Second
	// lookInterval is how often a message is looked at that not all have heard yet.
	lookInterval = time.Second
	// messageLife is how long a message is waited for at most: a session without a connection may come back until then.
	messageLife = 2 * time.Minute
	// memoryOfMessages is how long a message is remembered after all have heard it, to tell a second copy.
	memoryOfMessages = 30 * time.Second
	// maxAcked is how many acknowledged messages are remembered to be read back.
	maxAcked = 1 << 20
)

// message is one that a user has written.
type message struct {
	number  uint64
	user    int
	guild   *guild
	channel uint64
	begun   time.Time // when the user wanted it
	sent    time.Time // when the request was sent that was answered
	acked   time.Time // zero until then
	failed  bool

	heard     []uint64 // a bit for each slot of the guild
	witnesses int      // sessions that had the guild when it was begun
	told      int      // of those, how many have heard it
	lookAt    time.Time
	settled   bool
	settledAt time.Time
	missed    bool     // a witness never heard it in time
	next      *message // the one that its author wrote next in this channel, after the acknowledgement
}

type authorChannel struct {
	user    int
	channel uint64
}

// Acked is a message that a user wrote and the API acknowledged.
type Acked struct {
	User    int    `json:"user"`
	Channel uint64 `json:"channel,string"`
	ID      uint64 `json:"id,string"`
}

// messages is what became of each message. It reads no clock and is not safe for concurrent use.
type messages struct {
	last     uint64
	byNumber map[uint64]*message
	open     []*message // acknowledged, and not settled
	begun    []*message // to be forgotten, the oldest first
	latest   map[authorChannel]*message
	acked    []Acked // the newest at the end
	counts   messageCounts
}

// messageCounts is documented at Stats, whose part it is.
type messageCounts struct {
	Sent, Acked, Failed, Limited, Skipped uint64
	Undelivered                           uint64
	Delivered, Missing, Late              uint64
	Duplicates, Disordered                uint64
	Forgotten                             uint64
}

func newMessages() messages {
	return messages{byNumber: map[uint64]*message{}, latest: map[authorChannel]*message{}}
}

// begin notes that a user is about to write, and who has to hear of it.
func (ms *messages) begin(now time.Time, user int, g *guild, channel uint64) *message {
	ms.last++
	m := &message{number: ms.last, user: user, guild: g, channel: channel, begun: now, sent: now, heard: make([]uint64, (len(g.seats)+63)/64)}
	for _, one := range g.seats {
		if m.witnessed(one) {
			m.witnesses++
		}
	}
	ms.byNumber[m.number] = m
	ms.begun = append(ms.begun, m)
	if before := ms.latest[authorChannel{user, channel}]; before != nil {
		before.next = m
	}
	ms.counts.Sent++
	return m
}

// witnessed says whether a session has had the guild ever since before the message was begun.
func (m *message) witnessed(one *seat) bool {
	return one != nil && one.here && one.since.Before(m.begun)
}

// ack notes that the message is safe.
func (ms *messages) ack(now time.Time, m *message, id uint64) {
	m.acked, m.lookAt = now, now.Add(lookInterval)
	ms.counts.Acked++
	ms.latest[authorChannel{m.user, m.channel}] = m
	if len(ms.acked) >= maxAcked {
		ms.acked = slices.Delete(ms.acked, 0, maxAcked/8)
		ms.counts.Forgotten += maxAcked / 8
	}
	ms.acked = append(ms.acked, Acked{m.user, m.channel, id})
	if m.told >= m.witnesses {
		m.settle(now)
		return
	}
	ms.open = append(ms.open, m)
}

// fail notes that nobody knows whether the message is there.
func (ms *messages) fail(now time.Time, m *message) {
	m.failed = true
	m.settle(now)
	ms.counts.Failed++
}

func (m *message) settle(now time.Time) { m.settled, m.settledAt = true, now }

// hear notes that a session was told a message. It answers how long that took where the session was connected all the time,
// and zero otherwise.
func (ms *messages) hear(now time.Time, s *session, number uint64) time.Duration {
	m := ms.byNumber[number]
	if m == nil || s == nil || s.over {
		return 0
	}
	i := slices.IndexFunc(s.seats, func(one *seat) bool { return one.guild == m.guild })
	if i < 0 {
		return 0
	}
	one := s.seats[i]
	if m.hasHeard(one.slot) {
		ms.counts.Duplicates++
		return 0
	}
	if m.overtaken(one.slot) {
		ms.counts.Disordered++
	}
	m.mark(one.slot)
	ms.counts.Delivered++
	if !m.witnessed(one) {
		return 0
	}
	if m.missed && s.connected { // and not repeated by a resume, until which it was not missing
		ms.counts.Late++
	}
	m.told++
	if !m.acked.IsZero() && m.told >= m.witnesses {
		m.settle(now)
	}
	if s.since.After(m.begun) {
		return 0 // repeated by a resume
	}
	return now.Sub(m.sent)
}

func (m *message) hasHeard(slot int) bool {
	return slot/64 < len(m.heard) && m.heard[slot/64]&(1<<(slot%64)) != 0
}

func (m *message) mark(slot int) {
	for slot/64 >= len(m.heard) {
		m.heard = append(m.heard, 0)
	}
	m.heard[slot/64] |= 1 << (slot % 64)
}

// overtaken says whether a slot has heard a later message of the same author in the same channel.
func (m *message) overtaken(slot int) bool {
	for later := m.next; later != nil; later = later.next {
		if later.hasHeard(slot) {
			return true
		}
	}
	return false
}

// tick judges the messages whose time has come, and forgets the old ones.
func (ms *messages) tick(now time.Time) {
	for _, m := range ms.open {
		if !m.settled && !now.Before(m.lookAt) {
			ms.look(now, m)
		}
	}
	ms.open = slices.DeleteFunc(ms.open, func(m *message) bool { return m.settled })
	old := 0
	for ; old < len(ms.begun) && ms.begun[old].forgettable(now); old++ {
		m := ms.begun[old]
		delete(ms.byNumber, m.number)
		if key := (authorChannel{m.user, m.channel}); ms.latest[key] == m {
			delete(ms.latest, key)
		}
	}
	ms.begun = slices.Delete(ms.begun, 0, old)
}

func (m *message) forgettable(now time.Time) bool {
	return m.settled && now.Sub(m.settledAt) >= memoryOfMessages
}

// look finds out who has not heard a message, and whether that is final.
func (ms *messages) look(now time.Time, m *message) {
	m.lookAt = now.Add(lookInterval)
	missing, pending := uint64(0), 0
	for slot, one := range m.guild.seats {
		if !m.witnessed(one) || m.hasHeard(slot) {
			continue
		}
		if now.Sub(m.acked) < deliveryLimit || !one.session.connected || now.Sub(one.session.since) < deliveryLimit {
			pending++ // it may still come, or be repeated by a resume
			continue
		}
		missing++
	}
	if pending > 0 && now.Sub(m.acked) < messageLife {
		return
	}
	m.settle(now)
	if missing > 0 {
		m.missed = true
		ms.counts.Undelivered++
		ms.counts.Missing += missing
	}
}
