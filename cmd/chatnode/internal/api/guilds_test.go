package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// guildWorld is a store with a guild in it, and a pool of one API node over it.
type guildWorld struct {
	store          wire.StoreClient
	pool           *Pool
	owner          uint64
	guild, channel uint64
}

func newGuildWorld(t *testing.T) *guildWorld {
	t.Helper()
	listener, serving := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	background(t, func(ctx context.Context) error {
		return store.Run(ctx, store.Config{Listener: listener, DataDir: t.TempDir(), Users: 2, Seed: 5})
	})
	background(t, func(ctx context.Context) error {
		return Run(ctx, Config{Listener: serving, Store: listener.Addr().String(), CallTimeout: patience})
	})
	conn, err := wire.Dial(listener.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	w := &guildWorld{store: wire.NewStoreClient(conn)}
	w.pool, _ = newPool(t, Options{TryTimeout: patience}, instance(t, "api-1", serving.Addr().String()))
	user, err := w.pool.LoadUser(within(t), store.Token(5, 0))
	if err != nil {
		t.Fatal(err)
	}
	w.owner = user.GetId()
	made, err := w.store.CreateGuild(within(t), &wire.CreateGuildRequest{OwnerId: w.owner, Name: "harbor"})
	if err != nil {
		t.Fatal(err)
	}
	w.guild, w.channel = made.GetGuild().GetId(), made.GetGuild().GetChannels()[0].GetId()
	return w
}

func (w *guildWorld) say(t *testing.T, content string, epoch uint64) (*wire.MessageReply, error) {
	t.Helper()
	return w.store.CreateMessage(within(t), &wire.CreateMessageRequest{ChannelId: w.channel, AuthorId: w.owner, Content: content, Epoch: epoch})
}

// Who claims a guild gets all of it, reads what it misses, and hears when another
// one has claimed it.
func TestPoolKeepsGuilds(t *testing.T) {
	w := newGuildWorld(t)
	first, err := w.pool.ClaimGuild(within(t), w.guild)
	if err != nil || first.GetRevision() != 1 || first.GetGuild().GetName() != "harbor" || len(first.GetGuild().GetMembers()) != 1 || first.GetUsers()[0].GetId() != w.owner {
		t.Fatalf("claim: got %v, %v, want harbor at revision 1 with its owner", first, err)
	}
	said, err := w.say(t, "ahoy", first.GetEpoch())
	if err != nil {
		t.Fatalf("write with the claim: %v", err)
	}
	told, err := w.pool.ReadChanges(within(t), w.guild, first.GetRevision(), 10)
	if err != nil || told.GetHead() != 2 || told.GetThrough() != 2 || told.GetGap() || len(told.GetEvents()) != 1 {
		t.Fatalf("changes: got %v, %v, want one through 2", told, err)
	}
	e := told.GetEvents()[0]
	if protocol.Kind(e.GetKind()) != protocol.MessageCreate || e.GetRevision() != 2 || e.GetMessageId() != said.GetMessage().GetId() || !strings.Contains(string(e.GetFull()), "ahoy") {
		t.Errorf("the change: got %v, want the message", e)
	}
	if gap, err := w.pool.ReadChanges(within(t), w.guild, 99, 10); err != nil || !gap.GetGap() || gap.GetHead() != 2 {
		t.Errorf("changes after what is not: got %v, %v, want a gap before 2", gap, err)
	}
	second, err := w.pool.ClaimGuild(within(t), w.guild)
	if err != nil || second.GetEpoch() <= first.GetEpoch() || second.GetRevision() != 2 {
		t.Errorf("claim again: got %v, %v, want a newer one at revision 2", second, err)
	}
	if _, err := w.say(t, "too late", first.GetEpoch()); wire.ReasonOf(err) != wire.Refusal_STALE_EPOCH {
		t.Errorf("write with the claim of before: got %v, want it refused", err)
	}
	heads, err := w.pool.CheckGuilds(within(t), []*wire.Claim{
		{GuildId: w.guild, Epoch: first.GetEpoch()}, {GuildId: w.guild, Epoch: second.GetEpoch()}, {GuildId: 1},
	})
	if err != nil || len(heads) != 3 || !heads[0].GetStale() || heads[1].GetStale() || heads[1].GetRevision() != 2 || !heads[2].GetStale() {
		t.Errorf("check: got %v, %v, want the first and the third stale", heads, err)
	}
	if _, err := w.pool.ClaimGuild(within(t), 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("claim no guild: got %v, want %v", err, ErrNotFound)
	}
	if _, err := w.pool.ReadChanges(within(t), 1, 0, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("changes of no guild: got %v, want %v", err, ErrNotFound)
	}
	if _, err := w.pool.ReadChanges(within(t), w.guild, 0, -1); status.Code(errors.Unwrap(err)) != codes.InvalidArgument {
		t.Errorf("less than no changes: got %v, want it refused", err)
	}
}

// More claims than one call takes are several calls, in their order.
func TestPoolChecksManyGuilds(t *testing.T) {
	w := newGuildWorld(t)
	claims := make([]*wire.Claim, 2*wire.MaxClaims+1)
	for i := range claims {
		claims[i] = &wire.Claim{GuildId: uint64(i + 1)}
	}
	claims[wire.MaxClaims+5].GuildId = w.guild
	heads, err := w.pool.CheckGuilds(within(t), claims)
	if err != nil || len(heads) != len(claims) {
		t.Fatalf("check: got %d heads, %v, want %d", len(heads), err, len(claims))
	}
	for i, head := range heads {
		if head.GetGuildId() != claims[i].GetGuildId() || head.GetStale() != (i != wire.MaxClaims+5) {
			t.Fatalf("head %d: got %v", i, head)
		}
	}
	if none, err := w.pool.CheckGuilds(within(t), nil); err != nil || len(none) != 0 {
		t.Errorf("check nothing: got %v, %v", none, err)
	}
}

// Text that grows in JSON is paged, and nothing of it is lost.
func TestLoaderPagesLongEvents(t *testing.T) {
	const messages = 150
	req := &wire.ReadChangesRequest{GuildId: 3, After: 10, Limit: wire.MaxChangePage}
	reply := &wire.ReadChangesReply{Head: 400, Through: 300}
	for i := range uint64(messages) {
		reply.Changes = append(reply.Changes, &wire.Change{
			Revision: 11 + i, Kind: wire.Change_MESSAGE_CREATED,
			Message: &wire.Message{Id: i + 1, GuildId: 3, ChannelId: 4, Content: strings.Repeat("\x01", wire.MaxContentRunes)},
		})
	}
	pages, told := 0, uint64(10)
	for told < 300 && pages < messages {
		page := eventsOf(req, reply)
		if pages++; proto.Size(page) > wire.MaxChangeBytes+1<<10 || page.GetHead() != 400 || page.GetGap() {
			t.Fatalf("page %d: got %d bytes, head %d", pages, proto.Size(page), page.GetHead())
		}
		for _, e := range page.GetEvents() {
			if told++; e.GetRevision() != told {
				t.Fatalf("page %d: got revision %d, want %d", pages, e.GetRevision(), told)
			}
		}
		if page.GetThrough() != told && page.GetThrough() != 300 {
			t.Fatalf("page %d: got through %d, want %d", pages, page.GetThrough(), told)
		}
		told = page.GetThrough()
		reply.Changes = slices.DeleteFunc(reply.Changes, func(c *wire.Change) bool { return c.GetRevision() <= told })
		req.After = told
	}
	if pages < 2 || told != 300 {
		t.Errorf("pages: got %d through %d, want some through 300", pages, told)
	}
}

// A change that this node cannot tell is a gap: who asks reads the guild again.
func TestLoaderAdmitsWhatItDoesNotKnow(t *testing.T) {
	got := eventsOf(&wire.ReadChangesRequest{After: 4}, &wire.ReadChangesReply{Head: 7, Through: 7, Changes: []*wire.Change{
		{Revision: 5, Kind: wire.Change_MESSAGE_DELETED}, {Revision: 6, Kind: 99},
	}})
	if !got.GetGap() || len(got.GetEvents()) != 0 || got.GetHead() != 7 || got.GetThrough() != 4 {
		t.Errorf("events: got %v, want a gap after 4", got)
	}
}

// Guilds load while everybody logs in, and the other way about.
func TestNodeHasALaneForGuilds(t *testing.T) {
	const workers = 2
	entered, release := make(chan struct{}, 10), make(chan struct{})
	slow := &fakeStore{user: func(context.Context) (*wire.GetUserReply, error) {
		entered <- struct{}{}
		<-release
		return &wire.GetUserReply{User: &wire.User{Id: 1}}, nil
	}}
	address, _ := startStore(t, slow)
	n, client, _ := startNode(t, Config{Store: address, Workers: workers, CallTimeout: patience})
	var calls sync.WaitGroup
	for range workers {
		calls.Go(func() { _, _ = loadUser(t, client, "x") })
		receive(t, "a call that reaches the store", entered)
	}
	for name, call := range map[string]func() error{
		"LoadGuild":  func() error { _, err := client.LoadGuild(within(t), &wire.LoadGuildRequest{GuildId: 1}); return err },
		"ClaimGuild": func() error { _, err := client.ClaimGuild(within(t), &wire.ClaimGuildRequest{GuildId: 1}); return err },
		"ReadChanges": func() error {
			_, err := client.ReadChanges(within(t), &wire.ReadChangesRequest{GuildId: 1})
			return err
		},
		"CheckGuilds": func() error { _, err := client.CheckGuilds(within(t), &wire.CheckGuildsRequest{}); return err },
	} {
		if err := call(); status.Code(err) != codes.Unimplemented { // what this store answers
			t.Errorf("%s while all who log in wait: got %v, want the store's answer", name, err)
		}
	}
	if _, err := loadUser(t, client, "x"); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("one more who logs in: got %v, want it refused", err)
	}
	close(release)
	calls.Wait()
	if got := n.Load(); got.Limit != 3*workers || len(got.Lanes) != 3 || got.Lanes["guilds"].Served != 4 {
		t.Errorf("load: got %+v, want 4 served in the lane for guilds", got)
	}
}

// Guilds' methods are all in their lane: a new one is not forgotten.
func TestEveryGuildMethodHasItsLane(t *testing.T) {
	for _, method := range wire.Loader_ServiceDesc.Methods {
		full := "/" + wire.Loader_ServiceDesc.ServiceName + "/" + method.MethodName
		if method.MethodName != "LoadUser" && !slices.Contains(guildLane().Methods, full) {
			t.Errorf("%s: in no lane, want it in that of guilds", full)
		}
	}
}
