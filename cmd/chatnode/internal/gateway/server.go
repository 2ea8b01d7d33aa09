package gateway

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gate"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

const (
	// stopTimeout is how long a stop waits for sessions that do not end.
	stopTimeout = 2 * time.Second
	// handshakeTimeout bounds what a client may take to send its request, and how long it may sit there without one.
	handshakeTimeout = 5 * time.Second
	// maxHeaderBytes bounds the request; the web server adds 4 KiB of its own.
	maxHeaderBytes = 8 << 10
	// sweepInterval is how often sessions are looked for whose clients have not come back.
	sweepInterval = time.Second
)

// Server accepts clients and owns their sessions. Build it with New.
type Server struct {
	cfg        Config
	set        *protocol.Settings
	gate       *gate.Gate
	buffers    *bufferPool
	outgoing   *growing
	directory  *directory
	tasks      sync.WaitGroup // everything that runs for a connection
	dispatched atomic.Uint64
	refuses    atomic.Bool   // new clients are turned away
	attempts   atomic.Uint64 // Resumes that were said here

	mu         sync.Mutex // owns everything below; never held while calling a conn
	served     bool
	stopping   bool
	conns      map[*conn]struct{}
	identifies *protocol.IdentifyLimit
	stats      Stats
	goodput    goodput
}

// New builds a server. It starts nothing.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	turns := cfg.Gate
	if turns == nil {
		open, err := openGate(cfg)
		if err != nil {
			return nil, err
		}
		turns = open
	}
	return &Server{
		cfg:        cfg,
		set:        settings(cfg, turns.Patience()),
		gate:       turns,
		buffers:    newBufferPool(),
		outgoing:   newGrowing(),
		directory:  newDirectory(),
		conns:      map[*conn]struct{}{},
		identifies: protocol.NewIdentifyLimit(cfg.IdentifyLimit),
		stats:      Stats{Closes: map[protocol.CloseCode]uint64{}},
	}, nil
}

func settings(cfg Config, patience time.Duration) *protocol.Settings {
	return protocol.Settings{
		Node:              cfg.Node,
		HeartbeatInterval: cfg.HeartbeatInterval,
		IdentifyTimeout:   cfg.IdentifyTimeout,
		LoadTimeout:       patience + cfg.LoadTimeout,
		ResumeURL:         cfg.PublicURL,
		Disallowed:        cfg.Disallowed,
		GuildsCome:        cfg.Guilds != nil,
	}.Encoded()
}

// Serve accepts clients until ctx ends, then closes the listener, tells every session and waits until all are gone. It
// returns nil after such a stop, and an error when the listener fails or something does not end within two seconds.
func (s *Server) Serve(ctx context.Context) error {
	if !s.begin() {
		return errors.New("gateway: Serve was called twice: build a new Server")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	web := &http.Server{
		Handler:           s.routes(ctx),
		ReadHeaderTimeout: handshakeTimeout,
		IdleTimeout:       handshakeTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(s.cfg.Log, "", 0),
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(s.cfg.Listener) }()
	s.cfg.Log.Info().Str("address", s.cfg.Listener.Addr().String()).Msg("gateway serves")

	err := s.watch(ctx, web, failed)
	cancel()
	if errors.Is(err, http.ErrServerClosed) {
		return s.stop(ctx)
	}
	return errors.Join(fmt.Errorf("gateway: listening on %s: %w", s.cfg.Listener.Addr(), err), s.stop(ctx))
}

// watch sweeps until the server fails or ctx ends. It returns why the web server has ended.
func (s *Server) watch(ctx context.Context, web *http.Server, failed <-chan error) error {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			s.sweep(now)
			s.measure(now)
		case <-ctx.Done():
			_ = web.Close() // the listener's own error; it is gone either way
			return <-failed
		case err := <-failed:
			return err
		}
	}
}

func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.served
	s.served = true
	return first
}

// stop tells every session and waits for the last. Their own timers see to it that none lingers; only a loader that
// ignores its context can, and is reported.
func (s *Server) stop(ctx context.Context) error {
	for _, c := range s.becomeStopping() {
		c.handle(ctx, protocol.ServerStopping{})
	}
	gone := make(chan struct{})
	go func() {
		s.tasks.Wait()
		close(gone)
	}()
	patience := time.NewTimer(stopTimeout)
	defer patience.Stop()
	select {
	case <-gone:
		s.cfg.Log.Info().Msg("gateway stopped")
		return nil
	case <-patience.C:
		return fmt.Errorf("gateway: %d sessions and %d loads did not end within %v", s.Stats().Sessions, s.gate.Figures().InFlight, stopTimeout)
	}
}

func (s *Server) becomeStopping() []*conn {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	return s.connections()
}

// bufferPool lends the room for one message to whoever has one to read, so that parked sessions hold none.
type bufferPool struct{ pool sync.Pool }

type buffer = [protocol.MaxPayloadBytes + 1]byte

func newBufferPool() *bufferPool {
	return &bufferPool{sync.Pool{New: func() any { return new(buffer) }}}
}

func (p *bufferPool) get() *buffer {
	b, ok := p.pool.Get().(*buffer)
	if !ok {
		return new(buffer)
	}
	return b
}

func (p *bufferPool) put(b *buffer) { p.pool.Put(b) }
