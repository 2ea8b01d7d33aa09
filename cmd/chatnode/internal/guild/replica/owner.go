package replica

import (
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

type phase uint8

const (
	claiming phase = iota // nothing is known of the guild
	serving
	absent // there is no such guild: who comes to follow is told
	ended
)

// Owner is a guild on the node that owns it.
type Owner struct {
	// Fixed at construction.
	guild uint64
	cfg   Config

	phase  phase
	epoch  uint64
	state  State
	online presences
	log    log // has the revision
	// early are changes that came before their predecessors, by revision.
	early map[uint64]*wire.Event
	// head is the newest revision that anybody spoke of.
	head uint64
	// holeBy is until when a missing change may be on its way; zero when none is missing.
	holeBy time.Time

	calling  bool // a Claim or Read is under way
	readFrom uint64
	reads    uint64 // how many there were
	failures int
	retryAt  time.Time // before then the store is not called

	followers map[string]*follower
	idleAt    time.Time // when nobody has followed long enough; zero while somebody does

	out []Step
}

// follower is how far a node is.
type follower struct {
	term uint64
	// whole says that it wants the guild, and not what came after sent.
	whole bool
	// stored says that what it missed may still be read from the store.
	stored bool
	// It was sent all up to sent, and said that it has seen all up to seen.
	sent, seen uint64
	// reads is how many Reads there were when it came.
	reads uint64
	heard time.Time
}

// NewOwner makes a guild's owner, and its first step.
func NewOwner(guild uint64, cfg Config, now time.Time) (*Owner, []Step) {
	o := &Owner{
		guild: guild, cfg: cfg.withDefaults(), online: presences{}, early: map[uint64]*wire.Event{},
		followers: map[string]*follower{},
	}
	return o, o.settle(now)
}

// Epoch returns the epoch of the claim; 0 while there is none.
func (o *Owner) Epoch() uint64 {
	if o.phase != serving {
		return 0
	}
	return o.epoch
}

// Revision returns how far the guild is known.
func (o *Owner) Revision() uint64 { return o.log.revision }

// Followers returns how many nodes follow.
func (o *Owner) Followers() int { return len(o.followers) }

// Follow takes a node that wants to follow; its earlier term is over.
func (o *Owner) Follow(in *wire.Follow, now time.Time) []Step {
	if f := o.followers[in.GetNode()]; f != nil && f.term > in.GetTerm() {
		return nil // overtaken on its way
	}
	o.followers[in.GetNode()] = &follower{
		term: in.GetTerm(), whole: !in.GetKeeps(), stored: true, sent: in.GetRevision(), seen: in.GetRevision(),
		reads: o.reads, heard: now,
	}
	if in.GetKeeps() {
		o.head = max(o.head, in.GetRevision()) // it may have followed one who was told more
	}
	return o.settle(now)
}

// Unfollow takes a node that follows no more.
func (o *Owner) Unfollow(in *wire.Unfollow, now time.Time) []Step {
	if f := o.followers[in.GetNode()]; f != nil && f.term == in.GetTerm() {
		o.drop(in.GetNode())
	}
	return o.settle(now)
}

// Lost takes the news that a node is gone.
func (o *Owner) Lost(node string, now time.Time) []Step {
	o.drop(node)
	return o.settle(now)
}

// drop forgets a follower, and what it says of its users.
func (o *Owner) drop(node string) {
	if o.followers[node] == nil {
		return
	}
	delete(o.followers, node)
	for _, user := range o.online.from(node) {
		o.present(&wire.Presence{GuildId: o.guild, UserId: user, Node: node, Status: offline})
	}
}

// Seen takes how far a follower is, and answers it. Who is not known is told so.
func (o *Owner) Seen(in *wire.Seen, now time.Time) []Step {
	f := o.followers[in.GetNode()]
	if f == nil || f.term != in.GetTerm() {
		return append(o.settle(now), Send{in.GetNode(), &wire.Gone{GuildId: o.guild, Term: in.GetTerm(), Reason: wire.Gone_MOVED}})
	}
	f.heard = now
	if in.GetRevision() <= f.sent {
		f.seen = max(f.seen, in.GetRevision())
	}
	o.send(in.GetNode(), &wire.Heard{GuildId: o.guild, Term: f.term, Revision: f.sent})
	return o.settle(now)
}

// Tell takes a change from whoever committed it, or something that no log keeps.
func (o *Owner) Tell(e *wire.Event, now time.Time) []Step {
	switch revision := e.GetRevision(); {
	case o.phase == ended:
		return nil
	case revision == 0:
		o.pass(&wire.Changes{Events: []*wire.Event{e}})
	case o.phase == serving && revision <= o.log.revision: // told twice
	default:
		o.head = max(o.head, revision)
		if len(o.early) < o.cfg.MaxEarly || revision == o.log.revision+1 { // whose turn it is, does not stay
			o.early[revision] = e
		}
	}
	return o.settle(now)
}

// Present takes how a follower's user wants to be seen.
func (o *Owner) Present(in *wire.Presence, now time.Time) []Step {
	if o.phase == serving && o.state.has(in.GetUserId()) && o.followers[in.GetNode()] != nil {
		o.present(in)
	}
	return o.settle(now)
}

func (o *Owner) present(in *wire.Presence) {
	seen := o.online.set(in)
	if seen == nil || o.phase != serving {
		return
	}
	o.pass(&wire.Changes{Events: []*wire.Event{presenceEvent(seen)}, Presences: []*wire.Presence{seen}})
}

// pass sends what no log keeps to the followers that are not behind.
func (o *Owner) pass(c *wire.Changes) {
	if o.phase != serving {
		return
	}
	for _, node := range slices.Sorted(maps.Keys(o.followers)) {
		if f := o.followers[node]; !f.whole && f.sent == o.log.revision {
			o.send(node, &wire.Changes{
				GuildId: o.guild, Term: f.term, After: f.sent, Through: f.sent, Events: c.GetEvents(), Presences: c.GetPresences(),
			})
		}
	}
}

// Release ends the ownership: the followers look for another owner.
func (o *Owner) Release() []Step { return o.end(wire.Gone_MOVED) }

func (o *Owner) end(why wire.Gone_Reason) []Step {
	if o.phase == ended {
		return nil
	}
	o.phase = ended
	for _, node := range slices.Sorted(maps.Keys(o.followers)) {
		o.send(node, &wire.Gone{GuildId: o.guild, Term: o.followers[node].term, Reason: why})
	}
	o.out = append(o.out, Stop{})
	return o.flush()
}

// Tick does what is due.
func (o *Owner) Tick(now time.Time) []Step {
	for _, node := range slices.Sorted(maps.Keys(o.followers)) {
		if now.Sub(o.followers[node].heard) >= o.cfg.silence() {
			o.drop(node)
		}
	}
	if !o.idleAt.IsZero() && !now.Before(o.idleAt) {
		return o.end(wire.Gone_MOVED)
	}
	return o.settle(now)
}

// Due says when Tick has something to do; false when never.
func (o *Owner) Due() (time.Time, bool) {
	if o.phase == ended {
		return time.Time{}, false
	}
	due := o.idleAt
	if !o.calling { // its answer is what is waited for
		if o.failures > 0 {
			due = earliest(due, o.retryAt)
		}
		if !o.holeBy.IsZero() {
			due = earliest(due, latest(o.holeBy, o.retryAt))
		}
	}
	for _, f := range o.followers {
		due = earliest(due, f.heard.Add(o.cfg.silence()))
	}
	return due, !due.IsZero()
}

func (o *Owner) send(node string, m proto.Message) { o.out = append(o.out, Send{node, m}) }

func (o *Owner) flush() []Step {
	out := o.out
	o.out = nil
	return out
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// earliest is the earlier of two times, of which zero is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
