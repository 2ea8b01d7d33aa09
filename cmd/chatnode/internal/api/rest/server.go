package rest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

const (
	// maxHeaderBytes bounds the head of a request.
	maxHeaderBytes = 16 << 10
	// readLimit bounds how long a request may take to arrive, writeLimit the answer.
	readLimit, writeLimit = 5 * time.Second, 10 * time.Second
	// idleLimit is how long a connection may wait for its next request.
	idleLimit = 60 * time.Second
	// stopGrace is how long running calls may take once the server stops.
	stopGrace = 1500 * time.Millisecond
)

// Config says whom a server asks and how much it takes on.
type Config struct {
	// Store answers for everything. Required.
	Store wire.StoreClient
	// Gateways returns the URLs that clients are sent to, in turn. With none, asking
	// for one is answered by 503. It must not block, and nobody writes to what it
	// returned. Nil means none.
	Gateways func() []string
	// Workers is how many calls are worked on at once; one more is refused.
	// 0 means 64.
	Workers int
	// Lane works on the calls; nil means one of so many workers, without a queue.
	Lane *work.Lane
	// CallTimeout bounds one call, and is passed on to the store. 0 means 1 s.
	CallTimeout time.Duration
	// Told hears what was committed, and who types, as sessions are told it. Sessions
	// of the users who joined have to follow the guild from now on. It is called by
	// the goroutine of the call, with its context, before its client is answered, and
	// must not block; calls of several clients come in any order, which revisions
	// tell. Nil means that nobody is told.
	Told func(ctx context.Context, e *wire.Event, joined []uint64)
	// Epoch is the newest claim of a guild that is known here, with which it is
	// written to; 0 for none. It must not block. Nil means that none is known.
	Epoch func(guild uint64) uint64
	// Stale says that the store has a newer claim than the one that Epoch returned.
	// It must not block. Nil means that nobody is told.
	Stale func(guild uint64)
	// Log gets a line for a fault of this server's own. The zero logger is silent.
	Log zerolog.Logger
}

// Validate says what is wrong with the configuration, and changes nothing.
func (c Config) Validate() error {
	switch {
	case c.Store == nil:
		return errors.New("rest: no store")
	case c.Workers < 0:
		return fmt.Errorf("rest: %d workers: want 1 or more, or 0 for the default", c.Workers)
	case c.CallTimeout < 0:
		return fmt.Errorf("rest: call timeout %v: want more than 0, or 0 for the default", c.CallTimeout)
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
	if c.Told == nil {
		c.Told = func(context.Context, *wire.Event, []uint64) {}
	}
	if c.Gateways == nil {
		c.Gateways = func() []string { return nil }
	}
	if c.Epoch == nil {
		c.Epoch = func(uint64) uint64 { return 0 }
	}
	if c.Stale == nil {
		c.Stale = func(uint64) {}
	}
	return c
}

// Server answers REST calls. All methods may be called from any goroutine.
type Server struct {
	cfg    Config
	mux    *http.ServeMux
	limits *limits
	guilds *guilds

	served, shed, limited, turn atomic.Uint64
}

// New checks the configuration and starts nothing.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if cfg.Lane == nil {
		lane, err := work.New("rest", desk.Config{Workers: cfg.Workers}, 0)
		if err != nil {
			return nil, fmt.Errorf("rest: %w", err)
		}
		cfg.Lane = lane
	}
	s := &Server{cfg: cfg, limits: newLimits(), guilds: newGuilds()}
	s.mux = s.routes()
	return s, nil
}

// Stats is what a server did so far.
type Stats struct {
	// Served calls were worked on, Limited ones of them refused with 429. Shed
	// ones found no worker.
	Served, Limited, Shed uint64
}

// Stats returns the current figures.
func (s *Server) Stats() Stats {
	return Stats{Served: s.served.Load(), Limited: s.limited.Load(), Shed: s.shed.Load()}
}

// Serve accepts calls until ctx ends, lets running ones finish for a moment, and
// returns nil. It returns an error when the listener fails. It closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s, MaxHeaderBytes: maxHeaderBytes,
		ReadTimeout: readLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(listener, wire.MaxConnections)) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve REST on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close() // cuts the rest
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve REST on %s: %w", listener.Addr(), err)
	}
	return nil
}
