package guild

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
)

const (
	// callWait bounds one call of the store.
	callWait = 5 * time.Second
	// maxCalls bounds the calls of the store under way; further ones wait their turn.
	maxCalls = 64
	// spawnWait bounds the start of a guild's actor, which waits for nobody.
	spawnWait = time.Second
)

// Node is a chat node's guilds. New, then Start, then everything else from any goroutine, then Stop.
type Node struct {
	cfg      Config
	system   *actor.ActorSystem
	remote   *remote.Remote
	tree     *actors.Supervisor
	sessions Sessions
	calls    chan struct{}  // a token for each call of the store under way
	tasks    sync.WaitGroup // those calls
	ctx      context.Context
	cancel   context.CancelFunc
	roster   *roster

	seeds     atomic.Uint64 // random sources handed out
	names     atomic.Uint64 // actors named
	owned     *seats
	following *seats
	addresses sync.Map // of nodes that something was sent to: address to name
	stats     counters
}

// counters are what a node did so far.
type counters struct {
	claims, reads, told, hidden, lost atomic.Uint64
}

// Stats is how a node's guilds are.
type Stats struct {
	// Owned and Followed guilds have an actor here; Hidden ones of the followed are unavailable to their sessions now.
	Owned    int `json:"owned"`
	Followed int `json:"followed"`
	Hidden   int `json:"unavailable"`
	// Claims and Reads of the store were made; Told events were passed on to sessions; Outages is how often a guild
	// became unavailable; Lost how often another node was gone.
	Claims  uint64 `json:"claims_total"`
	Reads   uint64 `json:"reads_total"`
	Told    uint64 `json:"events_total"`
	Outages uint64 `json:"outages_total"`
	Lost    uint64 `json:"peers_lost_total"`
}

// New checks the configuration and starts nothing.
func New(cfg Config) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, calls: make(chan struct{}, maxCalls), roster: newRoster()}
	n.owned, n.following = newSeats(n, "owners"), newSeats(n, "followers")
	return n, nil
}

// Start opens the node to others, and lets guilds be told to the sessions. It returns when other nodes can connect.
func (n *Node) Start(ctx context.Context, sessions Sessions) error {
	system, r, err := startRemoting(ctx, n.cfg)
	if err != nil {
		return err
	}
	n.system, n.remote, n.sessions = system, r, sessions
	n.ctx, n.cancel = context.WithCancel(context.WithoutCancel(ctx))
	system.EventStream.Subscribe(func(event any) {
		if gone, ok := event.(*remote.EndpointTerminatedEvent); ok {
			n.lostAddress(gone.Address)
		}
	})
	if n.tree, err = actors.NewSupervisor(n.supervision()); err == nil {
		err = n.tree.Start(ctx)
	}
	if err != nil {
		n.cancel()
		stopRemoting(r)
		return fmt.Errorf("guild: %w", err)
	}
	n.cfg.Log.Info().Str("address", system.Address()).Msg("guilds serve")
	return nil
}

// Address returns where other nodes connect, once the node has started.
func (n *Node) Address() string { return n.system.Address() }

// Release gives up all guilds: their followers ask the ring for another owner.
func (n *Node) Release() { n.owned.broadcast(release{}) }

// Handed waits until nobody follows a guild here, or ctx ends: then it says how many are still followed.
func (n *Node) Handed(ctx context.Context) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		left := n.owned.count(busy)
		if left == 0 {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("guild: %d guilds are still followed here: %w", left, ctx.Err())
		}
	}
}

// Stop ends everything at once. Other nodes find out.
func (n *Node) Stop(ctx context.Context) error {
	n.cancel()
	err := n.tree.Stop(ctx)
	stopRemoting(n.remote)
	n.tasks.Wait()
	return err
}

// Failed is closed when the guilds cannot go on.
func (n *Node) Failed() <-chan struct{} { return n.tree.Done() }

// Stats returns the current figures.
func (n *Node) Stats() Stats {
	return Stats{
		Owned: n.owned.count(anyone), Followed: n.following.count(anyone), Hidden: n.following.count(hides),
		Claims: n.stats.claims.Load(), Reads: n.stats.reads.Load(), Told: n.stats.told.Load(),
		Outages: n.stats.hidden.Load(), Lost: n.stats.lost.Load(),
	}
}

// machine is the configuration of one machine.
func (n *Node) machine() replica.Config {
	cfg := n.cfg.Machine
	cfg.Random = rand.New(rand.NewPCG(n.cfg.Seed, n.seeds.Add(1))).Float64
	return cfg
}

// send carries a message to a node: to its reception, or here.
func (n *Node) send(node string, m proto.Message) {
	if node == n.cfg.Node {
		n.system.Root.Send(n.reception(), m)
		return
	}
	address := n.cfg.Places.Peer(node)
	if address == "" {
		n.broadcastLost(node) // the directory does not have it
		return
	}
	n.addresses.Store(address, node)
	n.system.Root.Send(actor.NewPID(address, receptionName), m)
}

func (n *Node) reception() *actor.PID { return n.system.NewLocalPID(receptionName) }

// lostAddress tells the guilds that a node cannot be reached.
func (n *Node) lostAddress(address string) {
	if node, known := n.addresses.LoadAndDelete(address); known {
		if name, ok := node.(string); ok {
			n.broadcastLost(name)
		}
	}
}

func (n *Node) broadcastLost(node string) {
	n.stats.lost.Add(1)
	n.owned.broadcast(lost{node})
	n.following.broadcast(lost{node})
}

// call makes a call of the store, and tells its answer to the actor that asked. The number of calls is bounded.
func (n *Node) call(to *actor.PID, do func(ctx context.Context) any) {
	n.tasks.Go(func() {
		select {
		case n.calls <- struct{}{}:
			defer func() { <-n.calls }()
		case <-n.ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(n.ctx, callWait)
		defer cancel()
		answer := do(ctx)
		if n.ctx.Err() == nil {
			n.system.Root.Send(to, answer)
		}
	})
}
