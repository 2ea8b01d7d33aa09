package protocol

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

const everyIntent = endOfIntents - 1

// newTestSession has the user 5 and the guilds 1<<22 to 4<<22, of which each shard of four has one.
func newTestSession(version int, intents Intents, shard Shard) *Session {
	in := identify{token: "t1", intents: intents, shard: shard}
	return newSession("n.1", version, &in, User{ID: 5, Guilds: []uint64{4 << 22, 1 << 22, 3 << 22, 2 << 22, 1 << 22}}, true)
}

// event is a dispatch whose bodies say which they are.
func event(kind Kind, guild uint64) Dispatch {
	return Dispatch{Kind: kind, Guild: guild, Full: Text("full"), Reduced: Text("reduced")}
}

func TestIntentsFilter(t *testing.T) {
	t.Parallel()
	rows := []struct {
		kind    Kind
		version int
		intents Intents
		want    string // which form, or nothing
	}{
		{GuildCreate, 10, IntentGuilds | IntentGuildPresences, "full"},
		{GuildCreate, 10, IntentGuilds, "reduced"},
		{GuildCreate, 10, everyIntent &^ IntentGuilds, ""},
		{GuildDelete, 10, IntentGuilds, "full"},
		{GuildDelete, 10, everyIntent &^ IntentGuilds, ""},
		{ChannelCreate, 10, IntentGuilds, "full"},
		{ChannelCreate, 10, everyIntent &^ IntentGuilds, ""},
		{GuildMemberAdd, 10, IntentGuildMembers, "full"},
		{GuildMemberAdd, 10, everyIntent &^ IntentGuildMembers, ""},
		{MessageCreate, 10, IntentGuildMessages | IntentMessageContent, "full"},
		{MessageCreate, 10, IntentGuildMessages, "reduced"},
		{MessageCreate, 9, IntentGuildMessages, "full"},
		{MessageCreate, 10, everyIntent &^ IntentGuildMessages, ""},
		{MessageUpdate, 10, IntentGuildMessages | IntentMessageContent, "full"},
		{MessageUpdate, 10, IntentGuildMessages, "reduced"},
		{MessageUpdate, 9, IntentGuildMessages, "full"},
		{MessageUpdate, 9, everyIntent &^ IntentGuildMessages, ""},
		{MessageDelete, 10, IntentGuildMessages, "full"},
		{MessageDelete, 10, everyIntent &^ IntentGuildMessages, ""},
		{PresenceUpdate, 10, IntentGuildPresences, "full"},
		{PresenceUpdate, 10, everyIntent &^ IntentGuildPresences, ""},
		{TypingStart, 10, IntentGuildTyping, "full"},
		{TypingStart, 10, everyIntent &^ IntentGuildTyping, ""},
	}
	for _, r := range rows {
		t.Run(fmt.Sprintf("%v %d %x", r.kind, r.version, uint64(r.intents)), func(t *testing.T) {
			t.Parallel()
			s := newTestSession(r.version, r.intents, Shard{})
			d, ok := s.Dispatch(event(r.kind, 1<<22))
			got := ""
			if ok {
				got = string(d.Body.Text())
			}
			if got != r.want {
				t.Errorf("form: got %q, want %q", got, r.want)
			}
			if want := int64(1 + min(len(r.want), 1)); s.Seq() != want {
				t.Errorf("number: got %d, want %d", s.Seq(), want)
			}
		})
	}
}

func TestOneFormServesAll(t *testing.T) {
	t.Parallel()
	s := newTestSession(10, IntentGuildMessages, Shard{})
	d, ok := s.Dispatch(Dispatch{Kind: MessageCreate, Guild: 1 << 22, Full: Text("full")})
	if !ok || string(d.Body.Text()) != "full" {
		t.Errorf("without a reduced form: got %v, %v, want the full one", d, ok)
	}
}

// Who wrote a message, or is mentioned, may read it.
func TestEntitledSeeTheContent(t *testing.T) {
	t.Parallel()
	s := newTestSession(10, IntentGuildMessages, Shard{})
	message := MessageObject{Guild: 1 << 22, Author: UserObject{ID: 6}, Content: "hello"}
	rows := []struct {
		name   string
		change func(*MessageObject)
		sees   bool
	}{
		{"somebody else's", func(*MessageObject) {}, false},
		{"my own", func(m *MessageObject) { m.Author.ID = 5 }, true},
		{"to me", func(m *MessageObject) { m.Mentions = []UserObject{{ID: 7}, {ID: 5}} }, true},
		{"to others", func(m *MessageObject) { m.Mentions = []UserObject{{ID: 7}} }, false},
	}
	for _, r := range rows {
		m := message
		r.change(&m)
		for _, dispatch := range []Dispatch{NewMessageCreate(m), NewMessageUpdate(m)} {
			d, _ := s.Dispatch(dispatch)
			if got := strings.Contains(string(d.Body.Text()), `"content":"hello"`); got != r.sees {
				t.Errorf("%s: got content %v in %s, want %v", r.name, got, d.Body.Text(), r.sees)
			}
		}
	}
}

// Where guilds come, a session hears of a guild from its creation to its outage, and of both once.
func TestUnavailableGuildsAreSilent(t *testing.T) {
	t.Parallel()
	in := identify{token: "t", intents: everyIntent}
	s := newSession("n.1", 10, &in, User{ID: 5, Guilds: []uint64{1 << 22}}, false)
	outage := event(GuildDelete, 1<<22)
	outage.Outage = true
	for i, step := range []struct {
		d    Dispatch
		want bool
	}{
		{event(MessageCreate, 1<<22), false},
		{outage, false},
		{event(GuildCreate, 1<<22), true},
		{event(GuildCreate, 1<<22), false},
		{event(MessageCreate, 1<<22), true},
		{outage, true},
		{outage, false},
		{event(MessageCreate, 1<<22), false},
		{event(GuildCreate, 1<<22), true},
		{event(GuildCreate, 2<<22), true}, // a guild that was joined
		{event(GuildCreate, 2<<22), false},
		{event(MessageCreate, 2<<22), true},
		{event(GuildDelete, 2<<22), true},
		{event(MessageCreate, 2<<22), false},
		{event(MessageCreate, 0), true},
	} {
		if _, got := s.Dispatch(step.d); got != step.want {
			t.Errorf("step %d, %v: got delivered %t, want %t", i, step.d.Kind, got, step.want)
		}
	}
}

func TestGuildsFilter(t *testing.T) {
	t.Parallel()
	s := newTestSession(10, everyIntent, Shard{})
	tell := func(name string, d Dispatch, want bool) {
		t.Helper()
		if _, got := s.Dispatch(d); got != want {
			t.Errorf("%s: got delivered %v, want %v", name, got, want)
		}
	}
	tell("of a guild", event(MessageCreate, 2<<22), true)
	tell("of a foreign guild", event(MessageCreate, 9<<22), false)
	tell("of no guild", event(MessageCreate, 0), true)
	tell("a new guild", event(GuildCreate, 9<<22), true)
	tell("of the new guild", event(MessageCreate, 9<<22), true)
	outage := event(GuildDelete, 9<<22)
	outage.Outage = true
	tell("an outage", outage, true)
	tell("of the guild that is away", event(MessageCreate, 9<<22), true)
	tell("it is back", event(GuildCreate, 9<<22), true)
	tell("it is left", event(GuildDelete, 9<<22), true)
	tell("of the guild that was left", event(MessageCreate, 9<<22), false)
	tell("left once more", event(GuildDelete, 9<<22), false)
	if want := []uint64{1 << 22, 2 << 22, 3 << 22, 4 << 22}; !slices.Equal(s.guilds, want) {
		t.Errorf("guilds: got %v, want %v", s.guilds, want)
	}
}

// A guild that a session may not hear of joins its guilds all the same.
func TestGuildsAreKnownWithoutTheIntent(t *testing.T) {
	t.Parallel()
	s := newTestSession(10, IntentGuildMessages, Shard{})
	if _, told := s.Dispatch(event(GuildCreate, 9<<22)); told || !s.Follows(9<<22) {
		t.Errorf("new guild: got told %v, followed %v, want untold and followed", told, s.Follows(9<<22))
	}
}

func TestShardsFilter(t *testing.T) {
	t.Parallel()
	for number := range uint64(4) {
		s := newTestSession(10, everyIntent, Shard{number, 4})
		mine := (number+3)%4 + 1 // guild g<<22 is in shard g%4
		if !slices.Equal(s.guilds, []uint64{mine << 22}) {
			t.Errorf("guilds of shard %d: got %v, want only %d", number, s.guilds, mine<<22)
		}
		for g := range uint64(9) {
			_, told := s.Dispatch(event(GuildCreate, g<<22))
			if want := g == 0 || g%4 == number; told != want { // no guild at all is in every shard
				t.Errorf("guild %d of shard %d: got told %v, want %v", g, number, told, want)
			}
		}
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	set := testSettings()
	rows := []struct {
		name    string
		told    int // before the Resume
		token   string
		seq     int64
		verdict Verdict
		replay  string
	}{
		{"all seen", 3, "t1", 4, ResumeAccepted, "5"},
		{"bot prefix", 3, "Bot t1", 4, ResumeAccepted, "5"},
		{"one missed", 3, "t1", 3, ResumeAccepted, "4 5"},
		{"all but READY missed", 3, "t1", 1, ResumeAccepted, "2 3 4 5"},
		{"nothing was told", 0, "t1", 1, ResumeAccepted, "2"},
		{"not even READY seen", 3, "t1", 0, ResumeForgotten, ""},
		{"negative", 3, "t1", -1 << 63, ResumeForgotten, ""},
		{"seen what was never told", 3, "t1", 5, ResumeAhead, ""},
		{"largest number", 3, "t1", 1<<63 - 1, ResumeAhead, ""},
		{"foreign token", 3, "t2", 4, ResumeUnknown, ""},
		{"no token", 3, "", 4, ResumeUnknown, ""},
		{"full buffer", MaxReplayEvents, "t1", MaxReplayEvents, ResumeAccepted, "1025 1026"},
		{"fuller than full, oldest kept", MaxReplayEvents + 5, "t1", 6, ResumeAccepted, ""},
		{"fuller than full, newest dropped", MaxReplayEvents + 5, "t1", 5, ResumeForgotten, ""},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := newTestSession(10, everyIntent, Shard{})
			for range r.told {
				s.Dispatch(event(MessageCreate, 1<<22))
			}
			before := s.Seq()
			verdict, missed := s.Resume(set, r.token, r.seq)
			if verdict != r.verdict {
				t.Fatalf("verdict: got %v, want %v", verdict, r.verdict)
			}
			var numbers []string
			for _, d := range missed {
				numbers = append(numbers, fmt.Sprint(d.Seq))
			}
			if got := strings.Join(numbers, " "); got != r.replay && r.replay != "" {
				t.Errorf("replay: got %s, want %s", got, r.replay)
			}
			if verdict != ResumeAccepted {
				if s.Seq() != before {
					t.Errorf("number after a refusal: got %d, want %d", s.Seq(), before)
				}
				return
			}
			last := missed[len(missed)-1]
			if !strings.HasPrefix(string(last.Body.Text()), `"t":"RESUMED"`) || last.Seq != before+1 || int64(len(missed)) != before+1-r.seq {
				t.Errorf("replay: got %d dispatches and %d %s at the end, want %d and RESUMED", len(missed), last.Seq, last.Body.Text(), before+1-r.seq)
			}
		})
	}
}

// Against a list of everything that was ever told: the buffer is the longest end of it that fits the limits.
func TestReplayAgainstModel(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	ring := replay{first: 1}
	var all []Body
	for range 5000 {
		n := r.IntN(2000)
		if r.IntN(300) == 0 {
			n = r.IntN(2 * MaxReplayBytes)
		}
		b := Text(make([]byte, n))
		ring.add(b)
		all = append(all, b)

		bytes, kept := 0, 0
		for kept < min(len(all), MaxReplayEvents) {
			bytes += len(all[len(all)-1-kept].Text())
			if bytes > MaxReplayBytes {
				bytes -= len(all[len(all)-1-kept].Text())
				break
			}
			kept++
		}
		if len(ring.bodies) != kept || ring.bytes != bytes || ring.first != int64(len(all)-kept+1) {
			t.Fatalf("seed %d: after %d: got %d from %d of %d bytes, want %d from %d of %d", seed, len(all),
				len(ring.bodies), ring.first, ring.bytes, kept, len(all)-kept+1, bytes)
		}
	}
}

func TestNodeOf(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"n.1": "n", "a.b.c": "a.b", "1": "", "": "", ".1": "", "n.": "n"} {
		if got := NodeOf(id); got != want {
			t.Errorf("node of %q: got %q, want %q", id, got, want)
		}
	}
}
