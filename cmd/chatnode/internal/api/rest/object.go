package rest

import (
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// ownerPermissions is what a guild's owner may do: everything there is here.
const ownerPermissions = "68632"

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
		Locale: "en-US", Roles: []protocol.RoleObject{event.RoleObject(g.GetId())}, Members: members,
	}
}
