package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// The users of these tests: the owner of a guild, somebody in it, somebody outside.
func people() (owner, member, stranger uint64) {
	return seededID(kindUser, 0, 0), seededID(kindUser, 1, 0), seededID(kindUser, 2, 0)
}

// harbor runs a store and makes a guild of two members in it.
func harbor(t *testing.T) (wire.StoreClient, *wire.Guild) {
	t.Helper()
	return harborOf(t, Config{DataDir: t.TempDir(), Users: 3, Seed: 5})
}

func harborOf(t *testing.T, cfg Config) (wire.StoreClient, *wire.Guild) {
	t.Helper()
	_, client, _ := start(t, cfg)
	owner, member, _ := people()
	made, err := client.CreateGuild(within(t), &wire.CreateGuildRequest{OwnerId: owner, Name: "harbor"})
	if err != nil {
		t.Fatalf("create a guild: %v", err)
	}
	joined, err := client.AddMember(within(t), &wire.AddMemberRequest{GuildId: made.GetGuild().GetId(), UserId: owner, MemberId: member})
	if err != nil || !joined.GetAdded() {
		t.Fatalf("add a member: got %v, %v, want one added", joined, err)
	}
	return client, made.GetGuild()
}

func TestGuildsAreKept(t *testing.T) {
	client, guild := harbor(t)
	owner, member, _ := people()
	channel, err := client.CreateChannel(within(t), &wire.CreateChannelRequest{GuildId: guild.GetId(), UserId: owner, Name: "help"})
	if err != nil {
		t.Fatalf("create a channel: %v", err)
	}
	described, err := client.DescribeGuild(within(t), &wire.DescribeGuildRequest{GuildId: guild.GetId(), UserId: member, Count: true})
	if err != nil || described.GetMembers() != 2 || len(described.GetGuild().GetChannels()) != 2 || described.GetGuild().GetOwnerId() != owner {
		t.Errorf("describe: got %v, %v, want 2 members and 2 channels", described, err)
	}
	found, err := client.GetChannel(within(t), &wire.GetChannelRequest{ChannelId: channel.GetChannel().GetId(), UserId: member})
	if err != nil || found.GetChannel().GetName() != "help" || found.GetGuildId() != guild.GetId() || found.GetLastMessageId() != 0 {
		t.Errorf("channel: got %v, %v, want help, without messages", found, err)
	}
	listed, err := client.ListMembers(within(t), &wire.ListMembersRequest{GuildId: guild.GetId(), UserId: owner, Limit: 1, After: owner})
	if err != nil || len(listed.GetMembers()) != 1 || listed.GetMembers()[0].GetUser().GetId() != member {
		t.Errorf("members after the owner: got %v, %v, want the other one", listed, err)
	}
	guilds, err := client.ListGuilds(within(t), &wire.ListGuildsRequest{UserId: member, Limit: 200})
	if err != nil || len(guilds.GetGuilds()) != 1 || guilds.GetGuilds()[0].GetName() != "harbor" {
		t.Errorf("guilds of the member: got %v, %v, want harbor", guilds, err)
	}
	again, err := client.AddMember(within(t), &wire.AddMemberRequest{GuildId: guild.GetId(), UserId: owner, MemberId: member})
	if err != nil || again.GetAdded() {
		t.Errorf("add a member again: got %v, %v, want nothing added", again, err)
	}
}

func TestGuildPage(t *testing.T) {
	ids := []uint64{5, 3, 1, 4, 2}
	for _, row := range []struct {
		name string
		req  *wire.ListGuildsRequest
		want []uint64
	}{
		{"all", &wire.ListGuildsRequest{Limit: 9}, []uint64{1, 2, 3, 4, 5}},
		{"the first", &wire.ListGuildsRequest{Limit: 2}, []uint64{1, 2}},
		{"after", &wire.ListGuildsRequest{After: 2, Limit: 2}, []uint64{3, 4}},
		{"before is the page next to it", &wire.ListGuildsRequest{Before: 5, Limit: 2}, []uint64{3, 4}},
		{"between", &wire.ListGuildsRequest{After: 1, Before: 5, Limit: 2}, []uint64{2, 3}},
		{"after the last", &wire.ListGuildsRequest{After: 5, Limit: 2}, []uint64{}},
	} {
		if got := guildPage(ids, row.req); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
	if !slices.Equal(ids, []uint64{5, 3, 1, 4, 2}) {
		t.Errorf("the user's list: got %v, want it untouched", ids)
	}
}

func TestChatRefusals(t *testing.T) {
	client, guild := harbor(t)
	ctx := within(t)
	owner, member, stranger := people()
	channel := guild.GetChannels()[0].GetId()
	said, err := client.CreateMessage(ctx, &wire.CreateMessageRequest{ChannelId: channel, AuthorId: owner, Content: "ahoy"})
	if err != nil {
		t.Fatalf("create a message: %v", err)
	}
	create := func(channel, author uint64, content, nonce string, epoch uint64) error {
		_, err := client.CreateMessage(ctx, &wire.CreateMessageRequest{ChannelId: channel, AuthorId: author, Content: content, Nonce: nonce, Epoch: epoch})
		return err
	}
	edit := func(user, message uint64) error {
		_, err := client.EditMessage(ctx, &wire.EditMessageRequest{ChannelId: channel, MessageId: message, UserId: user, Content: "x"})
		return err
	}
	remove := func(user, message uint64) error {
		_, err := client.DeleteMessage(ctx, &wire.DeleteMessageRequest{ChannelId: channel, MessageId: message, UserId: user})
		return err
	}
	newGuild := func(owner uint64, name string, channels ...string) error {
		_, err := client.CreateGuild(ctx, &wire.CreateGuildRequest{OwnerId: owner, Name: name, Channels: channels})
		return err
	}
	newChannel := func(user uint64, name string) error {
		_, err := client.CreateChannel(ctx, &wire.CreateChannelRequest{GuildId: guild.GetId(), UserId: user, Name: name})
		return err
	}
	list := func(limit uint32) error {
		_, err := client.ListMessages(ctx, &wire.ListMessagesRequest{ChannelId: channel, UserId: owner, Limit: limit})
		return err
	}
	id := said.GetMessage().GetId()
	for _, row := range []struct {
		name   string
		err    error
		code   codes.Code
		reason wire.Refusal_Reason
	}{
		{"unknown channel", create(1, owner, "x", "", 0), codes.NotFound, wire.Refusal_UNKNOWN_CHANNEL},
		{"a stranger writes", create(channel, stranger, "x", "", 0), codes.PermissionDenied, wire.Refusal_NO_ACCESS},
		{"nothing said", create(channel, owner, "", "", 0), codes.InvalidArgument, wire.Refusal_NONE},
		{"the longest message", create(channel, owner, strings.Repeat("ü", wire.MaxContentRunes), "", 0), codes.OK, wire.Refusal_NONE},
		{"one character more", create(channel, owner, strings.Repeat("ü", wire.MaxContentRunes+1), "", 0), codes.InvalidArgument, wire.Refusal_NONE},
		{"a long nonce", create(channel, owner, "x", strings.Repeat("1", wire.MaxNonceBytes+1), 0), codes.InvalidArgument, wire.Refusal_NONE},
		{"an epoch never given", create(channel, owner, "x", "", 9), codes.FailedPrecondition, wire.Refusal_STALE_EPOCH},
		{"another edits", edit(member, id), codes.PermissionDenied, wire.Refusal_NOT_AUTHOR},
		{"edit nothing", edit(owner, 1), codes.NotFound, wire.Refusal_UNKNOWN_MESSAGE},
		{"a member deletes the owner's", remove(member, id), codes.PermissionDenied, wire.Refusal_NO_PERMISSION},
		{"a stranger deletes", remove(stranger, id), codes.PermissionDenied, wire.Refusal_NO_ACCESS},
		{"delete nothing", remove(owner, 1), codes.NotFound, wire.Refusal_UNKNOWN_MESSAGE},
		{"a guild of nobody", newGuild(1, "guild"), codes.NotFound, wire.Refusal_UNKNOWN_USER},
		{"a short name", newGuild(owner, "g"), codes.InvalidArgument, wire.Refusal_NONE},
		{"a channel without a name", newGuild(owner, "guild", ""), codes.InvalidArgument, wire.Refusal_NONE},
		{"too many channels", newGuild(owner, "guild", make([]string, wire.MaxChannels+1)...), codes.InvalidArgument, wire.Refusal_TOO_MANY_CHANNELS},
		{"a member makes a channel", newChannel(member, "x"), codes.PermissionDenied, wire.Refusal_NO_PERMISSION},
		{"a long channel name", newChannel(owner, strings.Repeat("x", wire.MaxNameRunes+1)), codes.InvalidArgument, wire.Refusal_NONE},
		{"a list of none", list(0), codes.InvalidArgument, wire.Refusal_NONE},
		{"the longest list", list(wire.MaxMessagePage), codes.OK, wire.Refusal_NONE},
		{"a longer list", list(wire.MaxMessagePage + 1), codes.InvalidArgument, wire.Refusal_NONE},
	} {
		if got := status.Code(row.err); got != row.code || wire.ReasonOf(row.err) != row.reason {
			t.Errorf("%s: got %v (%v), want %v (%v)", row.name, row.err, wire.ReasonOf(row.err), row.code, row.reason)
		}
	}
}

func TestTooManyGuildsAndChannels(t *testing.T) {
	client, _ := harbor(t)
	owner, _, _ := people()
	var err error
	for range wire.MaxUserGuilds {
		_, err = client.CreateGuild(within(t), &wire.CreateGuildRequest{OwnerId: owner, Name: "one more"})
	}
	if wire.ReasonOf(err) != wire.Refusal_TOO_MANY_GUILDS { // one is harbor
		t.Errorf("guild %d: got %v, want it refused", wire.MaxUserGuilds+1, err)
	}
	_, member, _ := people()
	channels := strings.Fields(strings.Repeat("x ", wire.MaxChannels))
	largest, err := client.CreateGuild(within(t), &wire.CreateGuildRequest{OwnerId: member, Name: "largest", Channels: channels})
	if err != nil {
		t.Fatalf("a guild of %d channels: %v", wire.MaxChannels, err)
	}
	_, err = client.CreateChannel(within(t), &wire.CreateChannelRequest{GuildId: largest.GetGuild().GetId(), UserId: member, Name: "x"})
	if wire.ReasonOf(err) != wire.Refusal_TOO_MANY_CHANNELS {
		t.Errorf("channel %d: got %v, want it refused", wire.MaxChannels+1, err)
	}
}

func TestStaleOwnerIsRefused(t *testing.T) {
	client, guild := harbor(t)
	owner, _, _ := people()
	channel := guild.GetChannels()[0].GetId()
	claim := func() uint64 {
		reply, err := client.ClaimGuild(within(t), &wire.ClaimGuildRequest{GuildId: guild.GetId()})
		if err != nil {
			t.Fatalf("claim: %v", err)
		}
		return reply.GetEpoch()
	}
	write := func(epoch uint64) wire.Refusal_Reason {
		_, err := client.CreateMessage(within(t), &wire.CreateMessageRequest{ChannelId: channel, AuthorId: owner, Content: "x", Epoch: epoch})
		return wire.ReasonOf(err)
	}
	first := claim()
	if got := write(first); got != wire.Refusal_NONE {
		t.Errorf("the owner writes: got %v, want it taken", got)
	}
	second := claim()
	if got := write(first); got != wire.Refusal_STALE_EPOCH {
		t.Errorf("the owner of before writes: got %v, want %v", got, wire.Refusal_STALE_EPOCH)
	}
	if got := write(second); got != wire.Refusal_NONE {
		t.Errorf("the new owner writes: got %v, want it taken", got)
	}
	if got := write(0); got != wire.Refusal_NONE {
		t.Errorf("a client writes through no owner: got %v, want it taken", got)
	}
}

func TestMessagesChangeAndGo(t *testing.T) {
	client, guild := harbor(t)
	owner, member, _ := people()
	channel := guild.GetChannels()[0].GetId()
	said, err := client.CreateMessage(within(t), &wire.CreateMessageRequest{ChannelId: channel, AuthorId: member, Content: "ahoy", Nonce: `"7"`})
	if err != nil || said.GetMessage().GetNonce() != `"7"` || said.GetAuthor().GetUser().GetId() != member {
		t.Fatalf("create: got %v, %v", said, err)
	}
	id := said.GetMessage().GetId()
	edited, err := client.EditMessage(within(t), &wire.EditMessageRequest{ChannelId: channel, MessageId: id, UserId: member, Content: "ahoi"})
	if err != nil || edited.GetMessage().GetEditedAtMs() == 0 {
		t.Errorf("edit: got %v, %v, want a time", edited, err)
	}
	got, err := client.GetMessage(within(t), &wire.GetMessageRequest{ChannelId: channel, MessageId: id, UserId: owner})
	if err != nil || got.GetMessage().GetContent() != "ahoi" {
		t.Errorf("get: got %v, %v, want the edited text", got, err)
	}
	if _, err := client.DeleteMessage(within(t), &wire.DeleteMessageRequest{ChannelId: channel, MessageId: id, UserId: owner}); err != nil {
		t.Errorf("the guild's owner deletes: %v", err)
	}
	_, err = client.GetMessage(within(t), &wire.GetMessageRequest{ChannelId: channel, MessageId: id, UserId: owner})
	if wire.ReasonOf(err) != wire.Refusal_UNKNOWN_MESSAGE {
		t.Errorf("get what is deleted: got %v, want %v", err, wire.Refusal_UNKNOWN_MESSAGE)
	}
}

// Pages are what a naive selection from the whole channel gives, and no page
// runs into the channels beside it.
func TestPagesAgainstNaive(t *testing.T) {
	const seed = 11
	d := open(t, t.TempDir())
	r := rand.New(rand.NewPCG(seed, 0))
	var ids []uint64
	err := d.bolt.Update(func(tx *bbolt.Tx) error {
		for id := uint64(2); id < 80; id += 1 + r.Uint64N(3) {
			ids = append(ids, id)
			for channel := uint64(6); channel <= 8; channel++ {
				if err := writeMessage(tx, &wire.Message{Id: id, ChannelId: channel}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(ids)
	for range 2000 {
		req := &wire.ListMessagesRequest{ChannelId: 7, Limit: 1 + r.Uint32N(20)}
		at := 1 + r.Uint64N(85)
		*[]*uint64{&req.Before, &req.After, &req.Around}[r.IntN(3)] = at
		var got []uint64
		if err := d.read(func(tx *bbolt.Tx) error {
			page, err := messagePage(tx, req)
			for _, m := range page {
				got = append(got, m.GetId())
			}
			return err
		}); err != nil {
			t.Fatalf("%v: %v", req, err)
		}
		if want := naivePage(ids, req); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v: got %v, want %v", seed, req, got, want)
		}
	}
}

// naivePage selects from ids, the greatest first.
func naivePage(ids []uint64, req *wire.ListMessagesRequest) []uint64 {
	limit := int(req.GetLimit())
	split := func(at uint64) (newer, older []uint64) {
		i := slices.IndexFunc(ids, func(id uint64) bool { return id < at })
		if i < 0 {
			i = len(ids)
		}
		return ids[:i], ids[i:]
	}
	last := func(s []uint64, n int) []uint64 { return s[max(len(s)-n, 0):] }
	first := func(s []uint64, n int) []uint64 { return s[:min(len(s), n)] }
	switch {
	case req.GetAfter() != 0:
		newer, _ := split(req.GetAfter() + 1)
		return last(newer, limit)
	case req.GetAround() != 0:
		newer, older := split(req.GetAround())
		return slices.Concat(last(newer, limit-limit/2), first(older, limit/2))
	}
	_, older := split(req.GetBefore())
	return first(older, limit)
}

// Ids grow and never repeat, also when the clock stands still or goes back.
func TestIDsGrowWhateverTheClock(t *testing.T) {
	d := open(t, t.TempDir())
	now := time.UnixMilli(seedStartMS)
	var last uint64
	err := d.bolt.Update(func(tx *bbolt.Tx) error {
		for i := range 10_000 {
			if i%1000 == 999 {
				now = now.Add(-time.Hour)
			}
			id, err := mint(tx, kindMessage, now)
			if err != nil {
				return err
			}
			if id <= last {
				return fmt.Errorf("id %d: got %d after %d, want more", i, id, last)
			}
			last = id
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A full database refuses what is new, and takes deletions.
func TestFullDatabase(t *testing.T) {
	client, guild := harborOf(t, Config{DataDir: t.TempDir(), Users: 3, Seed: 5, MaxBytes: 1 << 20})
	owner, _, _ := people()
	channel := guild.GetChannels()[0].GetId()
	var last uint64
	for {
		said, err := client.CreateMessage(within(t), &wire.CreateMessageRequest{ChannelId: channel, AuthorId: owner, Content: strings.Repeat("ü", wire.MaxContentRunes)})
		if err != nil {
			if wire.ReasonOf(err) != wire.Refusal_FULL {
				t.Fatalf("write until it is full: got %v, want %v", err, wire.Refusal_FULL)
			}
			break
		}
		last = said.GetMessage().GetId()
	}
	if _, err := client.DeleteMessage(within(t), &wire.DeleteMessageRequest{ChannelId: channel, MessageId: last, UserId: owner}); err != nil {
		t.Errorf("delete from a full database: %v", err)
	}
}

// A file of schema 1 gets the rows for its channels.
func TestUpgrade(t *testing.T) {
	d := filled(t, t.TempDir(), meta{Seed: 1, Users: 20, Guilds: 4})
	want := dump(t, d)
	if err := d.bolt.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket([]byte(bucketChannels)); err != nil {
			return err
		}
		return writeMeta(tx, meta{Schema: 1, Seed: 1, Users: 20, Guilds: 4})
	}); err != nil {
		t.Fatal(err)
	}
	folder := strings.TrimSuffix(d.path, fileName)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, open(t, folder)); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("upgraded file: its rows differ from those of a new one")
	}
}
