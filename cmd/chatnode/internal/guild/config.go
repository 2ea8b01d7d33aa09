package guild

import (
	"context"
	"crypto/tls"
	"errors"
	"net"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// Store is what guilds are loaded from: a pool of API nodes. Its errors wrap api.ErrNotFound for a guild that is not there.
type Store interface {
	ClaimGuild(ctx context.Context, id uint64) (*wire.ClaimedGuild, error)
	ReadChanges(ctx context.Context, id, after uint64, limit int) (*wire.GuildEvents, error)
	CheckGuilds(ctx context.Context, claims []*wire.Claim) ([]*wire.GuildHead, error)
}

// Sessions are told what happens: a gateway's.
type Sessions interface {
	DispatchGuild(ctx context.Context, d protocol.Dispatch) int
	DispatchUser(ctx context.Context, user uint64, d protocol.Dispatch) int
	DispatchSession(ctx context.Context, id string, d protocol.Dispatch) int
}

// Places says where guilds and nodes are. Its methods are called often, from many goroutines, and must not block.
type Places interface {
	// Owner returns the node that a guild is on; empty while none is known.
	Owner(guild uint64) (node string)
	// Peer returns where a node listens for others (host:port); empty when it is not known.
	Peer(node string) (address string)
	// Version returns a value that compares unequal after something has moved.
	Version() any
}

// Config describes a [Node]. All but Advertise, TLS, Machine and Log are required.
type Config struct {
	// Node is this chat node's name.
	Node  string
	Store Store
	// Places is asked from Start on.
	Places Places
	// Peers is where other nodes connect (host:port; port 0 takes any). Advertise is what they connect to; empty means the
	// same.
	Peers, Advertise string
	// ServerTLS and ClientTLS secure what nodes say to each other; nil means plain text, for loopback.
	ServerTLS, ClientTLS *tls.Config
	// Machine tunes the guilds. Its Random is replaced.
	Machine replica.Config
	// Seed is of the jitter.
	Seed uint64
	// Log gets the node's own story. The zero value is silent.
	Log zerolog.Logger
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	switch {
	case c.Node == "":
		return errors.New("guild: no node: set Config.Node")
	case c.Store == nil:
		return errors.New("guild: no store: set Config.Store")
	case c.Places == nil:
		return errors.New("guild: no places: set Config.Places")
	}
	if _, _, err := net.SplitHostPort(c.Peers); err != nil {
		return errors.New("guild: address for peers " + c.Peers + ": want host:port")
	}
	return nil
}
