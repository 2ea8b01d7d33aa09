package protocol

// Intents is the set of events that a client wants, as Discord numbers them.
type Intents uint64

// The intents that have a meaning here. Others are accepted and have no effect, since a client library may know more
// events than this server sends.
const (
	IntentGuilds         Intents = 1 << 0
	IntentGuildMembers   Intents = 1 << 1 // privileged
	IntentGuildPresences Intents = 1 << 8 // privileged
	IntentGuildMessages  Intents = 1 << 9
	IntentGuildTyping    Intents = 1 << 11
	IntentMessageContent Intents = 1 << 15 // privileged

	// PrivilegedIntents are those that a server may refuse.
	PrivilegedIntents = IntentGuildMembers | IntentGuildPresences | IntentMessageContent

	// endOfIntents is one more than the largest set of intents.
	endOfIntents = 1 << 32
)

// Has says whether all of the intents are in the set.
func (i Intents) Has(all Intents) bool { return i&all == all }

// Kind is what a dispatch tells.
type Kind uint8

// The dispatches that this server sends. Nodes of several versions tell each other of them by number: a new one comes last.
const (
	Ready Kind = iota + 1
	Resumed
	GuildCreate
	GuildDelete
	ChannelCreate
	GuildMemberAdd
	GuildMembersChunk
	MessageCreate
	MessageUpdate
	MessageDelete
	PresenceUpdate
	TypingStart
)

// String returns the dispatch's name in the protocol.
func (k Kind) String() string {
	switch k {
	case Ready:
		return "READY"
	case Resumed:
		return "RESUMED"
	case GuildCreate:
		return "GUILD_CREATE"
	case GuildDelete:
		return "GUILD_DELETE"
	case ChannelCreate:
		return "CHANNEL_CREATE"
	case GuildMemberAdd:
		return "GUILD_MEMBER_ADD"
	case GuildMembersChunk:
		return "GUILD_MEMBERS_CHUNK"
	case MessageCreate:
		return "MESSAGE_CREATE"
	case MessageUpdate:
		return "MESSAGE_UPDATE"
	case MessageDelete:
		return "MESSAGE_DELETE"
	case PresenceUpdate:
		return "PRESENCE_UPDATE"
	case TypingStart:
		return "TYPING_START"
	}
	return "UNKNOWN"
}

// wanted is the intent without which a session does not get the kind; none for what every session gets.
func (k Kind) wanted() Intents {
	switch k {
	case Ready, Resumed, GuildMembersChunk:
		return 0
	case GuildCreate, GuildDelete, ChannelCreate:
		return IntentGuilds
	case GuildMemberAdd:
		return IntentGuildMembers
	case MessageCreate, MessageUpdate, MessageDelete:
		return IntentGuildMessages
	case PresenceUpdate:
		return IntentGuildPresences
	case TypingStart:
		return IntentGuildTyping
	}
	return endOfIntents // nobody can want what is not known
}

// whole is the intent without which a session gets the reduced form of the kind, where there is one. Version 9 shows the
// content of messages to everybody: it is version 10 that began to ask for the intent.
func (k Kind) whole(version int) Intents {
	switch k {
	case GuildCreate, GuildMembersChunk:
		return IntentGuildPresences
	case MessageCreate, MessageUpdate:
		if version >= 10 {
			return IntentMessageContent
		}
		return 0
	case Ready, Resumed, GuildDelete, ChannelCreate, GuildMemberAdd, MessageDelete, PresenceUpdate, TypingStart:
		return 0
	}
	return 0
}
