package gateway

import (
	"context"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// Guilds is where sessions get their guilds from. Its methods are called from many goroutines, without any lock of the
// gateway's, so they may call the Server's Dispatch methods.
type Guilds interface {
	// Opened says that a session has got READY, in which all its guilds are unavailable. Each becomes available by a
	// GUILD_CREATE, dispatched to the session at any time from now on. Opened must return soon.
	Opened(session protocol.SessionInfo)
	// Closed says that a session is over for good. It comes once for each Opened, after it, while the server serves; a
	// session that only lost its connection is not over. Closed must return soon.
	Closed(session protocol.SessionInfo)
	// Presence says how a session's user wants to be seen. It must return soon.
	Presence(session protocol.SessionInfo, presence protocol.Presence)
	// Members returns all members of a guild that the session has. It must return soon after its context ends.
	Members(ctx context.Context, guild uint64) ([]protocol.Member, error)
}

// Peers knows the other chat nodes.
type Peers interface {
	// Gateway returns where a node's gateway is, such as ws://10.0.0.7:8080, and false when the node is not known to live.
	// It must not block.
	Gateway(node string) (url string, lives bool)
}
