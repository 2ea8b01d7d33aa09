package wire

import (
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The limits that both ends of a connection keep.
const (
	// MaxRequestBytes bounds what a server reads of one request; more is refused
	// with RESOURCE_EXHAUSTED before it is decoded.
	MaxRequestBytes = 64 << 10
	// MaxReplyBytes bounds what a client reads of one reply: a guild of about
	// 200,000 members with their users.
	MaxReplyBytes = 16 << 20
	// MaxConnections bounds the connections of one listener; one more waits in
	// the kernel's backlog until another closes.
	MaxConnections = 1024
	// MaxTokenBytes bounds a login token.
	MaxTokenBytes = 256
	// MaxContentRunes bounds the text of a message, in characters.
	MaxContentRunes = 2000
	// MaxNonceBytes bounds a message's nonce, as JSON.
	MaxNonceBytes = 64
	// MinGuildNameRunes and MaxNameRunes bound the name of a guild.
	MinGuildNameRunes = 2
	// MaxNameRunes bounds the name of a channel too, which has 1 at least.
	MaxNameRunes = 100
	// MaxChannels bounds the channels of a guild.
	MaxChannels = 500
	// MaxUserGuilds bounds the guilds that a user may be in when joining another.
	MaxUserGuilds = 100
	// MaxMessagePage bounds one list of messages.
	MaxMessagePage = 100
	// MaxMemberPage bounds one list of members.
	MaxMemberPage = 1000
	// MaxGuildPage bounds one list of guilds.
	MaxGuildPage = 200
	// MaxChangePage bounds one list of a guild's changes.
	MaxChangePage = 1000
	// MaxChangeBytes bounds such a list, too, unless one change has more.
	MaxChangeBytes = 1 << 20
	// MaxClaims bounds the guilds that one call checks.
	MaxClaims = 1000
)

// CheckToken answers UNAUTHENTICATED for a string that cannot be anybody's
// token: empty, longer than [MaxTokenBytes], or not UTF-8 (which a proto string
// must be: sent anyway, it would fail as INTERNAL). It does not say who logs in.
func CheckToken(token string) error {
	if token == "" || len(token) > MaxTokenBytes || !utf8.ValidString(token) {
		return status.Errorf(codes.Unauthenticated, "token of %d bytes is nobody's: want 1 to %d bytes of text", len(token), MaxTokenBytes)
	}
	return nil
}
