package event

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// EveryonePermissions is what the role of everybody may do: see channels, read and
// write messages and their history.
const EveryonePermissions = "68608"

// UserObject is a user.
func UserObject(u *wire.User) protocol.UserObject {
	return protocol.NewUserObject(protocol.User{
		ID: u.GetId(), Username: u.GetUsername(), Discriminator: u.GetDiscriminator(), GlobalName: u.GetGlobalName(),
	})
}

// MemberObject is a user's part in a guild. It names the guild and has the user
// only when these are given (0, nil: not).
func MemberObject(guild uint64, m *wire.Member, u *wire.User) protocol.MemberObject {
	object := protocol.MemberObject{Guild: protocol.Snowflake(guild), JoinedAt: time.UnixMilli(m.GetJoinedAtMs()).UTC()}
	if nick := m.GetNick(); nick != "" {
		object.Nick = &nick
	}
	if u != nil {
		user := UserObject(u)
		object.User = &user
	}
	return object
}

// ChannelObject is a channel of a guild.
func ChannelObject(guild uint64, c *wire.Channel) protocol.ChannelObject {
	return protocol.ChannelObject{
		ID: protocol.Snowflake(c.GetId()), Guild: protocol.Snowflake(guild), Name: c.GetName(), Position: int(c.GetPosition()),
	}
}

// MessageObject is a message as REST tells it: without its guild.
func MessageObject(m *wire.Message, author *wire.User) protocol.MessageObject {
	object := protocol.MessageObject{
		ID: protocol.Snowflake(m.GetId()), Channel: protocol.Snowflake(m.GetChannelId()), Author: UserObject(author),
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

// RoleObject is the one role of a guild, which everybody has.
func RoleObject(guild uint64) protocol.RoleObject {
	return protocol.RoleObject{ID: protocol.Snowflake(guild), Name: "@everyone", Permissions: EveryonePermissions}
}

// GuildObject is a guild with its channels as somebody is told it who joined at a
// time. Members are for the caller to add.
func GuildObject(g *wire.Guild, joined time.Time) protocol.GuildObject {
	object := protocol.GuildObject{
		ID: protocol.Snowflake(g.GetId()), Name: g.GetName(), Owner: protocol.Snowflake(g.GetOwnerId()), Locale: "en-US",
		Roles: []protocol.RoleObject{RoleObject(g.GetId())}, JoinedAt: joined.UTC(),
	}
	for _, c := range g.GetChannels() {
		object.Channels = append(object.Channels, ChannelObject(g.GetId(), c))
	}
	return object
}
