package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

const (
	// callLimit bounds one call; a read takes microseconds.
	callLimit = 2 * time.Second
	// stopGrace is how long running calls may take once the store stops.
	stopGrace = time.Second
	// closeWait is how long closing the database may take after them.
	closeWait = 500 * time.Millisecond
)

// phase is where a server is in its life.
type phase int32

const (
	phaseNew phase = iota
	phaseOpening
	phaseServing
	phaseStopped
)

func (p phase) String() string {
	switch p {
	case phaseNew:
		return "not started"
	case phaseOpening:
		return "opening and filling the database"
	case phaseServing:
		return "serving"
	case phaseStopped:
		return "stopped"
	}
	return "unknown"
}

// Server is one store. Serve is called once; everything else by anybody, at any time.
type Server struct {
	cfg     Config
	rpc     *wire.Server
	lane    *work.Lane
	repairs *Repairs
	service *service
	phase   atomic.Int32 // a phase
}

// New checks the configuration and starts nothing.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	lane, err := work.New("store", cfg.lane(), cfg.Seed)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, lane: lane, repairs: newRepairs(cfg, lane), service: &service{now: time.Now}}
	s.rpc = wire.NewServer(wire.ServerConfig{
		InFlight: cfg.InFlight + cfg.Queue + work.Headroom, Deadline: callLimit, Grace: stopGrace,
		Credentials: cfg.Credentials, Around: s.around, Log: cfg.Log,
	})
	wire.RegisterStoreServer(s.rpc, s.service)
	return s, nil
}

// Run is [New] and [Server.Serve].
func Run(ctx context.Context, cfg Config) error {
	s, err := New(cfg)
	if err != nil {
		return err
	}
	return s.Serve(ctx)
}

// Ready returns nil while calls are answered, else why they are not.
func (s *Server) Ready() error {
	if p := phase(s.phase.Load()); p != phaseServing {
		return fmt.Errorf("store: %v", p)
	}
	return nil
}

// Load says how busy the store is and was.
func (s *Server) Load() desk.Report { return s.lane.Report() }

// Lane is the store's workers.
func (s *Server) Lane() *work.Lane { return s.lane }

// Repairs is the background job that reads everything again.
func (s *Server) Repairs() *Repairs { return s.repairs }

// around has a worker answer each call. Whoever asks whether the store is there
// needs none: an API node that could not know would refuse everybody.
func (s *Server) around(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
	if info.FullMethod == wire.Store_Stats_FullMethodName {
		return handle(ctx, req)
	}
	err = s.lane.Do(ctx, func(ctx context.Context) (err error) {
		reply, err = handle(ctx, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// Serve opens the folder, fills it, and answers calls until ctx ends: then it
// returns nil within 2 s. It returns an error when the folder cannot be used or
// the listener fails. It closes the listener and the database.
func (s *Server) Serve(ctx context.Context) error {
	s.become(phaseOpening)
	defer s.become(phaseStopped)
	defer func() { _ = s.cfg.Listener.Close() }()
	db, err := openDatabase(s.cfg.DataDir)
	if err != nil {
		return err
	}
	err = s.serve(ctx, db)
	return errors.Join(err, closeWithin(db, closeWait))
}

func (s *Server) serve(ctx context.Context, db *database) error {
	m, err := db.fill(ctx, meta{Seed: s.cfg.Seed, Users: uint64(s.cfg.Users), Guilds: uint64(s.cfg.Guilds)}, s.cfg.Log)
	if err != nil || ctx.Err() != nil {
		return err // nil when told to stop while filling: the next start goes on
	}
	db.limit = s.cfg.MaxBytes
	s.service.db = db // before the first call: Serve below accepts it
	repairing, stopRepairs := context.WithCancel(ctx)
	var repairs sync.WaitGroup
	defer repairs.Wait()
	defer stopRepairs()
	repairs.Go(func() { s.repairs.run(repairing, db) })
	s.become(phaseServing)
	s.cfg.Log.Info().Stringer("listen", s.cfg.Listener.Addr()).Str("data", db.path).
		Uint64("users", m.Users).Uint64("guilds", m.Guilds).Msg("store serves")
	if err := s.rpc.Serve(ctx, s.cfg.Listener); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.cfg.Log.Info().Msg("store stopped")
	return nil
}

func (s *Server) become(p phase) { s.phase.Store(int32(p)) }

// closeWithin closes the database, which waits for its readers, and reports
// rather than waits when one of them never ends.
func closeWithin(db *database, limit time.Duration) error {
	closed := make(chan error, 1)
	go func() { closed <- db.close() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-closed:
		return err
	case <-timer.C:
		return fmt.Errorf("store: close %s: still being read after %v; it is safe to end the process", db.path, limit)
	}
}
