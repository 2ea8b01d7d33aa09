package guild

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/api"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// memory is a store with one guild.
type memory struct {
	mu     sync.Mutex
	claims uint64
}

const theGuild = 7 << 22

func (m *memory) ClaimGuild(_ context.Context, id uint64) (*wire.ClaimedGuild, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id != theGuild {
		return nil, fmt.Errorf("guild %d: %w", id, api.ErrNotFound)
	}
	m.claims++
	return &wire.ClaimedGuild{
		Epoch: m.claims, Revision: 1, Guild: &wire.Guild{Id: id, Members: []*wire.Member{{UserId: 1}}},
		Users: []*wire.User{{Id: 1, Username: "ada"}},
	}, nil
}

func (m *memory) ReadChanges(context.Context, uint64, uint64, int) (*wire.GuildEvents, error) {
	return nil, errors.New("nothing is read here")
}

func (m *memory) CheckGuilds(_ context.Context, claims []*wire.Claim) (out []*wire.GuildHead, err error) {
	for _, c := range claims {
		out = append(out, &wire.GuildHead{GuildId: c.GetGuildId(), Revision: 1})
	}
	return out, nil
}

func (m *memory) claimed() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.claims
}

// alone is a ring of one node.
type alone struct{}

func (alone) Owner(uint64) string { return "n" }
func (alone) Peer(string) string  { return "" }
func (alone) Version() any        { return 0 }

// recorder is sessions that write down what they are told. It panics once on the message whose text is "panic".
type recorder struct{ told chan string }

func (r *recorder) note(to string, d protocol.Dispatch) int {
	r.told <- fmt.Sprintf("%s %v %t", to, d.Kind, d.Outage)
	return 1
}

func (r *recorder) DispatchGuild(_ context.Context, d protocol.Dispatch) int {
	if d.Full != nil && string(d.Full.Text()) == `"panic"` {
		panic("as asked")
	}
	return r.note("all", d)
}

func (r *recorder) DispatchUser(_ context.Context, user uint64, d protocol.Dispatch) int {
	return r.note(fmt.Sprint(user), d)
}

func (r *recorder) DispatchSession(_ context.Context, id string, d protocol.Dispatch) int {
	return r.note(id, d)
}

// want is what comes next, but for a session that is greeted by itself: whether it is depends on who was quicker.
func (r *recorder) want(t *testing.T, to string, kind protocol.Kind, outage bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case got := <-r.told:
			if want := fmt.Sprintf("%s %v %t", to, kind, outage); got == want {
				return
			}
			if !strings.HasSuffix(got, "GUILD_CREATE false") || strings.HasPrefix(got, "all ") {
				t.Errorf("told: got %q, want %v to %s", got, kind, to)
				return
			}
		case <-late:
			t.Fatalf("told: got nothing, want %v to %s", kind, to)
		}
	}
}

func startAlone(t *testing.T, store Store, machine replica.Config) (*Node, *recorder) {
	t.Helper()
	n, err := New(Config{Node: "n", Store: store, Places: alone{}, Peers: "127.0.0.1:0", Machine: machine})
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{told: make(chan string, 1000)}
	if err := n.Start(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := n.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return n, r
}

func tellTo(t *testing.T, n *Node, revision uint64, text string) *wire.TellReply {
	t.Helper()
	reply, err := n.Doorstep().Tell(t.Context(), &wire.TellRequest{Event: &wire.Event{
		Revision: revision, Kind: uint32(protocol.MessageCreate), GuildId: theGuild, Full: []byte(text),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestOneNodeServesItsGuild(t *testing.T) {
	store := &memory{}
	n, r := startAlone(t, store, replica.Config{})
	n.Opened(protocol.SessionInfo{ID: "a", User: 1, Guilds: []uint64{theGuild}})
	r.want(t, "all", protocol.GuildCreate, false)
	n.Opened(protocol.SessionInfo{ID: "b", User: 1, Guilds: []uint64{theGuild}})
	r.want(t, "b", protocol.GuildCreate, false)
	if got := tellTo(t, n, 2, `"hello"`).GetEpoch(); got != 1 {
		t.Errorf("epoch: got %d, want 1", got)
	}
	r.want(t, "all", protocol.MessageCreate, false)
	members, err := n.Members(t.Context(), theGuild)
	if err != nil || len(members) != 1 || members[0].User != 1 {
		t.Errorf("members: got %v, %v, want user 1", members, err)
	}
	if got := n.Stats(); got.Owned != 1 || got.Followed != 1 || got.Hidden != 0 || got.Claims != 1 || store.claimed() != 1 {
		t.Errorf("stats: got %+v, want one guild, claimed once", got)
	}
}

// A bug in what follows a guild costs an outage of that guild.
func TestAPanicIsSeenAsAnOutage(t *testing.T) {
	n, r := startAlone(t, &memory{}, replica.Config{})
	n.Opened(protocol.SessionInfo{ID: "a", User: 1, Guilds: []uint64{theGuild}})
	r.want(t, "all", protocol.GuildCreate, false)
	tellTo(t, n, 2, `"panic"`)
	r.want(t, "all", protocol.GuildDelete, true)
	r.want(t, "all", protocol.GuildCreate, false)
	tellTo(t, n, 3, `"hello"`)
	r.want(t, "all", protocol.MessageCreate, false)
}

func TestAGuildThatIsNotThereIsRemoved(t *testing.T) {
	n, r := startAlone(t, &memory{}, replica.Config{})
	n.Opened(protocol.SessionInfo{ID: "a", User: 1, Guilds: []uint64{theGuild + 1}})
	r.want(t, "all", protocol.GuildDelete, false)
}

func TestIdleGuildsEnd(t *testing.T) {
	n, r := startAlone(t, &memory{}, replica.Config{IdleAfter: 10 * time.Millisecond, AnswerWait: 50 * time.Millisecond})
	in := protocol.SessionInfo{ID: "a", User: 1, Guilds: []uint64{theGuild}}
	n.Opened(in)
	r.want(t, "all", protocol.GuildCreate, false)
	n.Closed(in)
	for deadline := time.Now().Add(20 * time.Second); n.Stats().Owned+n.Stats().Followed > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("stats: got %+v, want no guild", n.Stats())
		}
		<-time.After(time.Millisecond)
	}
	if err := n.Handed(t.Context()); err != nil {
		t.Error(err)
	}
}

// Sessions that come and go at once need a guild's actor, and leave it, at any moment.
func TestSessionsComeAndGoAtOnce(t *testing.T) {
	n, r := startAlone(t, &memory{}, replica.Config{IdleAfter: 2 * time.Millisecond, AnswerWait: 50 * time.Millisecond})
	stop := make(chan struct{})
	var reading, all sync.WaitGroup
	reading.Go(func() {
		for {
			select {
			case <-r.told:
			case <-stop:
				return
			}
		}
	})
	for who := range 4 {
		all.Go(func() {
			for i := range 50 {
				in := protocol.SessionInfo{ID: fmt.Sprint(who, i), User: 1, Guilds: []uint64{theGuild}}
				n.Opened(in)
				n.Closed(in)
			}
		})
	}
	all.Wait()
	close(stop)
	reading.Wait()
	for len(r.told) > 0 {
		<-r.told
	}
	n.Opened(protocol.SessionInfo{ID: "last", User: 1, Guilds: []uint64{theGuild}})
	for got := ""; got != "all GUILD_CREATE false" && got != "last GUILD_CREATE false"; {
		select {
		case got = <-r.told:
		case <-time.After(20 * time.Second):
			t.Fatal("the last session does not get its guild")
		}
	}
}
