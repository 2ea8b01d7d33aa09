package replica

import (
	"slices"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// State is a guild as it is at one moment. It is shared: a change makes another one.
type State struct {
	// Guild has its channels and members.
	Guild *wire.Guild
	// Users are those of the members, in no order.
	Users []*wire.User
}

// with is the state after a change.
func (s State) with(e *wire.Event) State {
	switch protocol.Kind(e.GetKind()) {
	case protocol.ChannelCreate:
		guild := s.copy()
		guild.Channels = append(slices.Clip(guild.Channels), e.GetChannel())
		return State{guild, s.Users}
	case protocol.GuildMemberAdd:
		guild := s.copy()
		member := e.GetMember().GetMember()
		at, there := slices.BinarySearchFunc(guild.GetMembers(), member.GetUserId(), compareMember)
		if there {
			return s
		}
		guild.Members = slices.Insert(slices.Clone(guild.Members), at, member)
		return State{guild, append(slices.Clip(s.Users), e.GetMember().GetUser())}
	case protocol.Ready, protocol.Resumed, protocol.GuildCreate, protocol.GuildDelete, protocol.GuildMembersChunk,
		protocol.MessageCreate, protocol.MessageUpdate, protocol.MessageDelete, protocol.PresenceUpdate, protocol.TypingStart:
	}
	return s
}

// copy is shallow.
func (s State) copy() *wire.Guild {
	g := s.Guild
	return &wire.Guild{
		Id: g.GetId(), Name: g.GetName(), OwnerId: g.GetOwnerId(), Channels: g.GetChannels(), Members: g.GetMembers(),
	}
}

// has says whether a user is a member.
func (s State) has(user uint64) bool {
	_, there := slices.BinarySearchFunc(s.Guild.GetMembers(), user, compareMember)
	return there
}

func compareMember(m *wire.Member, user uint64) int {
	switch id := m.GetUserId(); {
	case id < user:
		return -1
	case id > user:
		return 1
	}
	return 0
}

const offline = "offline"

// presences are those of a guild's members that are not offline. A user may be seen at several nodes, and is seen as the
// one says that spoke last.
type presences map[uint64][]*wire.Presence

// set notes what a node says of a user, and answers how the user is seen now, nil if that has not changed.
func (p presences) set(in *wire.Presence) *wire.Presence {
	user := in.GetUserId()
	before := p.seen(user)
	rest := slices.DeleteFunc(p[user], func(other *wire.Presence) bool { return other.GetNode() == in.GetNode() })
	if in.GetStatus() != offline {
		rest = append(rest, in)
	}
	if len(rest) == 0 {
		delete(p, user)
	} else {
		p[user] = rest
	}
	now := p.seen(user)
	if samePresence(before, now) {
		return nil
	}
	if now == nil {
		return &wire.Presence{GuildId: in.GetGuildId(), UserId: user, Node: in.GetNode(), Status: offline}
	}
	return now
}

// seen is how a user is seen; nil when offline.
func (p presences) seen(user uint64) *wire.Presence {
	all := p[user]
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// list has everybody who is not offline, by user.
func (p presences) list() []*wire.Presence {
	out := make([]*wire.Presence, 0, len(p))
	for user := range p {
		out = append(out, p.seen(user))
	}
	slices.SortFunc(out, func(a, b *wire.Presence) int {
		if a.GetUserId() < b.GetUserId() {
			return -1
		}
		return 1
	})
	return out
}

// from returns the users that a node speaks of, in order.
func (p presences) from(node string) []uint64 {
	var out []uint64
	for user, all := range p {
		if slices.ContainsFunc(all, func(one *wire.Presence) bool { return one.GetNode() == node }) {
			out = append(out, user)
		}
	}
	slices.Sort(out)
	return out
}

func samePresence(a, b *wire.Presence) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.GetStatus() == b.GetStatus() && string(a.GetActivities()) == string(b.GetActivities())
}
