package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// Every write that members can see adds 1, and nothing else does.
func TestRevisionsCountWrites(t *testing.T) {
	client, guild := harbor(t) // creation is 1, the member 2
	ctx := within(t)
	owner, member, stranger := people()
	id, channel := guild.GetId(), guild.GetChannels()[0].GetId()
	made, err := client.CreateChannel(ctx, &wire.CreateChannelRequest{GuildId: id, UserId: owner, Name: "help"})
	if err != nil || made.GetRevision() != 3 {
		t.Errorf("a channel: got revision %d, %v, want 3", made.GetRevision(), err)
	}
	said, err := client.CreateMessage(ctx, &wire.CreateMessageRequest{ChannelId: channel, AuthorId: owner, Content: "x"})
	if err != nil || said.GetRevision() != 4 {
		t.Fatalf("a message: got revision %d, %v, want 4", said.GetRevision(), err)
	}
	message := said.GetMessage().GetId()
	edited, err := client.EditMessage(ctx, &wire.EditMessageRequest{ChannelId: channel, MessageId: message, UserId: owner, Content: "y"})
	if err != nil || edited.GetRevision() != 5 {
		t.Errorf("an edit: got revision %d, %v, want 5", edited.GetRevision(), err)
	}
	_, err = client.CreateMessage(ctx, &wire.CreateMessageRequest{ChannelId: channel, AuthorId: stranger, Content: "x"})
	if wire.ReasonOf(err) != wire.Refusal_NO_ACCESS {
		t.Errorf("a stranger's message: got %v, want it refused", err)
	}
	again, err := client.AddMember(ctx, &wire.AddMemberRequest{GuildId: id, UserId: owner, MemberId: member})
	if err != nil || again.GetRevision() != 5 {
		t.Errorf("a member again: got revision %d, %v, want 5 still", again.GetRevision(), err)
	}
	claimed, err := client.ClaimGuild(ctx, &wire.ClaimGuildRequest{GuildId: id})
	if err != nil || claimed.GetRevision() != 5 {
		t.Errorf("a claim: got revision %d, %v, want 5 still", claimed.GetRevision(), err)
	}
	deleted, err := client.DeleteMessage(ctx, &wire.DeleteMessageRequest{ChannelId: channel, MessageId: message, UserId: owner})
	if err != nil || deleted.GetRevision() != 6 {
		t.Errorf("a deletion: got revision %d, %v, want 6", deleted.GetRevision(), err)
	}
	read, err := client.GetGuild(ctx, &wire.GetGuildRequest{GuildId: id, Users: true})
	if err != nil || read.GetRevision() != 6 || len(read.GetUsers()) != 2 || read.GetUsers()[1].GetId() != member || len(read.GetUsers()[1].GetGuildIds()) != 0 {
		t.Errorf("the guild: got %v, %v, want it at revision 6 with its two users, without their guilds", read, err)
	}
	if read, err = client.GetGuild(ctx, &wire.GetGuildRequest{GuildId: id}); err != nil || len(read.GetUsers()) != 0 {
		t.Errorf("the guild alone: got %v, %v, want no users", read, err)
	}
	other, err := client.CreateGuild(ctx, &wire.CreateGuildRequest{OwnerId: owner, Name: "other"})
	if err != nil || other.GetRevision() != 1 {
		t.Errorf("another guild: got revision %d, %v, want 1", other.GetRevision(), err)
	}
}

// What is read of a change is what it was about, as far as it is still there.
func TestChangesTellWhatHappened(t *testing.T) {
	client, guild := harbor(t)
	ctx := within(t)
	owner, member, _ := people()
	id, channel := guild.GetId(), guild.GetChannels()[0].GetId()
	say := func(content string) uint64 {
		said, err := client.CreateMessage(ctx, &wire.CreateMessageRequest{ChannelId: channel, AuthorId: member, Content: content})
		if err != nil {
			t.Fatalf("say %q: %v", content, err)
		}
		return said.GetMessage().GetId()
	}
	kept, gone := say("kept"), say("gone") // 3, 4
	for _, message := range []uint64{gone, kept} {
		if _, err := client.EditMessage(ctx, &wire.EditMessageRequest{ChannelId: channel, MessageId: message, UserId: member, Content: "edited"}); err != nil { // 5, 6
			t.Fatal(err)
		}
	}
	if _, err := client.DeleteMessage(ctx, &wire.DeleteMessageRequest{ChannelId: channel, MessageId: gone, UserId: owner}); err != nil { // 7
		t.Fatal(err)
	}
	if _, err := client.CreateChannel(ctx, &wire.CreateChannelRequest{GuildId: id, UserId: owner, Name: "help"}); err != nil { // 8
		t.Fatal(err)
	}
	reply, err := client.ReadChanges(ctx, &wire.ReadChangesRequest{GuildId: id, Limit: 100})
	if err != nil || reply.GetGap() || reply.GetHead() != 8 || reply.GetThrough() != 8 {
		t.Fatalf("all changes: got %v, %v, want all through 8", reply, err)
	}
	var got []string
	for _, c := range reply.GetChanges() {
		about := fmt.Sprintf("%d %v", c.GetRevision(), c.GetKind())
		switch c.GetKind() {
		case wire.Change_GUILD_CREATED:
			about += fmt.Sprintf(" %s by %t", c.GetGuild().GetName(), c.GetPerson().GetUser().GetId() == owner)
		case wire.Change_MEMBER_ADDED:
			about += fmt.Sprintf(" %t %t", c.GetPerson().GetUser().GetId() == member, c.GetPerson().GetMember().GetUserId() == member)
		case wire.Change_CHANNEL_CREATED:
			about += " " + c.GetChannel().GetName()
		case wire.Change_MESSAGE_CREATED, wire.Change_MESSAGE_EDITED:
			about += fmt.Sprintf(" %s %t by %t", c.GetMessage().GetContent(), c.GetMessage().GetId() == kept, c.GetPerson().GetMember().GetUserId() == member)
		case wire.Change_MESSAGE_DELETED:
			about += fmt.Sprintf(" %t in %t", c.GetMessageId() == gone, c.GetChannelId() == channel)
		case wire.Change_UNKNOWN:
		}
		got = append(got, about)
	}
	want := []string{
		"1 GUILD_CREATED harbor by true", "2 MEMBER_ADDED true true", "3 MESSAGE_CREATED edited true by true",
		"6 MESSAGE_EDITED edited true by true", "7 MESSAGE_DELETED true in true", "8 CHANNEL_CREATED help",
	}
	if !slices.Equal(got, want) {
		t.Errorf("all changes:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	_, err = client.ReadChanges(ctx, &wire.ReadChangesRequest{GuildId: 1, Limit: 1})
	if wire.ReasonOf(err) != wire.Refusal_UNKNOWN_GUILD {
		t.Errorf("changes of no guild: got %v, want %v", err, wire.Refusal_UNKNOWN_GUILD)
	}
	for _, limit := range []uint32{0, wire.MaxChangePage + 1} {
		if _, err := client.ReadChanges(ctx, &wire.ReadChangesRequest{GuildId: id, Limit: limit}); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%d changes: got %v, want it refused", limit, err)
		}
	}
}

func TestGapsAreSaid(t *testing.T) {
	s := unsynced(t, meta{Seed: 1, Users: 3, Guilds: 2})
	owner, _, _ := people()
	quiet, loud := seededID(kindGuild, 1, 0), seededID(kindGuild, 0, 0)
	made, err := s.CreateGuild(t.Context(), &wire.CreateGuildRequest{OwnerId: owner, Name: "made"})
	if err != nil {
		t.Fatal(err)
	}
	const head = 2 * keptChanges
	if err := s.db.bolt.Update(func(tx *bbolt.Tx) error {
		for last := uint64(firstRevision); last < head; {
			var err error
			if last, err = addChange(tx, loud, &wire.Change{Kind: wire.Change_MESSAGE_DELETED, ChannelId: 1, MessageId: 1}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name         string
		guild, after uint64
		gap          bool
		first        uint64 // the first revision told; 0: none
	}{
		{"a seeded guild from its beginning, which no log has", quiet, 0, true, 0},
		{"a seeded guild as it was read", quiet, 1, false, 0},
		{"a made guild from its beginning", made.GetGuild().GetId(), 0, false, 1},
		{"a made guild as it was read", made.GetGuild().GetId(), 1, false, 0},
		{"ahead of the log", made.GetGuild().GetId(), 2, true, 0},
		{"far ahead of the log", made.GetGuild().GetId(), 1<<64 - 1, true, 0},
		{"all that is kept", loud, head - keptChanges, false, head - keptChanges + 1},
		{"one more than is kept", loud, head - keptChanges - 1, true, 0},
		{"the last one", loud, head - 1, false, head},
	} {
		reply, err := s.ReadChanges(t.Context(), &wire.ReadChangesRequest{GuildId: row.guild, After: row.after, Limit: 1})
		var first uint64
		if len(reply.GetChanges()) > 0 {
			first = reply.GetChanges()[0].GetRevision()
		}
		if err != nil || reply.GetGap() != row.gap || first != row.first {
			t.Errorf("%s: got gap %t, first %d, %v, want %t, %d", row.name, reply.GetGap(), first, err, row.gap, row.first)
		}
	}
	rows := 0
	for k := range dump(t, s.db) {
		if strings.HasPrefix(k, bucketChanges) {
			rows++
		}
	}
	if rows != keptChanges+1 {
		t.Errorf("rows: got %d, want %d of one guild and one of another", rows, keptChanges)
	}
}

// A reply is bounded in bytes, and says how far it tells.
func TestLongChangesArePaged(t *testing.T) {
	s := unsynced(t, meta{Seed: 1, Users: 1, Guilds: 1})
	owner, _, _ := people()
	const messages = 200
	for range messages {
		s.say(t, seededID(kindChannel, 0, 0), owner, strings.Repeat("\U0001f525", wire.MaxContentRunes))
	}
	told := 0
	for after := uint64(firstRevision); after < firstRevision+messages; {
		reply, err := s.ReadChanges(t.Context(), &wire.ReadChangesRequest{GuildId: seededID(kindGuild, 0, 0), After: after, Limit: wire.MaxChangePage})
		if err != nil || proto.Size(reply) > wire.MaxChangeBytes+1<<10 {
			t.Fatalf("after %d: got %d bytes, %v", after, proto.Size(reply), err)
		}
		if told += len(reply.GetChanges()); told == messages && after == firstRevision {
			t.Fatalf("one reply: got all of %d bytes each, want it bounded", 4*wire.MaxContentRunes)
		}
		after = reply.GetThrough()
	}
	if told != messages {
		t.Errorf("told: got %d, want %d", told, messages)
	}
}

func TestCheckGuilds(t *testing.T) {
	client, guild := harbor(t)
	claim := func() uint64 {
		reply, err := client.ClaimGuild(within(t), &wire.ClaimGuildRequest{GuildId: guild.GetId()})
		if err != nil {
			t.Fatal(err)
		}
		return reply.GetEpoch()
	}
	first, second := claim(), claim()
	rows := []struct {
		name         string
		guild, epoch uint64
		revision     uint64
		stale        bool
	}{
		{"the owner", guild.GetId(), second, 2, false},
		{"the owner of before", guild.GetId(), first, 2, true},
		{"an owner from another database", guild.GetId(), second + 1, 2, true},
		{"who owns nothing", guild.GetId(), 0, 2, false},
		{"no such guild", 1, 0, 0, true},
		{"guild 0", 0, 0, 0, true},
	}
	req := &wire.CheckGuildsRequest{}
	for _, row := range rows {
		req.Claims = append(req.Claims, &wire.Claim{GuildId: row.guild, Epoch: row.epoch})
	}
	reply, err := client.CheckGuilds(within(t), req)
	if err != nil || len(reply.GetHeads()) != len(rows) {
		t.Fatalf("check: got %v, %v, want %d heads", reply, err, len(rows))
	}
	for i, row := range rows {
		if got := reply.GetHeads()[i]; got.GetGuildId() != row.guild || got.GetRevision() != row.revision || got.GetStale() != row.stale {
			t.Errorf("%s: got %v, want revision %d, stale %t", row.name, got, row.revision, row.stale)
		}
	}
	for len(req.GetClaims()) < wire.MaxClaims {
		req.Claims = append(req.Claims, &wire.Claim{GuildId: guild.GetId(), Epoch: 1 << 60})
	}
	if _, err := client.CheckGuilds(within(t), req); err != nil {
		t.Errorf("the most claims: %v", err)
	}
	req.Claims = append(req.Claims, &wire.Claim{})
	if _, err := client.CheckGuilds(within(t), req); status.Code(err) != codes.InvalidArgument {
		t.Errorf("one claim more: got %v, want it refused", err)
	}
}

// Writers who share transactions share no revision, and leave no hole.
func TestRevisionsOfManyWriters(t *testing.T) {
	const writers, each = 16, 20
	client, guild := harbor(t)
	owner, _, stranger := people()
	var mu sync.Mutex
	var got []uint64
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for range each {
				// A refusal in the same transaction costs nobody a revision.
				_, _ = client.CreateMessage(t.Context(), &wire.CreateMessageRequest{ChannelId: guild.GetChannels()[0].GetId(), AuthorId: stranger, Content: "x"})
				said, err := client.CreateMessage(t.Context(), &wire.CreateMessageRequest{ChannelId: guild.GetChannels()[0].GetId(), AuthorId: owner, Content: "x"})
				if err != nil {
					t.Errorf("write: %v", err)
					return
				}
				mu.Lock()
				got = append(got, said.GetRevision())
				mu.Unlock()
			}
		})
	}
	writing.Wait()
	slices.Sort(got)
	for i, revision := range got {
		if want := uint64(i + 3); revision != want {
			t.Fatalf("revision %d: got %d, want %d", i, revision, want)
		}
	}
	if len(got) != writers*each {
		t.Errorf("writes: got %d, want %d", len(got), writers*each)
	}
}

// A file of schema 2 goes on with an empty log.
func TestUpgradeBeginsALog(t *testing.T) {
	d := filled(t, t.TempDir(), meta{Seed: 1, Users: 3, Guilds: 1})
	if err := d.bolt.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket([]byte(bucketChanges)); err != nil {
			return err
		}
		return writeMeta(tx, meta{Schema: 2, Seed: 1, Users: 3, Guilds: 1})
	}); err != nil {
		t.Fatal(err)
	}
	folder := strings.TrimSuffix(d.path, fileName)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	s := &service{db: open(t, folder), now: time.Now}
	if m, _, err := s.db.stats(); err != nil || m.Schema != schemaVersion {
		t.Errorf("the file: got schema %d, %v, want %d", m.Schema, err, schemaVersion)
	}
	owner, _, _ := people()
	if said := s.say(t, seededID(kindChannel, 0, 0), owner, "x"); said.GetRevision() != 2 {
		t.Errorf("the first write: got revision %d, want 2", said.GetRevision())
	}
	reply, err := s.ReadChanges(context.Background(), &wire.ReadChangesRequest{GuildId: seededID(kindGuild, 0, 0), Limit: 1})
	if err != nil || !reply.GetGap() {
		t.Errorf("from before the log: got %v, %v, want a gap", reply, err)
	}
}

// A guild of all users, with the users, fits into one reply.
func TestLargestGuildFitsIntoOneReply(t *testing.T) {
	const sample = 1000
	reply := &wire.GetGuildReply{Guild: &wire.Guild{}}
	for number := MaxUsers - sample; number < MaxUsers; number++ {
		user, _ := seededUser(1, number, 0)
		reply.Users = append(reply.Users, withoutGuilds(user))
		reply.Guild.Members = append(reply.Guild.Members, seededMember(1, number, 0))
	}
	if got := proto.Size(reply) * (MaxUsers / sample); got > wire.MaxReplyBytes*9/10 {
		t.Errorf("a guild of %d members: about %d bytes, want well below %d", MaxUsers, got, wire.MaxReplyBytes)
	}
}
