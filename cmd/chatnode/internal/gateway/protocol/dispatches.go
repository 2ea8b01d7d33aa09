package protocol

import "time"

// The functions below make dispatches out of what has happened. The bodies are Text; whoever sends one to many sessions
// wraps it first, so that it is compressed once.

// NewGuildCreate tells a guild that is there, or is there again. Sessions without the intent for presences get it without
// them.
func NewGuildCreate(g GuildObject) Dispatch {
	d := Dispatch{Kind: GuildCreate, Guild: uint64(g.ID), Full: Text(Encode(GuildCreate, g))}
	if len(g.Presences) > 0 {
		g.Presences = nil
		d.Reduced = Text(Encode(GuildCreate, g))
	}
	return d
}

// NewGuildDelete tells that a guild is away: for good, or until its GUILD_CREATE when outage is set.
func NewGuildDelete(guild uint64, outage bool) Dispatch {
	data := struct {
		ID          Snowflake `json:"id"`
		Unavailable bool      `json:"unavailable,omitzero"`
	}{Snowflake(guild), outage}
	return Dispatch{Kind: GuildDelete, Guild: guild, Outage: outage, Full: Text(Encode(GuildDelete, data))}
}

// NewChannelCreate tells of a channel; it must name its guild.
func NewChannelCreate(c ChannelObject) Dispatch {
	return Dispatch{Kind: ChannelCreate, Guild: uint64(c.Guild), Full: Text(Encode(ChannelCreate, c))}
}

// NewGuildMemberAdd tells that somebody joined; the member must name its guild and its user.
func NewGuildMemberAdd(m MemberObject) Dispatch {
	return Dispatch{Kind: GuildMemberAdd, Guild: uint64(m.Guild), Full: Text(Encode(GuildMemberAdd, m))}
}

// NewMessageCreate tells a message. Sessions that may not see its content get it empty, but for its author and whom it
// mentions.
func NewMessageCreate(m MessageObject) Dispatch { return newMessage(MessageCreate, m) }

// NewMessageUpdate tells the new state of a message, likewise.
func NewMessageUpdate(m MessageObject) Dispatch { return newMessage(MessageUpdate, m) }

func newMessage(kind Kind, m MessageObject) Dispatch {
	d := Dispatch{Kind: kind, Guild: uint64(m.Guild), Full: Text(Encode(kind, m)), Entitled: []uint64{uint64(m.Author.ID)}}
	for _, u := range m.Mentions {
		d.Entitled = append(d.Entitled, uint64(u.ID))
	}
	m.Content, m.Attachments, m.Embeds, m.Components = "", nil, nil, nil
	d.Reduced = Text(Encode(kind, m))
	return d
}

// NewMessageDelete tells that a message is gone.
func NewMessageDelete(guild, channel, message uint64) Dispatch {
	data := struct {
		ID      Snowflake `json:"id"`
		Channel Snowflake `json:"channel_id"`
		Guild   Snowflake `json:"guild_id,omitzero"`
	}{Snowflake(message), Snowflake(channel), Snowflake(guild)}
	return Dispatch{Kind: MessageDelete, Guild: guild, Full: Text(Encode(MessageDelete, data))}
}

// NewPresenceUpdate tells how a member wants to be seen.
func NewPresenceUpdate(p PresenceObject) Dispatch {
	return Dispatch{Kind: PresenceUpdate, Guild: uint64(p.Guild), Full: Text(Encode(PresenceUpdate, p))}
}

// NewTypingStart tells that a member writes.
func NewTypingStart(guild, channel uint64, member MemberObject, at time.Time) Dispatch {
	data := struct {
		Channel   Snowflake    `json:"channel_id"`
		Guild     Snowflake    `json:"guild_id,omitzero"`
		User      Snowflake    `json:"user_id,omitzero"`
		Timestamp int64        `json:"timestamp"`
		Member    MemberObject `json:"member"`
	}{Channel: Snowflake(channel), Guild: Snowflake(guild), Timestamp: at.Unix(), Member: member}
	if member.User != nil {
		data.User = member.User.ID
	}
	return Dispatch{Kind: TypingStart, Guild: guild, Full: Text(Encode(TypingStart, data))}
}
