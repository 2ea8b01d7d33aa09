package protocol

import (
	"strings"
	"testing"
	"time"
)

// The bytes of the payloads, as client libraries read them.
func TestPayloads(t *testing.T) {
	t.Parallel()
	set := testSettings()
	sharded := []at{
		{0, Connected{Version: "9"}},
		{0, text(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"shard":[3,4]}}`)},
		{0, UserLoaded{User{ID: 5, Username: "bot\xff", Discriminator: "0042", Avatar: "a1", Bot: true, Guilds: []uint64{3 << 22, 4 << 22}}, "n.2"}},
	}
	joined := time.Date(2019, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	nelly := NewUserObject(someUser)
	member := MemberObject{User: &nelly, JoinedAt: joined}
	body := func(d Dispatch) string { return "{" + string(d.Full.Text()) }
	rows := []struct{ name, got, want string }{
		{"hello", string(set.hello), `{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":40000}}`},
		{"ack", string(set.ack), `{"t":null,"s":null,"op":11,"d":null}`},
		{"heartbeat", string(set.beat), `{"t":null,"s":null,"op":1,"d":null}`},
		{"reconnect", string(set.reconnect), `{"t":null,"s":null,"op":7,"d":null}`},
		{"invalid session", string(set.invalidSession), `{"t":null,"s":null,"op":9,"d":false}`},
		{"invalid session, resumable", string(set.laterSession), `{"t":null,"s":null,"op":9,"d":true}`},
		{"resumed", string(set.resumed), `"t":"RESUMED","op":0,"d":{"_trace":["n"]}}`},
		{"ready", readyOf(login), `"t":"READY","op":0,"d":{"v":10,` +
			`"user":{"id":"80351110224678912","username":"nelly","discriminator":"0","global_name":"Nelly","avatar":null},"private_channels":[],` +
			`"guilds":[{"id":"7","unavailable":true},{"id":"41771983423143937","unavailable":true}],"session_id":"n.1","session_type":"normal",` +
			`"resume_gateway_url":"ws://gateway.test:1","application":{"id":"80351110224678912","flags":0},"_trace":["n"]}}`},
		{"ready of a sharded bot", readyOf(sharded), `"t":"READY","op":0,"d":{"v":9,` +
			`"user":{"id":"5","username":"bot` + "\ufffd" + `","discriminator":"0042","global_name":null,"avatar":"a1","bot":true},"private_channels":[],` +
			`"guilds":[{"id":"12582912","unavailable":true}],"session_id":"n.2","session_type":"normal",` +
			`"resume_gateway_url":"ws://gateway.test:1","shard":[3,4],"application":{"id":"5","flags":0},"_trace":["n"]}}`},
		{"outage", body(NewGuildDelete(7, true)), `{"t":"GUILD_DELETE","op":0,"d":{"id":"7","unavailable":true}}`},
		{"guild left", body(NewGuildDelete(7, false)), `{"t":"GUILD_DELETE","op":0,"d":{"id":"7"}}`},
		{"message deleted", body(NewMessageDelete(7, 8, 9)), `{"t":"MESSAGE_DELETE","op":0,"d":{"id":"9","channel_id":"8","guild_id":"7"}}`},
		{"channel", body(NewChannelCreate(ChannelObject{ID: 8, Guild: 7, Name: "general"})), `{"t":"CHANNEL_CREATE","op":0,"d":{"id":"8","type":0,"guild_id":"7",` +
			`"name":"general","position":0,"topic":null,"nsfw":false,"last_message_id":null,"parent_id":null,"rate_limit_per_user":0,"permission_overwrites":[],"flags":0}}`},
		{"typing", body(NewTypingStart(7, 8, member, joined)), `{"t":"TYPING_START","op":0,"d":{"channel_id":"8","guild_id":"7","user_id":"80351110224678912","timestamp":1546398245,"member":` +
			`{"user":{"id":"80351110224678912","username":"nelly","discriminator":"0","global_name":"Nelly","avatar":null},"nick":null,"avatar":null,"roles":[],` +
			`"joined_at":"2019-01-02T03:04:05.006Z","deaf":false,"mute":false,"flags":0}}}`},
	}
	for _, r := range rows {
		if r.got != r.want {
			t.Errorf("%s:\ngot  %s\nwant %s", r.name, r.got, r.want)
		}
	}
}

// readyOf plays the events and returns the body of the READY that they cause.
func readyOf(events []at) string {
	c := NewConn(testSettings())
	for _, e := range events {
		for _, a := range c.Step(start.Add(e.after), e.ev) {
			if d, ok := a.(Deliver); ok {
				return string(d.Delivery.Body.Text())
			}
		}
	}
	return ""
}

// Every kind of dispatch has its name, its guild and, where it hides something, a form without it.
func TestDispatches(t *testing.T) {
	t.Parallel()
	secret := "nobody may know"
	message := MessageObject{ID: 9, Channel: 8, Guild: 7, Content: secret, Embeds: nil}
	guild := GuildObject{ID: 7, Presences: []PresenceObject{{Status: secret}}}
	rows := []struct {
		kind   Kind
		d      Dispatch
		hiding bool
	}{
		{GuildCreate, NewGuildCreate(guild), true},
		{GuildCreate, NewGuildCreate(GuildObject{ID: 7}), false},
		{GuildDelete, NewGuildDelete(7, true), false},
		{ChannelCreate, NewChannelCreate(ChannelObject{Guild: 7}), false},
		{GuildMemberAdd, NewGuildMemberAdd(MemberObject{Guild: 7}), false},
		{MessageCreate, NewMessageCreate(message), true},
		{MessageUpdate, NewMessageUpdate(message), true},
		{MessageDelete, NewMessageDelete(7, 8, 9), false},
		{PresenceUpdate, NewPresenceUpdate(PresenceObject{Guild: 7}), false},
		{TypingStart, NewTypingStart(7, 8, MemberObject{}, start), false},
	}
	for _, r := range rows {
		if r.d.Kind != r.kind || r.d.Guild != 7 || !strings.HasPrefix(string(r.d.Full.Text()), `"t":"`+r.kind.String()+`","op":0,"d":{`) {
			t.Errorf("%v: got %v of guild %d: %s", r.kind, r.d.Kind, r.d.Guild, r.d.Full.Text())
		}
		switch {
		case !r.hiding && r.d.Reduced != nil:
			t.Errorf("%v: got a reduced form, want none", r.kind)
		case r.hiding && (strings.Contains(string(r.d.Reduced.Text()), secret) || !strings.Contains(string(r.d.Full.Text()), secret)):
			t.Errorf("%v: got %s and %s, want the secret in the first only", r.kind, r.d.Full.Text(), r.d.Reduced.Text())
		}
	}
	if Encode(MessageCreate, make(chan int)) != nil {
		t.Errorf("body of what cannot be JSON: got one, want nil")
	}
}
