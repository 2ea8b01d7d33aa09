package load

import (
	"sync"
	"time"
)

// Stats is what the users have lived through so far.
type Stats struct {
	// Users is how many there are, Connected how many of them have a session at this moment.
	Users     int `json:"users"`
	Connected int `json:"connected"`
	// Ready counts connections that came up with a new session, Resumed those that went on with an earlier one, Lost those
	// that ended against the user's will, whether their session is resumed later or not, Closed those it ended itself.
	Ready   uint64 `json:"ready_total"`
	Resumed uint64 `json:"resumed_total"`
	Lost    uint64 `json:"lost_total"`
	Closed  uint64 `json:"closed_total"`
	// Attempts counts connections begun, Failures those that came up neither way.
	Attempts uint64 `json:"attempts_total"`
	Failures uint64 `json:"failures_total"`
	// ResumesRefused counts Resumes that were answered by Invalid Session, for good.
	ResumesRefused uint64 `json:"resumes_refused_total"`
	// PerSecond is how many connections came up within the last whole second, PerSecondMax the most within any.
	PerSecond    int `json:"connects_per_second"`
	PerSecondMax int `json:"connects_per_second_max"`
	// ConnectedSeconds is the integral of Connected over time, up to At.
	ConnectedSeconds float64   `json:"connected_seconds"`
	At               time.Time `json:"at"`

	// Guilds is how many are known. GuildsUnavailable is how many of them a connected session has been told to be
	// unavailable: by GUILD_DELETE, or by a READY that was not followed by GUILD_CREATE within 5 s. Max is the most at once,
	// Lately the most at once within the last half second at least.
	Guilds                  int `json:"guilds"`
	GuildsUnavailable       int `json:"guilds_unavailable"`
	GuildsUnavailableLately int `json:"guilds_unavailable_lately"`
	GuildsUnavailableMax    int `json:"guilds_unavailable_max"`
	// GuildsAwaited is how often a connected session has not got one of its guilds, from READY on.
	GuildsAwaited int `json:"guilds_awaited"`

	// MessagesSent counts messages begun, Acked those that the API acknowledged, and Failed those of which nobody knows
	// whether they are there. Limited counts answers 429, after each of which the message was sent again. Skipped counts
	// messages that were due and not begun: no user was free, or too many were under way.
	MessagesSent    uint64 `json:"messages_sent_total"`
	MessagesAcked   uint64 `json:"messages_acked_total"`
	MessagesFailed  uint64 `json:"messages_failed_total"`
	MessagesLimited uint64 `json:"messages_limited_total"`
	MessagesSkipped uint64 `json:"messages_skipped_total"`
	// MessagesUndelivered counts acknowledged messages that some witness did not hear within 10 s of the acknowledgement;
	// see the package for who is a witness. DeliveriesMissing counts those witnesses, and DeliveriesLate those of them that
	// heard it after all.
	MessagesUndelivered uint64 `json:"messages_undelivered_total"`
	DeliveriesMissing   uint64 `json:"deliveries_missing_total"`
	DeliveriesLate      uint64 `json:"deliveries_late_total"`
	// Deliveries counts messages heard by sessions, Duplicates those heard once more, Disordered those heard after a later
	// one of the same author in the same channel.
	Deliveries uint64 `json:"deliveries_total"`
	Duplicates uint64 `json:"duplicates_total"`
	Disordered uint64 `json:"disordered_total"`
	// OldestOpen is when the oldest message was acknowledged of which it is not known yet whether all witnesses will hear it.
	OldestOpen *time.Time `json:"oldest_open,omitempty"`

	// From the dial to READY, of connections that began with Identify; from the dial to RESUMED; from a POST to its
	// acknowledgement; and from a POST to its MESSAGE_CREATE, of witnesses that were connected all the time.
	ConnectLatency  Latency `json:"connect"`
	ResumeLatency   Latency `json:"resume"`
	AckLatency      Latency `json:"ack"`
	DeliveryLatency Latency `json:"delivery"`
}

// tally is the owner of the counters of connections. Every change of the connected users first settles the time up to it.
type tally struct {
	mu        sync.Mutex // owns everything below
	stats     Stats
	settled   time.Time
	seconds   int64 // the integral, in parts: nanoseconds alone would overflow within a day at 100,000 users
	nanos     int64
	second    time.Time // when the second began that is counted
	ups       int       // connections that came up in it
	lastError error
}

func newTally(users int, now time.Time) *tally {
	return &tally{stats: Stats{Users: users}, settled: now, second: now}
}

func (t *tally) attempted() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Attempts++
}

func (t *tally) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Failures++
	t.lastError = err
}

func (t *tally) refused() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.ResumesRefused++
}

func (t *tally) connected(now time.Time, resumed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	t.turn(now)
	t.ups++
	if resumed {
		t.stats.Resumed++
	} else {
		t.stats.Ready++
	}
	t.stats.Connected++
}

func (t *tally) ended(now time.Time, own bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	t.stats.Connected--
	if own {
		t.stats.Closed++
	} else {
		t.stats.Lost++
	}
}

// read returns the counters as they are at now, and why the last attempt failed.
func (t *tally) read(now time.Time) (Stats, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(now)
	t.turn(now)
	s := t.stats
	s.ConnectedSeconds = float64(t.seconds) + float64(t.nanos)/float64(time.Second)
	s.At = t.settled
	s.PerSecondMax = max(s.PerSecondMax, t.ups) // also of the second that is not over
	return s, t.lastError
}

// turn ends the second that is counted, if it is over.
func (t *tally) turn(now time.Time) {
	passed := now.Sub(t.second)
	if passed < time.Second {
		return
	}
	t.stats.PerSecond = t.ups
	if passed >= 2*time.Second {
		t.stats.PerSecond = 0 // nothing came up in the last one
	}
	t.stats.PerSecondMax = max(t.stats.PerSecondMax, t.ups)
	t.second, t.ups = t.second.Add(passed.Truncate(time.Second)), 0
}

// settle adds the time since the last change. Callers read the clock before they get the lock, so that now may lie before
// the change that another caller made meanwhile: then there is nothing to add.
func (t *tally) settle(now time.Time) {
	passed := now.Sub(t.settled)
	if passed <= 0 {
		return
	}
	t.settled = now
	users := int64(t.stats.Connected)
	t.seconds += users * int64(passed/time.Second)
	t.nanos += users * int64(passed%time.Second)
	t.seconds += t.nanos / int64(time.Second)
	t.nanos %= int64(time.Second)
}
