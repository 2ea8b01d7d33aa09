package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/api/rest"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// phase is where a node is in its life.
type phase int32

const (
	phaseNew phase = iota
	phaseServing
	phaseStopped
)

// Node is one API node. Serve is called once; everything else by anybody, at any time.
type Node struct {
	cfg      Config
	rpc      *wire.Server
	lanes    *lanes
	loader   *loader
	phase    atomic.Int32 // a phase
	draining atomic.Bool
	store    *storeWatch
	health   *healthServer
	telling  sync.Mutex // held while the health service is told
}

// New checks the configuration and starts nothing.
func New(cfg Config) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	all, err := newLanes(cfg)
	if err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, lanes: all, loader: &loader{}, store: newStoreWatch(cfg.Log), health: newHealthServer()}
	n.store.changed = n.tellHealth
	n.rpc = wire.NewServer(wire.ServerConfig{
		InFlight: all.most(), Lanes: []wire.Lane{guildLane()}, Deadline: cfg.CallTimeout,
		Credentials: cfg.Credentials, Around: all.around, Log: cfg.Log,
	})
	wire.RegisterLoaderServer(n.rpc, n.loader)
	healthpb.RegisterHealthServer(n.rpc, n.health)
	return n, nil
}

// Run is [New] and [Node.Serve].
func Run(ctx context.Context, cfg Config) error {
	n, err := New(cfg)
	if err != nil {
		return err
	}
	return n.Serve(ctx)
}

// Ready returns nil while calls can be answered, else why they cannot.
func (n *Node) Ready() error {
	switch phase(n.phase.Load()) {
	case phaseNew:
		return errors.New("api: not started")
	case phaseStopped:
		return errors.New("api: stopped")
	case phaseServing:
	}
	if n.draining.Load() {
		return errors.New("api: draining")
	}
	return n.store.ready()
}

// Drain says to whoever asks that no new work is wanted: the health service
// answers NOT_SERVING, and [Node.Ready] why. Calls are still answered.
func (n *Node) Drain() {
	n.draining.Store(true)
	n.tellHealth()
}

// tellHealth passes on whether the node is ready. Who is last to tell has looked last.
func (n *Node) tellHealth() {
	n.telling.Lock()
	defer n.telling.Unlock()
	n.health.become(n.Ready() == nil)
}

// Serve answers calls until ctx ends, lets the running ones finish for a moment,
// and returns nil within 2 s. It returns an error when a listener fails. It
// closes the listeners. A store that is away does not end it.
func (n *Node) Serve(ctx context.Context) error {
	defer n.closeListeners()
	conn, err := wire.Dial(n.cfg.Store, n.cfg.StoreCredentials)
	if err != nil {
		return fmt.Errorf("api: store: %w", err)
	}
	defer func() { _ = conn.Close() }()
	n.loader.store = wire.NewStoreClient(conn) // before the first call: Serve below accepts it

	// The watch outlives ctx: it ends when the last call has.
	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stopWatching()
	watch.Go(func() { n.store.run(watching, conn) })

	stopREST, err := n.serveREST(ctx)
	if err != nil {
		return err
	}
	n.phase.Store(int32(phaseServing))
	n.tellHealth()
	defer n.phase.Store(int32(phaseStopped))
	defer n.health.close()
	defer context.AfterFunc(ctx, n.health.close)() // before the server waits for those who watch it
	n.cfg.Log.Info().Stringer("listen", n.cfg.Listener.Addr()).Str("store", n.cfg.Store).
		Int("workers", n.cfg.Workers).Msg("api node serves")
	err = n.rpc.Serve(ctx, n.cfg.Listener)
	if err = errors.Join(err, stopREST()); err != nil {
		return fmt.Errorf("api: %w", err)
	}
	n.cfg.Log.Info().Msg("api node stopped")
	return nil
}

// serveREST answers REST calls beside the others until ctx ends, or until the
// function that it returns is called, which waits for the end.
func (n *Node) serveREST(ctx context.Context) (stop func() error, err error) {
	if n.cfg.REST == nil {
		return func() error { return nil }, nil
	}
	server, err := rest.New(rest.Config{
		Store: n.loader.store, Gateways: n.cfg.Gateways, Workers: n.cfg.Workers, CallTimeout: n.cfg.CallTimeout,
		Lane: n.lanes.rest, Told: n.cfg.Told, Epoch: n.cfg.Epoch, Stale: n.cfg.Stale, Log: n.cfg.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	serving, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		err := server.Serve(serving, n.cfg.REST)
		if err != nil {
			n.cfg.Log.Error().Err(err).Msg("REST ended: only chat nodes are answered")
		}
		ended <- err
	}()
	n.cfg.Log.Info().Stringer("listen", n.cfg.REST.Addr()).Msg("api node serves REST")
	return func() error {
		cancel()
		return <-ended
	}, nil
}

func (n *Node) closeListeners() {
	_ = n.cfg.Listener.Close()
	if n.cfg.REST != nil {
		_ = n.cfg.REST.Close()
	}
}
