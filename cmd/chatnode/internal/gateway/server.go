package gateway

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"sync"
	"time"
)

const (
	// stopTimeout is how long a stop waits for sessions that do not end.
	stopTimeout = 2 * time.Second
	// handshakeTimeout bounds what a client may take to send its request, and how long it may sit there without one.
	handshakeTimeout = 5 * time.Second
	// maxHeaderBytes bounds the request; the web server adds 4 KiB of its own.
	maxHeaderBytes = 8 << 10
	// maxReason bounds what a panicking loader may write into the log.
	maxReason = 256
)

// Server accepts clients and owns their sessions. Build it with New.
type Server struct {
	cfg     Config
	set     *settings
	loads   chan struct{} // a token for every call of the loader in flight
	buffers *bufferPool
	tasks   sync.WaitGroup // everything that runs for a session

	mu       sync.Mutex // owns everything below; never held while calling a conn
	served   bool
	stopping bool
	conns    map[*conn]struct{}
	stats    Stats
}

// New builds a server. It starts nothing.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	return &Server{
		cfg:     cfg,
		set:     newSettings(cfg),
		loads:   make(chan struct{}, cfg.MaxLoads),
		buffers: newBufferPool(),
		conns:   map[*conn]struct{}{},
		stats:   Stats{Closes: map[CloseCode]uint64{}},
	}, nil
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

	var err error
	select {
	case <-ctx.Done():
		_ = web.Close() // the listener's own error; it is gone either way
		err = <-failed
	case err = <-failed:
		cancel()
	}
	if errors.Is(err, http.ErrServerClosed) {
		return s.stop(ctx)
	}
	return errors.Join(fmt.Errorf("gateway: listening on %s: %w", s.cfg.Listener.Addr(), err), s.stop(ctx))
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
		c.handle(ctx, serverStopping{})
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
		return fmt.Errorf("gateway: %d sessions and %d loads did not end within %v", s.Stats().Sessions, len(s.loads), stopTimeout)
	}
}

func (s *Server) becomeStopping() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	open := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		open = append(open, c)
	}
	return open
}

// load waits its turn and asks the loader. A loader that panics costs one login.
func (s *Server) load(ctx context.Context, token string) (user User, err error) {
	select {
	case s.loads <- struct{}{}:
		defer func() { <-s.loads }()
	case <-ctx.Done():
		return User{}, fmt.Errorf("gateway: waiting for one of %d loads: %w", s.cfg.MaxLoads, ctx.Err())
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("gateway: loader panicked: %.*s", maxReason, fmt.Sprint(p))
			s.cfg.Log.Error().Err(err).Msg("user not loaded")
		}
	}()
	return s.cfg.Loader.LoadUser(ctx, token)
}

// bufferPool lends the room for one message to whoever has one to read, so that parked sessions hold none.
type bufferPool struct{ pool sync.Pool }

type buffer = [maxPayloadBytes + 1]byte

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
