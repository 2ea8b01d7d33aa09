package gateway

import "fmt"

// opcode tells the payloads of the protocol apart.
type opcode int

// The opcodes that this side sends or understands. A number that is not here closes the session with CloseUnknownOpcode.
const (
	opDispatch            opcode = 0
	opHeartbeat           opcode = 1
	opIdentify            opcode = 2
	opPresenceUpdate      opcode = 3
	opVoiceStateUpdate    opcode = 4
	opResume              opcode = 6
	opRequestGuildMembers opcode = 8
	opInvalidSession      opcode = 9
	opHello               opcode = 10
	opHeartbeatAck        opcode = 11
	opRequestSoundboard   opcode = 31
)

// CloseCode is the number in a WebSocket close frame: why a session ended.
type CloseCode uint16

// The close codes that the server sends. Client libraries come back after each of them but the ones marked final.
const (
	// CloseGoingAway ends every session when the server stops.
	CloseGoingAway CloseCode = 1001
	// CloseAbnormal is never sent: it counts sockets that ended without a close frame.
	CloseAbnormal CloseCode = 1006
	// CloseUnknown means that the session failed here and may be tried again: the user could not be loaded, the client
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
	// CloseAlreadyAuthenticated answers a second Identify or a Resume on a session.
	CloseAlreadyAuthenticated CloseCode = 4005
	// CloseRateLimited answers a client that sends too often.
	CloseRateLimited CloseCode = 4008
	// CloseTimedOut ends a connection that never identified.
	CloseTimedOut CloseCode = 4009
	// CloseInvalidShard answers a shard that cannot be. Final.
	CloseInvalidShard CloseCode = 4010
	// CloseInvalidVersion answers a protocol version that is not spoken here. Final.
	CloseInvalidVersion CloseCode = 4012
	// CloseInvalidIntents answers intents that cannot be. Final.
	CloseInvalidIntents CloseCode = 4013
)

// String returns the words for the code, or the number where there are none.
func (c CloseCode) String() string {
	switch c {
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
	case CloseRateLimited:
		return "rate limited"
	case CloseTimedOut:
		return "session timed out"
	case CloseInvalidShard:
		return "invalid shard"
	case CloseInvalidVersion:
		return "invalid API version"
	case CloseInvalidIntents:
		return "invalid intents"
	}
	return fmt.Sprintf("close code %d", uint16(c))
}
