package guild

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

const (
	// tellers is how many changes are told at once; those of one guild are told one after another.
	tellers = 32
	// maxUntold bounds what waits for each of them. Beyond it a change is left to the owner's comparison with the store.
	maxUntold = 1024
	// tellWait bounds one attempt, of tellTries, with tellPause in between.
	tellWait  = time.Second
	tellTries = 3
	tellPause = 50 * time.Millisecond
	// maxEpochs bounds the guilds whose epochs are remembered.
	maxEpochs = 65_536
)

// Doors says where chat nodes take what API nodes have committed. Its methods are called often and must not block.
type Doors interface {
	// Owner returns the address (host:port) of the node that a guild is on; empty while none is known.
	Owner(guild uint64) (address string)
	// All returns the addresses of all nodes. Nobody writes to them.
	All() []string
}

// Teller tells chat nodes what an API node has committed. Nobody waits for it: what is not told is found out by the owner.
type Teller struct {
	doors Doors
	creds credentials.TransportCredentials
	log   zerolog.Logger
	lanes [tellers]chan news

	told, untold atomic.Uint64

	mu     sync.Mutex
	conns  map[string]*grpc.ClientConn
	epochs map[uint64]uint64
}

// news is one change, and who is in the guild by it.
type news struct {
	event  *wire.Event
	joined []uint64
}

// TellerStats is what a teller did so far: changes that a node took, and those that none did.
type TellerStats struct{ Told, Untold uint64 }

// NewTeller makes a teller; it starts nothing.
func NewTeller(doors Doors, creds credentials.TransportCredentials, log zerolog.Logger) *Teller {
	t := &Teller{doors: doors, creds: creds, log: log, conns: map[string]*grpc.ClientConn{}, epochs: map[uint64]uint64{}}
	for i := range t.lanes {
		t.lanes[i] = make(chan news, maxUntold)
	}
	return t
}

// Stats returns the current figures.
func (t *Teller) Stats() TellerStats { return TellerStats{t.told.Load(), t.untold.Load()} }

// Tell takes what was committed, and who is in the guild by it. It waits for nobody.
func (t *Teller) Tell(_ context.Context, e *wire.Event, joined []uint64) {
	select {
	case t.lanes[e.GetGuildId()>>22%tellers] <- news{e, joined}:
	default:
		t.untold.Add(1)
	}
}

// Epoch returns the epoch of a guild's owner, as it was last told; 0 when it is not known.
func (t *Teller) Epoch(guild uint64) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.epochs[guild]
}

// Stale forgets a guild's epoch: a write that carried it was refused.
func (t *Teller) Stale(guild uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.epochs, guild)
}

func (t *Teller) note(guild, epoch uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if epoch == 0 {
		return
	}
	if len(t.epochs) >= maxEpochs {
		clear(t.epochs)
	}
	t.epochs[guild] = epoch
}

// Run tells until ctx ends.
func (t *Teller) Run(ctx context.Context) error {
	var lanes sync.WaitGroup
	for _, lane := range t.lanes {
		lanes.Go(func() {
			for {
				select {
				case n := <-lane:
					t.tell(ctx, n)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	lanes.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	for address, conn := range t.conns {
		_ = conn.Close()
		delete(t.conns, address)
	}
	return nil
}

// tell tells one change: that somebody joined to every node, and the change itself to the owner.
func (t *Teller) tell(ctx context.Context, n news) {
	guild := n.event.GetGuildId()
	for _, user := range n.joined {
		t.joinAll(ctx, guild, user)
	}
	err := t.attempt(ctx, func() string { return t.doors.Owner(guild) }, func(ctx context.Context, door wire.DoorstepClient) error {
		reply, err := door.Tell(ctx, &wire.TellRequest{Event: n.event})
		t.note(guild, reply.GetEpoch())
		return err //nolint:wrapcheck // attempt does
	})
	if err != nil {
		t.untold.Add(1)
		t.log.Debug().Err(err).Uint64("guild", guild).Msg("change not told: its owner finds it in the store")
		return
	}
	t.told.Add(1)
}

func (t *Teller) joinAll(ctx context.Context, guild, user uint64) {
	var all sync.WaitGroup
	for _, address := range t.doors.All() {
		all.Go(func() {
			err := t.attempt(ctx, func() string { return address }, func(ctx context.Context, door wire.DoorstepClient) error {
				_, err := door.Join(ctx, &wire.JoinRequest{GuildId: guild, UserId: user})
				return err //nolint:wrapcheck // attempt does
			})
			if err != nil {
				t.log.Debug().Err(err).Uint64("guild", guild).Msg("join not told: sessions of that node get the guild when they begin anew")
			}
		})
	}
	all.Wait()
}

var errNowhere = errors.New("no chat node is known")

// attempt makes a call, and makes it again.
func (t *Teller) attempt(ctx context.Context, where func() string, call func(context.Context, wire.DoorstepClient) error) (err error) {
	for try := range tellTries {
		if try > 0 {
			select {
			case <-time.After(tellPause << try):
			case <-ctx.Done():
				return fmt.Errorf("guild: telling: %w", ctx.Err())
			}
		}
		address := where()
		if address == "" {
			err = errNowhere
			continue
		}
		var door wire.DoorstepClient
		if door, err = t.door(address); err != nil {
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, tellWait)
		err = call(bounded, door)
		cancel()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("guild: telling: %w", err)
}

// door is the client of one address. Connections to nodes that are gone are closed.
func (t *Teller) door(address string) (wire.DoorstepClient, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	conn := t.conns[address]
	if conn == nil {
		t.sweep()
		var err error
		if conn, err = wire.Dial(address, t.creds); err != nil {
			return nil, err
		}
		t.conns[address] = conn
	}
	return wire.NewDoorstepClient(conn), nil
}

func (t *Teller) sweep() {
	listed := map[string]bool{}
	for _, address := range t.doors.All() {
		listed[address] = true
	}
	for address, conn := range t.conns {
		if !listed[address] {
			_ = conn.Close()
			delete(t.conns, address)
		}
	}
}
