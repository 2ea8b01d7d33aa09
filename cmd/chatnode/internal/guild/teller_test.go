package guild

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// door is a doorstep that writes down what it is told.
type door struct {
	wire.UnimplementedDoorstepServer

	address string
	fails   int // so many calls, before it answers

	mu    sync.Mutex
	told  map[uint64][]uint64 // revisions by guild
	joins []uint64
	calls chan struct{}
}

func newDoor(t *testing.T) *door {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{address: listener.Addr().String(), told: map[uint64][]uint64{}, calls: make(chan struct{}, 10_000)}
	server := grpc.NewServer()
	wire.RegisterDoorstepServer(server, d)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return d
}

func (d *door) Tell(_ context.Context, in *wire.TellRequest) (*wire.TellReply, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fails > 0 {
		d.fails--
		return nil, status.Error(codes.Unavailable, "not now")
	}
	guild := in.GetEvent().GetGuildId()
	d.told[guild] = append(d.told[guild], in.GetEvent().GetRevision())
	d.calls <- struct{}{}
	return &wire.TellReply{Epoch: guild + 1}, nil
}

func (d *door) Join(_ context.Context, in *wire.JoinRequest) (*wire.JoinReply, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.joins = append(d.joins, in.GetUserId())
	d.calls <- struct{}{}
	return &wire.JoinReply{}, nil
}

type doors []*door

func (d doors) Owner(uint64) string {
	if len(d) == 0 {
		return ""
	}
	return d[0].address
}

func (d doors) All() (out []string) {
	for _, one := range d {
		out = append(out, one.address)
	}
	return out
}

// tells runs a teller until the function that it returns is called.
func tells(t *testing.T, teller *Teller) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- teller.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	}
}

func TestTellerTellsAGuildInOrder(t *testing.T) {
	one, other := newDoor(t), newDoor(t)
	one.fails = 1
	teller := NewTeller(doors{one, other}, nil, zerolog.Nop())
	stop := tells(t, teller)
	const guilds, each = 5, 20
	for revision := uint64(1); revision <= each; revision++ {
		for guild := uint64(1); guild <= guilds; guild++ {
			var joined []uint64
			if revision == 1 {
				joined = []uint64{guild}
			}
			teller.Tell(t.Context(), &wire.Event{GuildId: guild << 22, Revision: revision}, joined)
		}
	}
	for range guilds * (each + 1) {
		<-one.calls
	}
	for range guilds {
		<-other.calls
	}
	stop()
	for guild := uint64(1); guild <= guilds; guild++ {
		if got := one.told[guild<<22]; len(got) != each || !slices.IsSorted(got) {
			t.Errorf("guild %d: got %v, want %d in order", guild, got, each)
		}
		if !slices.Contains(one.joins, guild) || !slices.Contains(other.joins, guild) {
			t.Errorf("user %d: want both nodes to hear of his joining, got %v and %v", guild, one.joins, other.joins)
		}
	}
	if len(other.told) != 0 {
		t.Errorf("a node that owns nothing: got %v, want nothing", other.told)
	}
	if got := teller.Stats(); got.Told+got.Untold != guilds*each {
		t.Errorf("stats: got %+v, want %d in all", got, guilds*each)
	}
	const guild = 1 << 22
	if got := teller.Epoch(guild); got != guild+1 {
		t.Errorf("epoch: got %d, want the owner's", got)
	}
	if teller.Stale(guild); teller.Epoch(guild) != 0 {
		t.Error("a stale epoch is remembered")
	}
}

func TestTellerCountsWhatDoesNotFit(t *testing.T) {
	teller := NewTeller(doors{}, nil, zerolog.Nop()) // nobody runs it
	for range maxUntold + 3 {
		teller.Tell(t.Context(), &wire.Event{GuildId: 1}, nil)
	}
	if got := teller.Stats(); got.Untold != 3 {
		t.Errorf("stats: got %+v, want 3 untold", got)
	}
}

func TestTellerGivesUp(t *testing.T) {
	teller := NewTeller(doors{}, nil, zerolog.Nop())
	teller.tell(t.Context(), news{event: &wire.Event{GuildId: 1}})
	if got := teller.Stats(); got.Untold != 1 || got.Told != 0 {
		t.Errorf("stats: got %+v, want 1 untold", got)
	}
}
