package protocol

import "fmt"

// Opcode tells the payloads of the protocol apart.
type Opcode int

// The opcodes that either side sends. A number that is not here, and one that only a server sends, closes the connection
// with CloseUnknownOpcode.
const (
	OpDispatch            Opcode = 0
	OpHeartbeat           Opcode = 1
	OpIdentify            Opcode = 2
	OpPresenceUpdate      Opcode = 3
	OpVoiceStateUpdate    Opcode = 4
	OpResume              Opcode = 6
	OpReconnect           Opcode = 7
	OpRequestGuildMembers Opcode = 8
	OpInvalidSession      Opcode = 9
	OpHello               Opcode = 10
	OpHeartbeatAck        Opcode = 11
	OpRequestSoundboard   Opcode = 31
)

// CloseCode is the number in a WebSocket close frame: why a connection ended.
type CloseCode uint16

// The close codes that the server sends, and those of a client that mean something here. Client libraries come back after
// each of them but the ones marked final, and resume after all that leave a session.
const (
	// CloseNormal is the client's: it has left, and its session ends with the connection.
	CloseNormal CloseCode = 1000
	// CloseGoingAway ends every connection when the server stops. From a client it means the same as CloseNormal.
	CloseGoingAway CloseCode = 1001
	// CloseAbnormal is never sent: it counts sockets that ended without a close frame.
	CloseAbnormal CloseCode = 1006
	// CloseUnknown means that something failed here and may be tried again: the user could not be loaded, the client
	// stopped its heartbeats, or it did not read what was sent to it.
	CloseUnknown CloseCode = 4000
	// CloseUnknownOpcode answers an opcode that is unknown or that only a server sends.
	CloseUnknownOpcode CloseCode = 4001
	// CloseDecodeError answers a payload that is too long, not JSON or of the wrong shape.
	CloseDecodeError CloseCode = 4002
	// CloseNotAuthenticated answers any payload that needs a session before there is one.
	CloseNotAuthenticated CloseCode = 4003
	// CloseAuthenticationFailed answers a token that nobody has. Final.
	CloseAuthenticationFailed CloseCode = 4004
	// CloseAlreadyAuthenticated answers a second Identify, and a Resume on a connection that has a session.
	CloseAlreadyAuthenticated CloseCode = 4005
	// CloseInvalidSeq answers a Resume from a sequence number that was never sent.
	CloseInvalidSeq CloseCode = 4007
	// CloseRateLimited answers a client that sends too often.
	CloseRateLimited CloseCode = 4008
	// CloseTimedOut ends a connection that never identified, and one whose session was resumed elsewhere.
	CloseTimedOut CloseCode = 4009
	// CloseInvalidShard answers a shard that cannot be. Final.
	CloseInvalidShard CloseCode = 4010
	// CloseShardingRequired answers a user with more guilds than one shard may have. Final.
	CloseShardingRequired CloseCode = 4011
	// CloseInvalidVersion answers a protocol version that is not spoken here. Final.
	CloseInvalidVersion CloseCode = 4012
	// CloseInvalidIntents answers intents that cannot be. Final.
	CloseInvalidIntents CloseCode = 4013
	// CloseDisallowedIntents answers intents that this server does not grant. Final.
	CloseDisallowedIntents CloseCode = 4014
)

// String returns the words for the code, or the number where there are none.
func (c CloseCode) String() string {
	switch c {
	case CloseNormal:
		return "normal closure"
	case CloseGoingAway:
		return "going away"
	case CloseAbnormal:
		return "ended without a close frame"
	case CloseUnknown:
		return "unknown error"
	case CloseUnknownOpcode:
		return "unknown opcode"
	case CloseDecodeError:
		return "decode error"
	case CloseNotAuthenticated:
		return "not authenticated"
	case CloseAuthenticationFailed:
		return "authentication failed"
	case CloseAlreadyAuthenticated:
		return "already authenticated"
	case CloseInvalidSeq:
		return "invalid seq"
	case CloseRateLimited:
		return "rate limited"
	case CloseTimedOut:
		return "session timed out"
	case CloseInvalidShard:
		return "invalid shard"
	case CloseShardingRequired:
		return "sharding required"
	case CloseInvalidVersion:
		return "invalid API version"
	case CloseInvalidIntents:
		return "invalid intents"
	case CloseDisallowedIntents:
		return "disallowed intents"
	}
	return fmt.Sprintf("close code %d", uint16(c))
}
