package store

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// unsynced is a service over a folder whose writes do not wait for the disk.
func unsynced(t *testing.T, want meta) *service {
	t.Helper()
	d := filled(t, t.TempDir(), want)
	d.bolt.NoSync, d.bolt.MaxBatchDelay = true, 0
	return &service{db: d, now: time.Now}
}

func (s *service) say(t *testing.T, channel, author uint64, content string) *wire.MessageReply {
	t.Helper()
	reply, err := s.CreateMessage(t.Context(), &wire.CreateMessageRequest{ChannelId: channel, AuthorId: author, Content: content})
	if err != nil {
		t.Fatalf("say: %v", err)
	}
	return reply
}

// model is what the log must say of one guild.
type model struct {
	guild, channel uint64
	log            []*wire.Change // kind and ids
	there          []uint64       // messages
}

func (m *model) add(t *testing.T, revision uint64, change *wire.Change) {
	t.Helper()
	if m.log = append(m.log, change); revision != uint64(len(m.log)) {
		t.Fatalf("%v: got revision %d, want %d", change, revision, len(m.log))
	}
	change.Revision = revision
}

// act writes something at random.
func (m *model) act(t *testing.T, s *service, r *rand.Rand) {
	t.Helper()
	owner, _, _ := people()
	switch i := r.IntN(10); {
	case i < 5 || len(m.there) == 0:
		said := s.say(t, m.channel, owner, strings.Repeat("x", 1+r.IntN(wire.MaxContentRunes)))
		m.there = append(m.there, said.GetMessage().GetId())
		m.add(t, said.GetRevision(), &wire.Change{Kind: wire.Change_MESSAGE_CREATED, ChannelId: m.channel, MessageId: said.GetMessage().GetId()})
	case i < 7:
		id := m.there[r.IntN(len(m.there))]
		edited, err := s.EditMessage(t.Context(), &wire.EditMessageRequest{ChannelId: m.channel, MessageId: id, UserId: owner, Content: "y"})
		if err != nil {
			t.Fatal(err)
		}
		m.add(t, edited.GetRevision(), &wire.Change{Kind: wire.Change_MESSAGE_EDITED, ChannelId: m.channel, MessageId: id})
	default:
		at := r.IntN(len(m.there))
		id := m.there[at]
		m.there = slices.Delete(m.there, at, at+1)
		deleted, err := s.DeleteMessage(t.Context(), &wire.DeleteMessageRequest{ChannelId: m.channel, MessageId: id, UserId: owner})
		if err != nil {
			t.Fatal(err)
		}
		m.add(t, deleted.GetRevision(), &wire.Change{Kind: wire.Change_MESSAGE_DELETED, ChannelId: m.channel, MessageId: id})
	}
}

// check reads from a random revision to the head in pages of a random size.
func (m *model) check(t *testing.T, s *service, r *rand.Rand) {
	t.Helper()
	head := uint64(len(m.log))
	after, limit := r.Uint64N(head+1), 1+r.Uint32N(300)
	oldest := max(int(head)-keptChanges, 0)
	var got []*wire.Change
	for at := after; ; {
		reply, err := s.ReadChanges(t.Context(), &wire.ReadChangesRequest{GuildId: m.guild, After: at, Limit: limit})
		if err != nil || reply.GetHead() != head || len(reply.GetChanges()) > int(limit) || proto.Size(reply) > wire.MaxChangeBytes+1<<10 {
			t.Fatalf("after %d of %d: got head %d, %d changes, %v", at, head, reply.GetHead(), len(reply.GetChanges()), err)
		}
		if reply.GetGap() != (int(after) < oldest) {
			t.Fatalf("after %d of %d: got gap %t", at, head, reply.GetGap())
		}
		if reply.GetGap() {
			return
		}
		for _, c := range reply.GetChanges() {
			got = append(got, &wire.Change{Revision: c.GetRevision(), Kind: c.GetKind(), ChannelId: c.GetChannelId(), MessageId: c.GetMessageId()})
		}
		if reply.GetThrough() == head {
			break
		}
		if reply.GetThrough() <= at {
			t.Fatalf("after %d of %d: told through %d only", at, head, reply.GetThrough())
		}
		at = reply.GetThrough()
	}
	var want []*wire.Change
	for _, c := range m.log[after:] {
		if c.GetKind() == wire.Change_GUILD_CREATED || c.GetKind() == wire.Change_MESSAGE_DELETED || slices.Contains(m.there, c.GetMessageId()) {
			want = append(want, c)
		}
	}
	if !slices.EqualFunc(got, want, func(a, b *wire.Change) bool { return proto.Equal(a, b) }) {
		t.Fatalf("after %d of %d by %d: got\n%v\nwant\n%v", after, head, limit, got, want)
	}
}

// The log is what a naive list gives, whatever is written in which guild, and
// however it is read.
func TestChangesAgainstNaive(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	s := unsynced(t, meta{Seed: 1, Users: 3})
	owner, _, _ := people()
	models := make([]*model, 3)
	for i := range models {
		made, err := s.CreateGuild(t.Context(), &wire.CreateGuildRequest{OwnerId: owner, Name: "guild"})
		if err != nil {
			t.Fatal(err)
		}
		models[i] = &model{guild: made.GetGuild().GetId(), channel: made.GetGuild().GetChannels()[0].GetId()}
		models[i].add(t, made.GetRevision(), &wire.Change{Kind: wire.Change_GUILD_CREATED})
	}
	for range 3000 {
		m := models[min(r.IntN(5), 2)] // one of them gets longer than is kept
		m.act(t, s, r)
		if r.IntN(20) == 0 {
			m.check(t, s, r)
		}
	}
	if n := len(models[2].log); n <= keptChanges {
		t.Errorf("the longest log: got %d changes, want more than %d", n, keptChanges)
	}
}
