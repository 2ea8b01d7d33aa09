package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// say is a message of guild 7 with a text long enough to be compressed by itself.
func say(text string) protocol.Dispatch {
	return protocol.NewMessageCreate(protocol.MessageObject{ID: 1, Guild: 7, Channel: 8, Content: text + strings.Repeat(" and so on", 60)})
}

const allIntents = `,"intents":4294967295`

// Every version and compression, and both ways to resume: the client hears everything once, in order.
func TestDispatchAndResume(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, path, identify string }{
		{"version 9", "/?v=9&encoding=json", ""},
		{"version 10", "/?v=10&encoding=json", ""},
		{"compressed messages", "/?v=9&encoding=json", `,"compress":true`},
		{"compressed stream", "/?v=10&encoding=json&compress=zlib-stream", ""},
		{"both", "/?v=10&encoding=json&compress=zlib-stream", `,"compress":true`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := serve(t, nil)
			first := r.follow(t, row.path)
			first.login("t1", allIntents+row.identify)
			tell := func(text string) {
				t.Helper()
				if told := r.DispatchGuild(t.Context(), say(text)); told != 1 {
					t.Fatalf("sessions told: got %d, want 1", told)
				}
			}
			tell("one")
			tell("two")
			if d := first.hear("MESSAGE_CREATE 2", "MESSAGE_CREATE 3").D; !strings.Contains(string(d), `"content":"two and so on`) {
				t.Errorf("message: got %s, want its content", d)
			}
			_ = first.ws.CloseNow()
			r.eventually(t, "the session waits", func(s Stats) bool { return s.Sessions == 0 && s.Ready == 0 && s.Parked == 1 })
			tell("three")

			second := r.follow(t, row.path)
			second.resume(first)
			second.hear("MESSAGE_CREATE 4", "RESUMED 5")
			tell("four")
			second.hear("MESSAGE_CREATE 6")

			third := r.follow(t, row.path) // while the second is still there
			third.resume(second)
			third.hear("RESUMED 7")
			second.closesWith(protocol.CloseTimedOut)
			tell("five")
			third.hear("MESSAGE_CREATE 8")
			r.eventually(t, "one session", func(s Stats) bool {
				return s.Sessions == 1 && s.Ready == 1 && s.Parked == 0 && s.Identified == 1 && s.Resumed == 2 && s.Dispatched == 5
			})
			if compressed := row.name[0] == 'c' || row.name == "both"; compressed != (third.binary > 0) {
				t.Errorf("compressed messages: got %d, want some: %v", third.binary, compressed)
			}
			_ = third.ws.Close(1000, "bye")
			r.eventually(t, "no session", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 0 })
			fourth := r.follow(t, row.path)
			fourth.resume(third)
			fourth.hear("op 9")
			fourth.say(identifyFrame)
			fourth.hear("READY 1")
		})
	}
}

// Sessions that share a dispatch get the same, however they want it.
func TestOneDispatchForAll(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	var all []*follower
	for i, path := range []string{"/?v=9", "/?v=10", "/?v=10&compress=zlib-stream", "/?v=9&compress=zlib-stream"} {
		f := r.follow(t, path)
		f.login(fmt.Sprint("t", i), allIntents+`,"compress":true`)
		all = append(all, f)
	}
	for i := range 50 {
		if told := r.DispatchGuild(t.Context(), say(fmt.Sprint("number ", i))); told != len(all) {
			t.Fatalf("sessions told: got %d, want %d", told, len(all))
		}
	}
	for _, f := range all {
		for i := range 50 {
			d := f.hear(fmt.Sprintf("MESSAGE_CREATE %d", i+2)).D
			if !strings.Contains(string(d), fmt.Sprintf(`"content":"number %d and`, i)) {
				t.Fatalf("message %d: got %s", i, d)
			}
		}
		if f.binary < 50 {
			t.Errorf("compressed messages: got %d, want all 50", f.binary)
		}
	}
}

func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) {
		c.Loader = loaderFunc(func(_ context.Context, token string) (protocol.User, error) {
			return protocol.User{ID: uint64(len(token)), Guilds: []uint64{7, uint64(len(token)) << 22}}, nil
		})
	})
	two, again, three := r.follow(t, "/"), r.follow(t, "/"), r.follow(t, "/")
	two.login("aa", allIntents)
	again.login("aa", allIntents)
	three.login("aaa", allIntents)
	rows := []struct {
		name string
		do   func() int
		want int
	}{
		{"guild of all", func() int { return r.DispatchGuild(t.Context(), say("x")) }, 3},
		{"guild of nobody", func() int { return r.DispatchGuild(t.Context(), protocol.NewGuildDelete(99, true)) }, 0},
		{"user with two sessions", func() int {
			return r.DispatchUser(t.Context(), 2, protocol.NewGuildCreate(protocol.GuildObject{ID: 99}))
		}, 2},
		{"guild that they joined", func() int { return r.DispatchGuild(t.Context(), protocol.NewGuildDelete(99, true)) }, 2},
		{"user who is not here", func() int { return r.DispatchUser(t.Context(), 77, say("x")) }, 0},
		{"one leaves", func() int { return r.DispatchSession(t.Context(), two.session, protocol.NewGuildDelete(99, false)) }, 1},
		{"guild of who is left", func() int { return r.DispatchGuild(t.Context(), protocol.NewGuildDelete(99, true)) }, 1},
		{"session that is not here", func() int { return r.DispatchSession(t.Context(), "node-1.0", say("x")) }, 0},
	}
	for _, row := range rows {
		if got := row.do(); got != row.want {
			t.Errorf("%s: got %d told, want %d", row.name, got, row.want)
		}
	}
	two.hear("MESSAGE_CREATE 2", "GUILD_CREATE 3", "GUILD_DELETE 4", "GUILD_DELETE 5")
	again.hear("MESSAGE_CREATE 2", "GUILD_CREATE 3", "GUILD_DELETE 4", "GUILD_DELETE 5")
	three.hear("MESSAGE_CREATE 2")
}

// Whoever supplies guilds hears of sessions, not of connections.
func TestGuildsHearOfSessions(t *testing.T) {
	t.Parallel()
	guilds := &stubGuilds{}
	r := serve(t, func(c *Config) { c.Guilds, c.ResumeWindow = guilds, time.Hour })
	f := r.follow(t, "/?v=10")
	f.login("t1", allIntents+`,"large_threshold":99,"presence":{"status":"dnd","activities":[],"since":null,"afk":false}`)
	guilds.says(t, "opened for 1, guilds [7], large 99", "1 is dnd")
	f.say(`{"op":3,"d":{"status":"idle","activities":[],"since":null,"afk":false}}`)
	f.say(`{"op":8,"d":{"guild_id":"7","query":"o","limit":0,"nonce":"q"}}`)
	if d := f.hear("GUILD_MEMBERS_CHUNK 2").D; string(d) != `{"guild_id":"7","members":[{"user":{"id":"2"}}],"chunk_index":0,"chunk_count":1,"nonce":"q"}` {
		t.Errorf("chunk: got %s", d)
	}
	f.say(`{"op":8,"d":{"guild_id":"9","query":"","limit":0}}`)
	if d := f.hear("GUILD_MEMBERS_CHUNK 3").D; !strings.Contains(string(d), `"not_found":["9"]`) {
		t.Errorf("chunk of a foreign guild: got %s", d)
	}
	_ = f.ws.CloseNow()
	r.eventually(t, "the session waits", func(s Stats) bool { return s.Parked == 1 })
	second := r.follow(t, "/?v=10")
	second.resume(f)
	second.hear("RESUMED 4")
	_ = second.ws.Close(1000, "bye")
	guilds.says(t, "opened for 1, guilds [7], large 99", "1 is dnd", "1 is idle", "closed for 1")
}

func TestParkedSessionsEnd(t *testing.T) {
	t.Parallel()
	guilds := &stubGuilds{}
	r := serve(t, func(c *Config) { c.Guilds, c.ResumeWindow = guilds, time.Minute })
	f := r.follow(t, "/")
	f.login("t1", allIntents)
	_ = f.ws.CloseNow()
	r.eventually(t, "the session waits", func(s Stats) bool { return s.Parked == 1 })
	r.sweep(time.Now().Add(time.Minute - time.Second))
	if got := r.Stats().Parked; got != 1 {
		t.Errorf("within the window: got %d waiting, want 1", got)
	}
	r.sweep(time.Now().Add(time.Minute))
	if got := r.Stats().Parked; got != 0 {
		t.Errorf("after the window: got %d waiting, want none", got)
	}
	guilds.says(t, "opened for 1, guilds [7], large 50", "closed for 1")
	if told := r.DispatchGuild(t.Context(), say("x")); told != 0 {
		t.Errorf("sessions told after the end: got %d, want none", told)
	}
	second := r.follow(t, "/")
	second.resume(f)
	second.hear("op 9")
	if d := r.directory; len(d.seats)+len(d.users)+len(d.guilds) != 0 {
		t.Errorf("directory after the end: got %d sessions, %d users, %d guilds, want none", len(d.seats), len(d.users), len(d.guilds))
	}
}

// The server looks for them by itself.
func TestParkedSessionsEndInTime(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.ResumeWindow = time.Millisecond })
	f := r.follow(t, "/")
	f.login("t1", allIntents)
	_ = f.ws.CloseNow()
	r.eventually(t, "the session is over", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 0 })
	if r.directory.byID(f.session) != nil {
		t.Errorf("session after its window: got one, want none")
	}
}

func TestParkedSessionsAreBounded(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.MaxParked, c.ResumeWindow = 2, time.Hour })
	var all []*follower
	for range 4 {
		f := r.follow(t, "/")
		f.login("t1", allIntents)
		all = append(all, f)
	}
	for i, f := range all {
		_ = f.ws.CloseNow()
		r.eventually(t, "the connection is gone", func(s Stats) bool { return s.Sessions == len(all)-1-i })
	}
	r.sweep(time.Now())
	if got := r.Stats().Parked; got != 2 {
		t.Fatalf("waiting: got %d, want 2", got)
	}
	oldest, newest := r.follow(t, "/"), r.follow(t, "/")
	oldest.resume(all[0])
	oldest.hear("op 9")
	newest.resume(all[3])
	newest.hear("RESUMED 2")
}

func TestIdentifiesAreBounded(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.IdentifyLimit = 2 })
	for range 2 {
		r.follow(t, "/").login("t1", allIntents)
	}
	third := r.follow(t, "/")
	third.hear("op 10")
	third.say(identifyFrame)
	if d := third.hear("op 9").D; string(d) != "false" {
		t.Errorf("invalid session: got %s, want false", d)
	}
	third.say(strings.Replace(identifyFrame, "t1", "t2", 1))
	third.hear("READY 1")
}

func TestAskToReconnect(t *testing.T) {
	t.Parallel()
	r := serve(t, nil)
	var all []*follower
	for range 3 {
		f := r.follow(t, "/?compress=zlib-stream")
		f.login("t1", allIntents)
		all = append(all, f)
	}
	r.AskToReconnect(t.Context(), 10*time.Millisecond)
	for _, f := range all {
		f.hear("op 7")
		_ = f.ws.Close(4000, "as asked")
		second := r.follow(t, "/")
		second.resume(f)
		second.hear("RESUMED 2")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.AskToReconnect(ctx, time.Hour) // returns
}

// A connection that closes while its session is looked for does not take the session along.
func TestResumeComesTooLate(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.ResumeWindow = time.Hour })
	f := r.follow(t, "/")
	f.login("t1", allIntents)
	s := r.only(t).seat
	gone := &conn{server: r.Server, machine: protocol.NewConn(r.set)}
	s.resume(t.Context(), gone, protocol.FindSession{Node: "node-1", ID: f.session, Token: "t1", Seq: 1}, 1)
	f.closesWith(protocol.CloseTimedOut)
	r.eventually(t, "the session waits", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 1 })
	if s.conn != nil || gone.seat != nil {
		t.Errorf("connection of the session: got %v, %v, want none", s.conn, gone.seat)
	}
	second := r.follow(t, "/")
	second.resume(f)
	second.hear("RESUMED 2", "RESUMED 3")
}
