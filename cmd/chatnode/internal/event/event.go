package event

import (
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// GuildCreated tells a guild whose only member is its owner.
func GuildCreated(revision uint64, g *wire.Guild, owner *wire.Person) *wire.Event {
	object := GuildObject(g, time.UnixMilli(owner.GetMember().GetJoinedAtMs()))
	object.MemberCount = 1
	object.Members = []protocol.MemberObject{MemberObject(0, owner.GetMember(), owner.GetUser())}
	return ofDispatch(revision, protocol.NewGuildCreate(object))
}

// ChannelCreated tells a channel.
func ChannelCreated(revision, guild uint64, c *wire.Channel) *wire.Event {
	e := ofDispatch(revision, protocol.NewChannelCreate(ChannelObject(guild, c)))
	e.Channel = c
	return e
}

// MemberAdded tells that somebody joined.
func MemberAdded(revision, guild uint64, p *wire.Person) *wire.Event {
	e := ofDispatch(revision, protocol.NewGuildMemberAdd(MemberObject(guild, p.GetMember(), p.GetUser())))
	e.Member = p
	return e
}

// MessageCreated tells a message.
func MessageCreated(reply *wire.MessageReply) *wire.Event {
	return ofMessage(reply, protocol.NewMessageCreate)
}

// MessageEdited tells what a message is now.
func MessageEdited(reply *wire.MessageReply) *wire.Event {
	return ofMessage(reply, protocol.NewMessageUpdate)
}

func ofMessage(reply *wire.MessageReply, tell func(protocol.MessageObject) protocol.Dispatch) *wire.Event {
	object := MessageObject(reply.GetMessage(), reply.GetAuthor().GetUser())
	object.Guild = protocol.Snowflake(reply.GetMessage().GetGuildId())
	if m := reply.GetAuthor().GetMember(); m != nil {
		member := MemberObject(0, m, nil)
		object.Member = &member
	}
	e := ofDispatch(reply.GetRevision(), tell(object))
	e.MessageId = reply.GetMessage().GetId()
	return e
}

// MessageDeleted tells that a message is gone.
func MessageDeleted(revision, guild, channel, message uint64) *wire.Event {
	e := ofDispatch(revision, protocol.NewMessageDelete(guild, channel, message))
	e.MessageId = message
	return e
}

// Typing tells that a member writes. No log keeps it.
func Typing(guild, channel uint64, p *wire.Person, at time.Time) *wire.Event {
	return ofDispatch(0, protocol.NewTypingStart(guild, channel, MemberObject(0, p.GetMember(), p.GetUser()), at))
}

// OfChange tells what the log of a guild keeps; nil for a change of a kind that
// this process does not know.
func OfChange(guild uint64, c *wire.Change) *wire.Event {
	message := &wire.MessageReply{Message: c.GetMessage(), Author: c.GetPerson(), Revision: c.GetRevision()}
	switch c.GetKind() {
	case wire.Change_GUILD_CREATED:
		return GuildCreated(c.GetRevision(), c.GetGuild(), c.GetPerson())
	case wire.Change_CHANNEL_CREATED:
		return ChannelCreated(c.GetRevision(), guild, c.GetChannel())
	case wire.Change_MEMBER_ADDED:
		return MemberAdded(c.GetRevision(), guild, c.GetPerson())
	case wire.Change_MESSAGE_CREATED:
		return MessageCreated(message)
	case wire.Change_MESSAGE_EDITED:
		return MessageEdited(message)
	case wire.Change_MESSAGE_DELETED:
		return MessageDeleted(c.GetRevision(), guild, c.GetChannelId(), c.GetMessageId())
	case wire.Change_UNKNOWN:
	}
	return nil
}

func ofDispatch(revision uint64, d protocol.Dispatch) *wire.Event {
	e := &wire.Event{Revision: revision, Kind: uint32(d.Kind), GuildId: d.Guild, Full: d.Full.Text(), Entitled: d.Entitled}
	if d.Reduced != nil {
		e.Reduced = d.Reduced.Text()
	}
	return e
}

// Dispatch is what sessions are told of an event. A kind that this process does not
// know is told to nobody.
func Dispatch(e *wire.Event) protocol.Dispatch {
	d := protocol.Dispatch{Guild: e.GetGuildId(), Full: protocol.Text(e.GetFull()), Entitled: e.GetEntitled()}
	if kind := e.GetKind(); kind <= uint32(protocol.TypingStart) {
		d.Kind = protocol.Kind(kind)
	}
	if len(e.GetReduced()) > 0 {
		d.Reduced = protocol.Text(e.GetReduced())
	}
	return d
}
