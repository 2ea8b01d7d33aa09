package rest

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

const (
	// everyonePermissions is what the role of everybody may do: see channels, read
	// and write messages and their history.
	everyonePermissions = "68608"
	// ownerPermissions is what a guild's owner may do: everything there is here.
	ownerPermissions = "68632"
)

func userObject(u *wire.User) protocol.UserObject {
	return protocol.NewUserObject(protocol.User{
		ID: u.GetId(), Username: u.GetUsername(), Discriminator: u.GetDiscriminator(), GlobalName: u.GetGlobalName(),
	})
}

// memberObject has the user only when there is one.
func memberObject(guild uint64, m *wire.Member, u *wire.User) protocol.MemberObject {
	object := protocol.MemberObject{Guild: protocol.Snowflake(guild), JoinedAt: time.UnixMilli(m.GetJoinedAtMs()).UTC()}
	if nick := m.GetNick(); nick != "" {
		object.Nick = &nick
	}
	if u != nil {
		user := userObject(u)
		object.User = &user
	}
	return object
}

func channelObject(guild uint64, c *wire.Channel) protocol.ChannelObject {
	return protocol.ChannelObject{
		ID: protocol.Snowflake(c.GetId()), Guild: protocol.Snowflake(guild), Name: c.GetName(), Position: int(c.GetPosition()),
	}
}

// messageObject is a message as REST tells it: without its guild.
func messageObject(m *wire.Message, author *wire.User) protocol.MessageObject {
	object := protocol.MessageObject{
		ID: protocol.Snowflake(m.GetId()), Channel: protocol.Snowflake(m.GetChannelId()), Author: userObject(author),
		Content: m.GetContent(), Timestamp: wire.SnowflakeTime(m.GetId()),
	}
	if m.GetNonce() != "" {
		object.Nonce = jsontext.Value(m.GetNonce())
	}
	if ms := m.GetEditedAtMs(); ms != 0 {
		edited := time.UnixMilli(ms).UTC()
		object.Edited = &edited
	}
	return object
}

// told is a message as sessions are told it.
func told(reply *wire.MessageReply) protocol.MessageObject {
	object := messageObject(reply.GetMessage(), reply.GetAuthor().GetUser())
	object.Guild = protocol.Snowflake(reply.GetMessage().GetGuildId())
	if m := reply.GetAuthor().GetMember(); m != nil {
		member := memberObject(0, m, nil)
		object.Member = &member
	}
	return object
}

// guildObject is a guild as REST tells it: without channels and members. What
// this service has no use for has one value for ever.
type guildObject struct {
	ID          protocol.Snowflake    `json:"id"`
	Name        string                `json:"name"`
	Icon        *string               `json:"icon"`
	Owner       protocol.Snowflake    `json:"owner_id"`
	AFKTimeout  int                   `json:"afk_timeout"`
	AFKChannel  *protocol.Snowflake   `json:"afk_channel_id"`
	Verify      int                   `json:"verification_level"`
	Notify      int                   `json:"default_message_notifications"`
	Filter      int                   `json:"explicit_content_filter"`
	MFALevel    int                   `json:"mfa_level"`
	NSFWLevel   int                   `json:"nsfw_level"`
	PremiumTier int                   `json:"premium_tier"`
	System      *protocol.Snowflake   `json:"system_channel_id"`
	SystemFlags int                   `json:"system_channel_flags"`
	Rules       *protocol.Snowflake   `json:"rules_channel_id"`
	Locale      string                `json:"preferred_locale"`
	Roles       []protocol.RoleObject `json:"roles"`
	Emojis      []struct{}            `json:"emojis"`
	Stickers    []struct{}            `json:"stickers"`
	Features    []string              `json:"features"`
	Members     uint32                `json:"approximate_member_count,omitzero"`
}

func newGuildObject(g *wire.Guild, members uint32) guildObject {
	return guildObject{
		ID: protocol.Snowflake(g.GetId()), Name: g.GetName(), Owner: protocol.Snowflake(g.GetOwnerId()),
		Locale: "en-US", Roles: []protocol.RoleObject{everyone(g.GetId())}, Members: members,
	}
}

func everyone(guild uint64) protocol.RoleObject {
	return protocol.RoleObject{ID: protocol.Snowflake(guild), Name: "@everyone", Permissions: everyonePermissions}
}

// created is a guild as its owner's sessions are told it.
func created(g *wire.Guild, owner *wire.User, joined time.Time) protocol.GuildObject {
	object := protocol.GuildObject{
		ID: protocol.Snowflake(g.GetId()), Name: g.GetName(), Owner: protocol.Snowflake(g.GetOwnerId()), Locale: "en-US",
		Roles: []protocol.RoleObject{everyone(g.GetId())}, JoinedAt: joined, MemberCount: 1,
		Members: []protocol.MemberObject{memberObject(0, &wire.Member{UserId: owner.GetId(), JoinedAtMs: joined.UnixMilli()}, owner)},
	}
	for _, c := range g.GetChannels() {
		object.Channels = append(object.Channels, channelObject(g.GetId(), c))
	}
	return object
}
