package event_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func anna() *wire.Person {
	return &wire.Person{
		User:   &wire.User{Id: 7, Username: "anna", Discriminator: "0"},
		Member: &wire.Member{UserId: 7, Nick: "ann", JoinedAtMs: wire.SnowflakeEpochMS},
	}
}

// row is an event, with what it must say of itself.
type row struct {
	name     string
	event    *wire.Event
	want     *wire.Event // without texts
	has      []string    // in the text
	hidden   string      // what the reduced text lacks; empty: there is none
	kindName string
}

// rows are all events there are.
func rows() []row {
	message := func() *wire.MessageReply {
		return &wire.MessageReply{
			Message: &wire.Message{Id: 9 << 22, ChannelId: 4, GuildId: 3, AuthorId: 7, Content: "ahoy", Nonce: "5"}, Author: anna(), Revision: 6,
		}
	}
	channel := &wire.Channel{Id: 4, Name: "help", Position: 2}
	guild := &wire.Guild{Id: 3, Name: "harbor", OwnerId: 7, Channels: []*wire.Channel{channel}}
	return []row{
		{
			"a guild", event.GuildCreated(1, guild, anna()), &wire.Event{Revision: 1, GuildId: 3},
			[]string{`"id":"3"`, `"name":"harbor"`, `"username":"anna"`, `"name":"help"`, `"member_count":1`, `"joined_at":"2015-01-01T00:00:00Z"`},
			"", "GUILD_CREATE",
		},
		{
			"a channel", event.ChannelCreated(2, 3, channel), &wire.Event{Revision: 2, GuildId: 3, Channel: channel},
			[]string{`"id":"4"`, `"guild_id":"3"`, `"position":2`},
			"", "CHANNEL_CREATE",
		},
		{
			"a member", event.MemberAdded(4, 3, anna()), &wire.Event{Revision: 4, GuildId: 3, Member: anna()},
			[]string{`"guild_id":"3"`, `"nick":"ann"`, `"username":"anna"`},
			"", "GUILD_MEMBER_ADD",
		},
		{
			"a message", event.MessageCreated(message()), &wire.Event{Revision: 6, GuildId: 3, MessageId: 9 << 22, Entitled: []uint64{7}},
			[]string{`"content":"ahoy"`, `"nonce":5`, `"nick":"ann"`, `"edited_timestamp":null`, `"timestamp":"2015-01-01T00:00:00.009Z"`},
			"ahoy", "MESSAGE_CREATE",
		},
		{
			"an edit", event.MessageEdited(message()), &wire.Event{Revision: 6, GuildId: 3, MessageId: 9 << 22, Entitled: []uint64{7}},
			[]string{`"content":"ahoy"`},
			"ahoy", "MESSAGE_UPDATE",
		},
		{
			"a deletion", event.MessageDeleted(8, 3, 4, 9), &wire.Event{Revision: 8, GuildId: 3, MessageId: 9},
			[]string{`"id":"9"`, `"channel_id":"4"`, `"guild_id":"3"`},
			"", "MESSAGE_DELETE",
		},
		{
			"typing", event.Typing(3, 4, anna(), time.Unix(5, 0)), &wire.Event{GuildId: 3},
			[]string{`"channel_id":"4"`, `"user_id":"7"`, `"timestamp":5`},
			"", "TYPING_START",
		},
	}
}

func TestEvents(t *testing.T) {
	for _, row := range rows() {
		full, reduced := string(row.event.GetFull()), string(row.event.GetReduced())
		for _, part := range append(row.has, `"t":"`+row.kindName+`"`) {
			if !strings.Contains(full, part) {
				t.Errorf("%s: got %s, want %s in it", row.name, full, part)
			}
		}
		if (reduced != "") != (row.hidden != "") || row.hidden != "" && strings.Contains(reduced, row.hidden) {
			t.Errorf("%s, reduced: got %q, want it without %q", row.name, reduced, row.hidden)
		}
		got := proto.CloneOf(row.event)
		got.Full, got.Reduced, got.Kind = nil, nil, 0
		if !proto.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
		if kind := protocol.Kind(row.event.GetKind()).String(); kind != row.kindName {
			t.Errorf("%s: got the kind %s, want %s", row.name, kind, row.kindName)
		}
	}
}

// A dispatch comes out of the wire as it went in.
func TestDispatchIsTheOtherEnd(t *testing.T) {
	for _, row := range rows() {
		encoded, err := proto.Marshal(row.event)
		if err != nil {
			t.Fatal(err)
		}
		var decoded wire.Event
		if err := proto.Unmarshal(encoded, &decoded); err != nil {
			t.Fatal(err)
		}
		d := event.Dispatch(&decoded)
		if d.Kind.String() != row.kindName || d.Guild != 3 || string(d.Full.Text()) != string(row.event.GetFull()) {
			t.Errorf("%s: got %v", row.name, d)
		}
		if (d.Reduced != nil) != (row.hidden != "") || len(d.Entitled) != len(row.want.GetEntitled()) {
			t.Errorf("%s: got reduced %v for all but %v", row.name, d.Reduced, d.Entitled)
		}
	}
	for _, unknown := range []uint32{0, uint32(protocol.TypingStart) + 1, 1 << 8, 1<<8 + uint32(protocol.MessageCreate)} {
		if d := event.Dispatch(&wire.Event{Kind: unknown}); d.Kind != 0 {
			t.Errorf("kind %d: got %v, want none", unknown, d.Kind)
		}
	}
}

// Every kind of change but the unknown is told.
func TestEveryChangeIsTold(t *testing.T) {
	for number, name := range wire.Change_Kind_name {
		change := &wire.Change{
			Revision: 5, Kind: wire.Change_Kind(number), ChannelId: 4, MessageId: 9, Person: anna(),
			Guild: &wire.Guild{Id: 3}, Channel: &wire.Channel{Id: 4}, Message: &wire.Message{Id: 9, ChannelId: 4, GuildId: 3},
		}
		e := event.OfChange(3, change)
		if unknown := number == 0; (e == nil) != unknown {
			t.Errorf("%s: got %v", name, e)
		}
		if e != nil && (e.GetRevision() != 5 || e.GetGuildId() != 3 || e.GetKind() == 0) {
			t.Errorf("%s: got %v, want revision 5 of guild 3", name, e)
		}
	}
	if e := event.OfChange(3, &wire.Change{Kind: 99}); e != nil {
		t.Errorf("a kind of later: got %v, want none", e)
	}
}
