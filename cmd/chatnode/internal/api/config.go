package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc/credentials"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// MaxWorkers is the largest number of workers of one node.
const MaxWorkers = 10_000

// Config says what an API node listens on, whom it asks and how much it takes on.
type Config struct {
	// Listener is where chat nodes connect; the node closes it. Required.
	Listener net.Listener
	// Store is the address (host:port) of the store. Required; the store itself
	// may come later.
	Store string
	// Workers is how many loads of users are worked on at once, as many calls about
	// guilds, and as many of REST: one more is refused, and no kind takes another's.
	// 0 means 64.
	Workers int
	// CallTimeout bounds one call, and with it the wait for a store that does
	// not answer. 0 means 1 s.
	CallTimeout time.Duration
	// REST is where client libraries call; the node closes it. Nil means nowhere.
	REST net.Listener
	// Gateways returns the URLs of chat nodes that REST sends clients to: see
	// [rest.Config.Gateways]. Nil means none.
	Gateways func() []string
	// Told is told what REST committed: see [rest.Config.Told]. Nil means nobody.
	Told func(ctx context.Context, e *wire.Event, joined []uint64)
	// Epoch and Stale are what is known of guilds' owners: see [rest.Config.Epoch].
	// Nil means nothing.
	Epoch func(guild uint64) uint64
	Stale func(guild uint64)
	// Credentials turns TLS on for chat nodes; nil means plain text, for loopback.
	Credentials credentials.TransportCredentials
	// StoreCredentials does the same towards the store.
	StoreCredentials credentials.TransportCredentials
	// Log gets a line when the node serves, when it stops, and when the store
	// goes away or comes back. The zero logger is silent.
	Log zerolog.Logger
}

// Validate says what is wrong with the configuration, and changes nothing.
func (c Config) Validate() error {
	switch {
	case c.Listener == nil:
		return errors.New("api: no listener")
	case !isAddress(c.Store):
		return fmt.Errorf("api: store address %q: want host:port, for example 127.0.0.1:7100", c.Store)
	case c.Workers < 0 || c.Workers > MaxWorkers:
		return fmt.Errorf("api: %d workers: want 1 to %d, or 0 for the default", c.Workers, MaxWorkers)
	case c.CallTimeout < 0:
		return fmt.Errorf("api: call timeout %v: want more than 0, or 0 for the default", c.CallTimeout)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Workers == 0 {
		c.Workers = 64
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = time.Second
	}
	return c
}

func isAddress(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}
