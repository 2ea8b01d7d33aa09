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
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// MaxWorkers is the largest number of workers of one lane.
const MaxWorkers = desk.MaxWorkers

// Config says what an API node listens on, whom it asks and how much it takes on.
type Config struct {
	// Listener is where chat nodes connect; the node closes it. Required.
	Listener net.Listener
	// Store is the address (host:port) of the store. Required; the store itself
	// may come later.
	Store string
	// Workers is how many calls are worked on at once in each lane: loads of users,
	// loads of guilds, REST. No lane takes another's. 0 means 64.
	Workers int
	// Queue is how many calls of a lane may wait for a worker; one more is refused.
	// 0 means none.
	Queue int
	// Service, Spread and Late are as in [desk.Config]: for how long a call holds its
	// worker at least, and what becomes of calls that cannot be answered in time.
	Service time.Duration
	Spread  desk.Spread
	Late    desk.Late
	// Seed decides what is drawn.
	Seed uint64
	// CallTimeout bounds one call, and with it the waits for a worker and for a
	// store that does not answer. 0 means 1 s.
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
	case c.CallTimeout < 0:
		return fmt.Errorf("api: call timeout %v: want more than 0, or 0 for the default", c.CallTimeout)
	}
	if err := c.lane().Validate(); err != nil {
		return fmt.Errorf("api: %w", err)
	}
	return nil
}

// lane is what each lane is made from.
func (c Config) lane() desk.Config {
	return desk.Config{Workers: c.Workers, Queue: c.Queue, Service: c.Service, Spread: c.Spread, Late: c.Late}
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
