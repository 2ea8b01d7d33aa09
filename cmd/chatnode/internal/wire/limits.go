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
	// 200,000 members.
	MaxReplyBytes = 4 << 20
	// MaxConnections bounds the connections of one listener; one more waits in
	// the kernel's backlog until another closes.
	MaxConnections = 1024
	// MaxTokenBytes bounds a login token.
	MaxTokenBytes = 256
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
