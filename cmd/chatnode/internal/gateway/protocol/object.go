package protocol

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Snowflake is an id: a number here, text in JSON.
type Snowflake uint64

// MarshalText implements [encoding.TextMarshaler].
func (s Snowflake) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(s), 10), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Snowflake) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return fmt.Errorf("protocol: id %.30q is not a number", text)
	}
	*s = Snowflake(n)
	return nil
}

// The objects below have the members that client libraries read, in Discord's words. Those that this service has no use
// for have one value for ever.

// UserObject is a user.
type UserObject struct {
	ID            Snowflake `json:"id"`
	Username      string    `json:"username"`
	Discriminator string    `json:"discriminator"`
	GlobalName    *string   `json:"global_name"`
	Avatar        *string   `json:"avatar"`
	Bot           bool      `json:"bot,omitzero"`
}

// NewUserObject makes a user's object.
func NewUserObject(u User) UserObject {
	return UserObject{
		ID:            Snowflake(u.ID),
		Username:      u.Username,
		Discriminator: orDefault(u.Discriminator, "0"),
		GlobalName:    orNull(u.GlobalName),
		Avatar:        orNull(u.Avatar),
		Bot:           u.Bot,
	}
}

// MemberObject is a user's part in a guild. In a message it is without the user, in GUILD_MEMBER_ADD with the guild.
type MemberObject struct {
	Guild    Snowflake   `json:"guild_id,omitzero"`
	User     *UserObject `json:"user,omitempty"`
	Nick     *string     `json:"nick"`
	Avatar   *string     `json:"avatar"`
	Roles    []Snowflake `json:"roles"`
	JoinedAt time.Time   `json:"joined_at"`
	Deaf     bool        `json:"deaf"`
	Mute     bool        `json:"mute"`
	Flags    int         `json:"flags"`
}

// ChannelObject is a text channel of a guild.
type ChannelObject struct {
	ID          Snowflake  `json:"id"`
	Type        int        `json:"type"`
	Guild       Snowflake  `json:"guild_id,omitzero"`
	Name        string     `json:"name"`
	Position    int        `json:"position"`
	Topic       *string    `json:"topic"`
	NSFW        bool       `json:"nsfw"`
	LastMessage *Snowflake `json:"last_message_id"`
	Parent      *Snowflake `json:"parent_id"`
	SlowMode    int        `json:"rate_limit_per_user"`
	Overwrites  []struct{} `json:"permission_overwrites"`
	Flags       int        `json:"flags"`
}

// RoleObject is a role; every guild has one, of its own id, that everybody has.
type RoleObject struct {
	ID          Snowflake `json:"id"`
	Name        string    `json:"name"`
	Color       int       `json:"color"`
	Hoist       bool      `json:"hoist"`
	Position    int       `json:"position"`
	Permissions string    `json:"permissions"`
	Managed     bool      `json:"managed"`
	Mentionable bool      `json:"mentionable"`
	Flags       int       `json:"flags"`
}

// GuildObject is a guild as GUILD_CREATE tells it.
type GuildObject struct {
	ID          Snowflake        `json:"id"`
	Name        string           `json:"name"`
	Icon        *string          `json:"icon"`
	Owner       Snowflake        `json:"owner_id"`
	AFKTimeout  int              `json:"afk_timeout"`
	AFKChannel  *Snowflake       `json:"afk_channel_id"`
	Verify      int              `json:"verification_level"`
	Notify      int              `json:"default_message_notifications"`
	Filter      int              `json:"explicit_content_filter"`
	MFALevel    int              `json:"mfa_level"`
	NSFWLevel   int              `json:"nsfw_level"`
	PremiumTier int              `json:"premium_tier"`
	System      *Snowflake       `json:"system_channel_id"`
	SystemFlags int              `json:"system_channel_flags"`
	Rules       *Snowflake       `json:"rules_channel_id"`
	Locale      string           `json:"preferred_locale"`
	Roles       []RoleObject     `json:"roles"`
	Emojis      []struct{}       `json:"emojis"`
	Stickers    []struct{}       `json:"stickers"`
	Features    []string         `json:"features"`
	JoinedAt    time.Time        `json:"joined_at"`
	Large       bool             `json:"large"`
	Unavailable bool             `json:"unavailable"`
	MemberCount int              `json:"member_count"`
	Channels    []ChannelObject  `json:"channels"`
	Threads     []struct{}       `json:"threads"`
	Members     []MemberObject   `json:"members"`
	Presences   []PresenceObject `json:"presences"`
	VoiceStates []struct{}       `json:"voice_states"`
	Stages      []struct{}       `json:"stage_instances"`
	Scheduled   []struct{}       `json:"guild_scheduled_events"`
}

// PresenceObject is how a user is seen in one guild.
type PresenceObject struct {
	User       PartialObject     `json:"user"`
	Guild      Snowflake         `json:"guild_id"`
	Status     string            `json:"status"`
	Activities jsontext.Value    `json:"activities"`
	Clients    map[string]string `json:"client_status"`
}

// PartialObject is something of which only the id is told.
type PartialObject struct {
	ID Snowflake `json:"id"`
}

// MessageObject is a message.
type MessageObject struct {
	ID              Snowflake        `json:"id"`
	Channel         Snowflake        `json:"channel_id"`
	Guild           Snowflake        `json:"guild_id,omitzero"`
	Author          UserObject       `json:"author"`
	Member          *MemberObject    `json:"member,omitempty"`
	Content         string           `json:"content"`
	Timestamp       time.Time        `json:"timestamp"`
	Edited          *time.Time       `json:"edited_timestamp"`
	TTS             bool             `json:"tts"`
	MentionEveryone bool             `json:"mention_everyone"`
	Mentions        []UserObject     `json:"mentions"`
	MentionRoles    []Snowflake      `json:"mention_roles"`
	Attachments     []struct{}       `json:"attachments"`
	Embeds          []jsontext.Value `json:"embeds"`
	Components      []jsontext.Value `json:"components"`
	Nonce           jsontext.Value   `json:"nonce,omitempty"`
	Pinned          bool             `json:"pinned"`
	Type            int              `json:"type"`
	Flags           int              `json:"flags"`
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
