package replica

import (
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// Follower is a guild on a node whose sessions have it.
type Follower struct {
	// Fixed at construction.
	guild uint64
	node  string
	cfg   Config

	term uint64 // of the newest attempt
	// place is where the ring says that the owner is; empty when it does not say.
	place string
	// asked is whom we want to follow, serving whom we do; both while the guild moves. No node means nobody.
	asked, serving attempt
	failures       int
	retryAt        time.Time // before then nobody is asked
	lostAt         time.Time // since when nobody serves

	known    bool // state, online and revision are what somebody sent
	revision uint64
	state    State
	online   map[uint64]*wire.Presence
	shown    bool // the sessions see the guild

	unseen int // changes since we said how far we are
	seenAt time.Time

	sessions int
	joiners  []uint64 // users to be welcomed
	idleAt   time.Time
	ended    bool
	removed  bool

	out []Step
}

// attempt is one term.
type attempt struct {
	node string
	term uint64
	at   time.Time // when it began, or when the owner was last heard
}

// maxJoiners bounds the users that wait for a guild to be known.
const maxJoiners = 1024

// NewFollower makes a guild's follower on a node. Its terms begin after one that no earlier follower of the guild on this
// node has used.
func NewFollower(guild uint64, node string, term uint64, cfg Config, now time.Time) *Follower {
	cfg = cfg.withDefaults()
	return &Follower{guild: guild, node: node, cfg: cfg, term: term, lostAt: now, idleAt: now.Add(cfg.IdleAfter)}
}

// State returns the guild, its presences, and whether it is known at all. They belong to the follower.
func (f *Follower) State() (s State, online map[uint64]*wire.Presence, known bool) {
	return f.state, f.online, f.known
}

// Shown says whether the sessions see the guild.
func (f *Follower) Shown() bool { return f.shown }

// Serving returns the node that serves us and the term; empty while nobody does.
func (f *Follower) Serving() (node string, term uint64) { return f.serving.node, f.serving.term }

// Removed says whether there is no such guild.
func (f *Follower) Removed() bool { return f.removed }

// Revision returns how far the guild is known.
func (f *Follower) Revision() uint64 { return f.revision }

// Place takes where the ring says that the owner is; empty means that it does not say.
func (f *Follower) Place(owner string, now time.Time) []Step {
	if owner != f.place {
		f.place, f.failures, f.retryAt = owner, 0, time.Time{}
	}
	return f.settle(now)
}

// Opened takes a session that has the guild, and how many there are with it.
func (f *Follower) Opened(session string, sessions int, now time.Time) []Step {
	f.sessions = sessions
	if f.shown {
		f.out = append(f.out, Greet{session})
	}
	return f.settle(now)
}

// Joined takes a user who is in the guild from now on, and how many sessions there are with his.
func (f *Follower) Joined(user uint64, sessions int, now time.Time) []Step {
	f.sessions = sessions
	switch {
	case f.shown:
		f.out = append(f.out, Welcome{user})
	case len(f.joiners) < maxJoiners:
		f.joiners = append(f.joiners, user)
	}
	return f.settle(now)
}

// Closed takes that a session is over, and how many are left.
func (f *Follower) Closed(sessions int, now time.Time) []Step {
	f.sessions = sessions
	return f.settle(now)
}

// Whole takes the guild.
func (f *Follower) Whole(in *wire.GuildState, now time.Time) []Step {
	if !f.answers(in.GetTerm(), now) {
		return f.settle(now)
	}
	if f.shown {
		f.out = append(f.out, Hide{}) // what happened meanwhile will not be told
	}
	f.known, f.revision, f.state = true, in.GetRevision(), State{in.GetGuild(), in.GetUsers()}
	f.online = make(map[uint64]*wire.Presence, len(in.GetPresences()))
	for _, p := range in.GetPresences() {
		f.online[p.GetUserId()] = p
	}
	f.becomeShown()
	return f.settle(now)
}

func (f *Follower) becomeShown() {
	f.shown = true
	f.out = append(f.out, Show{})
	for _, user := range f.joiners {
		f.out = append(f.out, Welcome{user})
	}
	f.joiners = nil
}

// Changed takes what came after a revision.
func (f *Follower) Changed(in *wire.Changes, now time.Time) []Step {
	switch {
	case !f.answers(in.GetTerm(), now):
	case !f.known || in.GetAfter() > f.revision:
		f.lose(now) // something was lost on the way: begin again from what we have
	default:
		if !f.shown {
			f.becomeShown()
		}
		f.take(in)
	}
	return f.settle(now)
}

func (f *Follower) take(in *wire.Changes) {
	presences := in.GetPresences()
	for _, e := range in.GetEvents() {
		switch {
		case e.GetRevision() != 0 && e.GetRevision() <= f.revision:
			continue // told before
		case e.GetRevision() != 0:
			f.revision = e.GetRevision()
			f.state = f.state.with(e)
			f.unseen++
		case protocol.Kind(e.GetKind()) == protocol.PresenceUpdate && len(presences) > 0:
			f.notePresence(presences[0])
			presences = presences[1:]
		}
		if protocol.Kind(e.GetKind()) != protocol.GuildCreate { // sessions are shown the guild as it is
			f.out = append(f.out, Tell{e})
		}
	}
	f.revision = max(f.revision, in.GetThrough())
}

func (f *Follower) notePresence(p *wire.Presence) {
	if p.GetStatus() == offline {
		delete(f.online, p.GetUserId())
	} else {
		f.online[p.GetUserId()] = p
	}
}

// answers says whether a term is one of ours, and takes it that its owner serves us.
func (f *Follower) answers(term uint64, now time.Time) bool {
	switch {
	case f.ended:
		return false
	case f.asked.node != "" && term == f.asked.term:
		if f.serving.node != "" {
			f.send(f.serving.node, &wire.Unfollow{GuildId: f.guild, Node: f.node, Term: f.serving.term})
		}
		f.serving, f.asked = f.asked, attempt{}
		f.failures, f.lostAt, f.unseen, f.seenAt = 0, time.Time{}, 0, now
	case f.serving.node == "" || term != f.serving.term:
		return false
	}
	f.serving.at = now
	return true
}

// Heard takes that the owner has us among its followers, and what it has sent us.
func (f *Follower) Heard(in *wire.Heard, now time.Time) []Step {
	if f.serving.node != "" && in.GetTerm() == f.serving.term {
		f.serving.at = now
		if in.GetRevision() > f.revision {
			f.lose(now)
		}
	}
	return f.settle(now)
}

// Gone takes that an owner has none of us.
func (f *Follower) Gone(in *wire.Gone, now time.Time) []Step {
	ours := false
	if f.asked.node != "" && in.GetTerm() == f.asked.term {
		ours = true
		f.refused(now)
	}
	if f.serving.node != "" && in.GetTerm() == f.serving.term {
		ours = true
		f.lose(now)
	}
	if ours && in.GetReason() == wire.Gone_NOT_FOUND {
		f.removed = true
		f.out = append(f.out, Remove{})
		return f.end()
	}
	return f.settle(now)
}

// Lost takes the news that a node is gone.
func (f *Follower) Lost(node string, now time.Time) []Step {
	if f.asked.node == node {
		f.refused(now)
	}
	if f.serving.node == node {
		f.lose(now)
	}
	return f.settle(now)
}

// refused ends the attempt.
func (f *Follower) refused(now time.Time) {
	f.asked = attempt{}
	f.failures++
	f.retryAt = now.Add(f.cfg.Retry.Delay(f.failures, f.cfg.Random()))
}

// lose ends what served us.
func (f *Follower) lose(now time.Time) {
	f.serving = attempt{}
	f.lostAt = now
}

// Tick does what is due.
func (f *Follower) Tick(now time.Time) []Step {
	if f.ended {
		return nil
	}
	if f.asked.node != "" && now.Sub(f.asked.at) >= f.cfg.AnswerWait {
		f.refused(now)
	}
	if f.serving.node != "" && now.Sub(f.serving.at) >= f.cfg.silence() {
		f.lose(now)
	}
	if f.shown && !f.lostAt.IsZero() && now.Sub(f.lostAt) >= f.cfg.Grace {
		f.shown = false
		f.out = append(f.out, Hide{})
	}
	if !f.idleAt.IsZero() && !now.Before(f.idleAt) {
		return f.end()
	}
	return f.settle(now)
}

func (f *Follower) send(node string, m proto.Message) { f.out = append(f.out, Send{node, m}) }

func (f *Follower) flush() []Step {
	out := f.out
	f.out = nil
	return out
}
