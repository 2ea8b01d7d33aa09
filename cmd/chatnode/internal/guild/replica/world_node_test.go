package replica

import (
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func (n *node) receive(from *node, m proto.Message) {
	now := n.world.now
	switch m := m.(type) {
	case *wire.Follow:
		if n.owner == nil {
			if n.world.place != n.name {
				n.world.send(n, m.GetNode(), &wire.Gone{GuildId: guild, Term: m.GetTerm(), Reason: wire.Gone_MOVED})
				return
			}
			owner, steps := NewOwner(guild, n.world.cfg(), now)
			n.owner = owner
			n.own(steps)
		}
		n.own(n.owner.Follow(m, now))
	case *wire.Unfollow:
		if n.owner != nil {
			n.own(n.owner.Unfollow(m, now))
		}
	case *wire.Seen:
		if n.owner != nil {
			n.own(n.owner.Seen(m, now))
		} else {
			n.world.send(n, from.name, &wire.Gone{GuildId: guild, Term: m.GetTerm(), Reason: wire.Gone_MOVED})
		}
	case *wire.GuildState:
		n.follow(n.follower.Whole(m, now))
	case *wire.Changes:
		n.follow(n.follower.Changed(m, now))
	case *wire.Heard:
		n.follow(n.follower.Heard(m, now))
	case *wire.Gone:
		n.follow(n.follower.Gone(m, now))
	}
}

// own carries out an owner's steps.
func (n *node) own(steps []Step) {
	w, owner := n.world, n.owner
	for _, s := range steps {
		switch s := s.(type) {
		case Claim:
			w.epoch++
			claimed := &wire.ClaimedGuild{
				Epoch: w.epoch, Revision: w.head(), Guild: &wire.Guild{Id: guild, Members: []*wire.Member{{UserId: 1}}},
			}
			failed := w.silent
			w.answer(n, owner, func() {
				if failed {
					n.own(owner.ClaimFailed(false, w.now))
				} else {
					n.own(owner.Claimed(claimed, w.now))
				}
			})
		case Read:
			read, failed := w.read(s.After), w.silent
			w.answer(n, owner, func() {
				if failed {
					n.own(owner.ReadFailed(w.now))
				} else {
					n.own(owner.ChangesRead(read, w.now))
				}
			})
		case Send:
			w.send(n, s.Node, s.Message)
		case Stop:
			n.owner = nil
		case Tell, Show, Greet, Welcome, Hide, Remove:
			w.t.Fatalf("owner: step %T", s)
		}
	}
}

func (w *world) answer(n *node, owner *Owner, open func()) {
	w.post(w.delay(), func() {
		if n.owner == owner {
			open()
		}
	})
}

func (w *world) read(after uint64) *wire.GuildEvents {
	out := &wire.GuildEvents{Head: w.head()}
	if after+uint64(w.kept) < w.head() {
		out.Gap = true
		return out
	}
	for _, e := range w.changes[min(after, w.head()):] {
		if e != nil {
			out.Events = append(out.Events, e)
		}
	}
	out.Through = max(w.head(), after)
	return out
}

// follow carries out a follower's steps.
func (n *node) follow(steps []Step) {
	for _, s := range steps {
		switch s := s.(type) {
		case Send:
			n.world.send(n, s.Node, s.Message)
		case Tell:
			if !n.shown {
				n.world.t.Fatalf("%s: told %v of a guild that is not shown", n.name, s.Event)
			}
			n.tell(s.Event)
		case Show:
			if !n.shown {
				n.told = nil
			}
			n.shown = true
		case Hide:
			n.shown = false
			n.hidden++
		case Remove:
			n.removed = true
		case Greet, Welcome, Stop:
		case Claim, Read:
			n.world.t.Fatalf("follower: step %T", s)
		}
	}
}

// tell holds that a session that sees the guild is told every change once, in order.
func (n *node) tell(e *wire.Event) {
	revision := e.GetRevision()
	if revision == 0 {
		return
	}
	if len(n.told) > 0 {
		for missed := n.told[len(n.told)-1] + 1; missed < revision; missed++ {
			if n.world.changes[missed-1] != nil {
				n.world.t.Fatalf("%s: told %d after %d", n.name, revision, n.told[len(n.told)-1])
			}
		}
		if last := n.told[len(n.told)-1]; revision <= last {
			n.world.t.Fatalf("%s: told %d after %d", n.name, revision, last)
		}
	}
	n.told = append(n.told, revision)
}
