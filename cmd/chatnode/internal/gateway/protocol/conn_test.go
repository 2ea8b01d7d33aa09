package protocol

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// at is one event and when it happens after the start.
type at struct {
	after time.Duration
	ev    Event
}

// hello and login are how most rows begin.
var (
	hello = at{0, Connected{Version: "10", Encoding: "json"}}
	login = []at{hello, {time.Second, text(identifyFrame)}, {2 * time.Second, UserLoaded{someUser, "n.1"}}}
)

// play feeds the events to a fresh machine and renders what the last one caused.
func play(events []at) (*Conn, string) {
	c := NewConn(testSettings())
	var last []string
	for _, e := range events {
		last = nil
		for _, a := range c.Step(start.Add(e.after), e.ev) {
			last = append(last, brief(render(c.set, a)))
		}
	}
	return c, strings.Join(last, ", ")
}

func after(events []at, more ...at) []at { return append(slices.Clone(events), more...) }

func said(payload string) []at { return []at{hello, {0, text(payload)}} }

// whenReady is one payload a second after READY.
func whenReady(payload string) []at { return after(login, at{3 * time.Second, text(payload)}) }

func TestConnSteps(t *testing.T) {
	t.Parallel()
	connect := func(version, encoding, compress string) []at {
		return []at{{0, Connected{version, encoding, compress}}}
	}
	loading, resuming := login[:2], said(`{"op":6,"d":{"token":"t1","session_id":"n.0","seq":4}}`)
	elsewhere := said(`{"op":6,"d":{"token":"Bot t1","session_id":"a.b.0","seq":4}}`)
	proxied := after(elsewhere, at{0, OwnerFound{true}})
	rows := []struct {
		name   string
		events []at
		want   string
		state  state
	}{
		{"hello, version 10", connect("10", "json", ""), "hello, wait 30s", stateNew},
		{"hello, version 9", connect("9", "json", ""), "hello, wait 30s", stateNew},
		{"hello, nothing said", connect("", "", ""), "hello, wait 30s", stateNew},
		{"hello, compressed stream", connect("10", "json", "zlib-stream"), "hello, wait 30s", stateNew},
		{"version 8", connect("8", "json", ""), "close 4012", stateClosed},
		{"version is no number", connect("ten", "json", ""), "close 4012", stateClosed},
		{"encoding etf", connect("10", "etf", ""), "close 4002", stateClosed},
		{"compression nobody knows", connect("10", "json", "zstd-stream"), "close 4002", stateClosed},

		{"identify asks for the user", loading, "load t1, wait 10s", stateLoading},
		{"user makes a session", login, "identified, open n.1, deliver 1 READY, wait 48s", stateReady},
		{"bot prefix goes", said(`{"op":2,"d":{"token":"Bot t2","properties":{},"intents":0}}`), "load t2, wait 10s", stateLoading},
		{"unknown members are ignored", said(`{"op":2,"d":{"token":"t","properties":{"os":"x"},"intents":0,"guild_subscriptions":true}}`), "load t, wait 10s", stateLoading},
		{"second identify while loading", after(loading, at{time.Second, text(identifyFrame)}), "close 4005", stateClosed},
		{"second identify when ready", whenReady(identifyFrame), "close 4005", stateClosed},
		{"no token", said(`{"op":2,"d":{"properties":{},"intents":0}}`), "close 4002", stateClosed},
		{"empty token", said(`{"op":2,"d":{"token":" ","properties":{},"intents":0}}`), "identify failed, close 4004", stateClosed},
		{"longest token", said(`{"op":2,"d":{"token":"` + strings.Repeat("t", 512) + `","properties":{},"intents":0}}`), "load " + strings.Repeat("t", 512) + ", wait 10s", stateLoading},
		{"token too long", said(`{"op":2,"d":{"token":"` + strings.Repeat("t", 513) + `","properties":{},"intents":0}}`), "identify failed, close 4004", stateClosed},
		{"no properties", said(`{"op":2,"d":{"token":"t","intents":0}}`), "close 4002", stateClosed},
		{"no intents", said(`{"op":2,"d":{"token":"t","properties":{}}}`), "close 4002", stateClosed},
		{"negative intents", said(`{"op":2,"d":{"token":"t","properties":{},"intents":-1}}`), "close 4013", stateClosed},
		{"largest intents", said(`{"op":2,"d":{"token":"t","properties":{},"intents":4293918719}}`), "load t, wait 10s", stateLoading},
		{"intents too large", said(`{"op":2,"d":{"token":"t","properties":{},"intents":4294967296}}`), "close 4013", stateClosed},
		{"intents not granted", said(`{"op":2,"d":{"token":"t","properties":{},"intents":1048576}}`), "close 4014", stateClosed},
		{"last shard", said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"shard":[1,2]}}`), "load t, shard 1, wait 10s", stateLoading},
		{"shard beyond the count", said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"shard":[2,2]}}`), "close 4010", stateClosed},
		{"negative shard", said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"shard":[-1,2]}}`), "close 4010", stateClosed},
		{"shard of none", said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"shard":[0,0]}}`), "close 4010", stateClosed},
		{"shard of one", said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"shard":[1]}}`), "close 4002", stateClosed},
		{"wrong type", said(`{"op":2,"d":{"token":7,"properties":{},"intents":0}}`), "close 4002", stateClosed},
		{"wrong compress", said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"compress":1}}`), "close 4002", stateClosed},
		{"wrong presence", said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"presence":{"status":"busy"}}}`), "close 4002", stateClosed},
		{
			"presence is told", after(said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"presence":{"since":null,"activities":[],"status":"dnd","afk":false}}}`), at{0, UserLoaded{someUser, "n.1"}}),
			"identified, open n.1, deliver 1 READY, presence dnd [], wait 50s", stateReady,
		},
		{
			"empty presence means online", after(said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"presence":{"since":0,"game":{},"status":"","afk":false}}}`), at{0, UserLoaded{someUser, "n.1"}}),
			"identified, open n.1, deliver 1 READY, presence online [], wait 50s", stateReady,
		},
		{
			"compress is granted", after(said(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"compress":true,"large_threshold":250}}`), at{0, UserLoaded{someUser, "n.1"}}),
			"identified, compress, open n.1, deliver 1 READY, wait 50s", stateReady,
		},
		{
			"a stream is not compressed twice",
			[]at{{0, Connected{"10", "json", "zlib-stream"}}, {0, text(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"compress":true}}`)}, {0, UserLoaded{someUser, "n.1"}}},
			"identified, open n.1, deliver 1 READY, wait 50s", stateReady,
		},

		{"bad token", after(loading, at{2 * time.Second, UserRefused{Why: TokenUnknown}}), "identify failed, close 4004", stateClosed},
		{"nobody to ask", after(loading, at{2 * time.Second, UserRefused{Why: Unavailable}}), "identify failed, close 4000", stateClosed},
		{"node is busy", after(loading, at{2 * time.Second, UserRefused{Why: Busy, RetryAfter: 1}}), "identify rejected, close 4000", stateClosed},
		{"shard", said(`{"op":2,"d":{"token":"t1","properties":{},"intents":0,"shard":[3,4]}}`), "load t1, shard 3, wait 10s", stateLoading},
		{"too often", after(loading, at{2 * time.Second, UserRefused{Why: TooOften}}), "identify failed, invalid session, wait 30s", stateNew},
		{"identify after too often", after(loading, at{2 * time.Second, UserRefused{Why: TooOften}}, at{7 * time.Second, text(identifyFrame)}), "load t1, wait 10s", stateLoading},
		{"too many guilds", after(loading, at{2 * time.Second, UserLoaded{User{ID: 1, Guilds: guilds(MaxShardGuilds + 1)}, "n.1"}}), "identify failed, close 4011", stateClosed},
		{"many guilds", after(loading, at{time.Second, UserLoaded{User{ID: 1, Guilds: guilds(MaxShardGuilds)}, "n.1"}}), "identified, open n.1, deliver 1 READY, wait 49s", stateReady},
		{"answer nobody asked for", []at{hello, {0, UserLoaded{User: someUser}}}, "", stateNew},
		{"second answer", after(login, at{3 * time.Second, UserRefused{Why: Unavailable}}), "", stateReady},
		{"load just in time", after(loading, at{11*time.Second - 1, TimeCame{}}), "wait 1ns", stateLoading},
		{"load too late", after(loading, at{11 * time.Second, TimeCame{}}), "identify failed, close 4000", stateClosed},

		{"beat with null", whenReady(`{"op":1,"d":null}`), "ack, wait 50s", stateReady},
		{"beat with a number", whenReady(`{"op":1,"d":251}`), "ack, wait 50s", stateReady},
		{"beat without data", whenReady(`{"op":1}`), "ack, wait 50s", stateReady},
		{"beat with text", whenReady(`{"op":1,"d":"1"}`), "close 4002", stateClosed},
		{"beat before identify", []at{hello, {9 * time.Second, text(`{"op":1,"d":null}`)}}, "ack, wait 21s", stateNew},
		{"beat while loading", after(loading, at{2 * time.Second, text(`{"op":1,"d":null}`)}), "ack, wait 9s", stateLoading},
		{"silent, not asked yet", after(login, at{50*time.Second - 1, TimeCame{}}), "wait 1ns", stateReady},
		{"silent and asked", after(login, at{50 * time.Second, TimeCame{}}), "ask, wait 10s", stateReady},
		{"asked once only", after(login, at{50 * time.Second, TimeCame{}}, at{time.Minute - 1, TimeCame{}}), "wait 1ns", stateReady},
		{"silent for too long", after(login, at{50 * time.Second, TimeCame{}}, at{time.Minute, TimeCame{}}), "close 4000", stateClosed},
		{"the answer moves the end", after(login, at{50 * time.Second, TimeCame{}}, at{51 * time.Second, text(`{"op":1,"d":1}`)}, at{time.Minute, TimeCame{}}), "wait 41s", stateReady},
		{"anonymous, still in time", []at{hello, {30*time.Second - 1, TimeCame{}}}, "wait 1ns", stateNew},
		{"anonymous for too long", []at{hello, {30 * time.Second, TimeCame{}}}, "close 4009", stateClosed},

		{"resume asks for the session", resuming, `find n.0 at "n" for t1 after 4, wait 10s`, stateResuming},
		{"resume without a node", said(`{"op":6,"d":{"token":"t1","session_id":"0","seq":4}}`), `find 0 at "" for t1 after 4, wait 10s`, stateResuming},
		{"session is lost", after(resuming, at{0, ResumeDecided{Verdict: ResumeUnknown}}), "resume refused, invalid session, wait 30s", stateNew},
		{"session has forgotten", after(resuming, at{0, ResumeDecided{Verdict: ResumeForgotten}}), "resume refused, invalid session, wait 30s", stateNew},
		{"node is busy with resumes", after(resuming, at{0, ResumeDecided{Verdict: ResumeBusy}}), "resume refused, close 4000", stateClosed},
		{"client is ahead", after(resuming, at{0, ResumeDecided{Verdict: ResumeAhead}}), "resume refused, close 4007", stateClosed},
		{
			"session goes on", after(resuming, at{time.Second, ResumeDecided{Verdict: ResumeAccepted, Session: &Session{zip: true}, Replay: []Delivery{{5, Text("a")}, {6, Text("b")}}}}),
			"resumed, compress, deliver 5 a, deliver 6 b, wait 49s", stateReady,
		},
		{"identify after a resume", after(resuming, at{0, ResumeDecided{Verdict: ResumeUnknown}}, at{0, text(identifyFrame)}), "load t1, wait 10s", stateLoading},
		{"search takes too long", after(resuming, at{10 * time.Second, TimeCame{}}), "resume refused, close 4000", stateClosed},
		{"identify while resuming", after(resuming, at{0, text(identifyFrame)}), "close 4005", stateClosed},
		{"presence while resuming", after(resuming, at{0, text(`{"op":3,"d":{}}`)}), "close 4003", stateClosed},
		{"answer without a search", []at{hello, {0, ResumeDecided{Verdict: ResumeAccepted}}}, "", stateNew},
		{"resume without a session", said(`{"op":6,"d":{"token":"t1","seq":4}}`), "close 4002", stateClosed},
		{"resume when ready", whenReady(`{"op":6,"d":{"token":"t1","session_id":"n.1","seq":1}}`), "close 4005", stateClosed},

		{"resume on the wrong node", elsewhere, `find a.b.0 at "a.b" for t1 after 4, wait 10s`, stateResuming},
		{"its node lives", proxied, `resume proxied, proxy to a.b, version 10, stream false: {"op":6,"d":{"token":"t1","session_id":"a.b.0","seq":4}}`, stateProxied},
		{"its node is gone", after(elsewhere, at{0, OwnerFound{false}}), "resume refused, invalid session, wait 30s", stateNew},
		{"proxied frames pass", after(proxied, at{0, text(`{"op":1`)}), `forward {"op":1`, stateProxied},
		{"the other node counts the time", after(proxied, at{time.Hour, TimeCame{}}), "", stateProxied},
		{"proxy ends", after(proxied, at{time.Hour, ProxyEnded{}}), "invalid session, later, wait 30s", stateNew},
		{"the other node goes away", after(proxied, at{time.Hour, ProxyEnded{Code: CloseGoingAway}}), "invalid session, later, wait 30s", stateNew},
		{"the other node ends it", after(proxied, at{time.Hour, ProxyEnded{Code: CloseRateLimited}}), "close 4008", stateClosed},
		{"nobody listens there", after(proxied, at{time.Hour, ProxyEnded{Gone: true}}), "resume refused, invalid session, wait 30s", stateNew},
		{"proxy ends late", after(login, at{time.Hour, ProxyEnded{}}), "", stateReady},
		{"owner found late", after(login, at{time.Hour, OwnerFound{true}}), "", stateReady},

		{"presence before identify", said(`{"op":3,"d":{}}`), "close 4003", stateClosed},
		{"presence when ready", whenReady(`{"op":3,"d":{"since":1,"activities":[{"name":"x","type":0}],"status":"idle","afk":true}}`), `presence idle [{"name":"x","type":0}]`, stateReady},
		{"presence while loading", after(loading, at{time.Second, text(`{"op":3,"d":{"status":"online"}}`)}), "", stateLoading},
		{"presence of the wrong shape", whenReady(`{"op":3,"d":[]}`), "close 4002", stateClosed},
		{"presence nobody knows", whenReady(`{"op":3,"d":{"status":"busy"}}`), "close 4002", stateClosed},
		{"activity is no object", whenReady(`{"op":3,"d":{"status":"online","activities":[1]}}`), "close 4002", stateClosed},
		{"members while loading", after(loading, at{time.Second, text(`{"op":8,"d":{"guild_id":"7","query":"","limit":0}}`)}), "", stateLoading},
		{"members before identify", said(`{"op":8,"d":{"guild_id":"7","query":"","limit":0}}`), "close 4003", stateClosed},
		{"members when ready", whenReady(`{"op":8,"d":{"guild_id":"7","query":"","limit":0,"nonce":"x"}}`), "members {Guild:7 ByID:false Users:[] Prefix: Limit:0 Presences:false Nonce:x}", stateReady},
		{"members of a list with one guild", whenReady(`{"op":8,"d":{"guild_id":["7"],"query":"AB","limit":500,"presences":true}}`), "members {Guild:7 ByID:false Users:[] Prefix:ab Limit:100 Presences:true Nonce:}", stateReady},
		{"members by id", whenReady(`{"op":8,"d":{"guild_id":"7","user_ids":["1",2]}}`), "members {Guild:7 ByID:true Users:[1 2] Prefix: Limit:0 Presences:false Nonce:}", stateReady},
		{"members by one id", whenReady(`{"op":8,"d":{"guild_id":"7","user_ids":"1","nonce":"` + strings.Repeat("n", 33) + `"}}`), "members {Guild:7 ByID:true Users:[1] Prefix: Limit:0 Presences:false Nonce:}", stateReady},
		{"members of two guilds", whenReady(`{"op":8,"d":{"guild_id":["7","8"],"query":"","limit":0}}`), "close 4002", stateClosed},
		{"members of no guild", whenReady(`{"op":8,"d":{"query":"","limit":0}}`), "close 4002", stateClosed},
		{"members of nothing", whenReady(`{"op":8,"d":{"guild_id":"7"}}`), "close 4002", stateClosed},
		{"members of an id that is none", whenReady(`{"op":8,"d":{"guild_id":"7","user_ids":["x"]}}`), "close 4002", stateClosed},
		{"voice has no effect", whenReady(`{"op":4,"d":{"guild_id":"7","channel_id":null,"self_mute":false,"self_deaf":false}}`), "", stateReady},
		{"voice of the wrong shape", whenReady(`{"op":4,"d":7}`), "close 4002", stateClosed},
		{"soundboard has no effect", whenReady(`{"op":31,"d":{"guild_ids":["7"]}}`), "", stateReady},
		{"opcode nobody knows", whenReady(`{"op":99,"d":null}`), "close 4001", stateClosed},
		{"negative opcode", said(`{"op":-1}`), "close 4001", stateClosed},
		{"a server's dispatch", whenReady(`{"op":0,"d":null}`), "close 4001", stateClosed},
		{"a server's reconnect", whenReady(`{"op":7}`), "close 4001", stateClosed},
		{"a server's invalid session", whenReady(`{"op":9,"d":false}`), "close 4001", stateClosed},
		{"a server's hello", whenReady(`{"op":10}`), "close 4001", stateClosed},
		{"a server's ack", whenReady(`{"op":11}`), "close 4001", stateClosed},

		{"not JSON", said(`{"op":`), "close 4002", stateClosed},
		{"empty message", said(``), "close 4002", stateClosed},
		{"no opcode", said(`{}`), "close 4002", stateClosed},
		{"opcode is text", said(`{"op":"1"}`), "close 4002", stateClosed},
		{"opcode too large", said(`{"op":99999999999999999999}`), "close 4002", stateClosed},
		{"an array", said(`[1]`), "close 4002", stateClosed},
		{"two values", said(`{"op":1} {"op":1}`), "close 4002", stateClosed},
		{"deep", said(`{"op":3,"d":` + strings.Repeat("[", 4000)), "close 4002", stateClosed},
		{"unreadable message", after(login, at{3 * time.Second, FrameUnreadable{"too long"}}), "close 4002", stateClosed},

		{"queue overflowed", after(login, at{3 * time.Second, QueueOverflowed{}}), "close 4000", stateClosed},
		{"asked to go elsewhere", after(login, at{3 * time.Second, ReconnectWanted{}}), "reconnect", stateReady},
		{"session taken over", after(login, at{3 * time.Second, Replaced{}}), "close 4009", stateClosed},
		{"nothing to leave when taken over", after(login, at{3 * time.Second, Replaced{}}, at{4 * time.Second, SocketEnded{CloseAbnormal}}), "", stateClosed},
		{"taken over while closing", after(login, at{3 * time.Second, QueueOverflowed{}}, at{4 * time.Second, Replaced{}}), "", stateClosed},
		{"server stops", after(login, at{3 * time.Second, ServerStopping{}}), "close 1001", stateClosed},
		{"server stops before hello", []at{{0, ServerStopping{}}}, "close 1001", stateClosed},
		{"socket breaks", after(login, at{3 * time.Second, SocketEnded{CloseAbnormal}}), "leave, keep true", stateClosed},
		{"client says it comes back", after(login, at{3 * time.Second, SocketEnded{4000}}), "leave, keep true", stateClosed},
		{"client leaves", after(login, at{3 * time.Second, SocketEnded{CloseNormal}}), "leave, keep false", stateClosed},
		{"client goes away", after(login, at{3 * time.Second, SocketEnded{CloseGoingAway}}), "leave, keep false", stateClosed},
		{"client answers our close", after(login, at{3 * time.Second, QueueOverflowed{}}, at{4 * time.Second, SocketEnded{CloseNormal}}), "leave, keep true", stateClosed},
		{"socket ends without a session", []at{hello, {3 * time.Second, SocketEnded{CloseNormal}}}, "", stateClosed},
		{"nothing follows the end", after(login, at{3 * time.Second, SocketEnded{CloseAbnormal}}, at{4 * time.Second, text(`{"op":1}`)}), "", stateClosed},
		{"the end comes once", after(login, at{3 * time.Second, SocketEnded{CloseAbnormal}}, at{4 * time.Second, SocketEnded{CloseAbnormal}}), "", stateClosed},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			c, got := play(r.events)
			if got != r.want {
				t.Errorf("last actions: got %q, want %q", got, r.want)
			}
			if c.state != r.state {
				t.Errorf("state: got %v, want %v", c.state, r.state)
			}
		})
	}
}

func guilds(n int) []uint64 {
	ids := make([]uint64, n)
	for i := range ids {
		ids[i] = uint64(i + 1)
	}
	return ids
}

// The limits on how often a client may do something, on both sides of each.
func TestRates(t *testing.T) {
	t.Parallel()
	beat, idle := text(`{"op":1,"d":null}`), text(`{"op":3,"d":{"status":"idle"}}`)
	members := text(`{"op":8,"d":{"guild_id":"7","query":"","limit":0}}`)
	times := func(n int, ev Event) []at {
		var all []at
		for i := range n {
			all = append(all, at{3*time.Second + time.Duration(i)*time.Millisecond, ev})
		}
		return all
	}
	many := EventsPerWindow - 1 // Identify was the first, at one second
	rows := []struct {
		name   string
		events []at
		want   string
	}{
		{"last payload of a window", after(login, times(many, beat)...), "ack, wait 50s"},
		{"one more", after(login, times(many+1, beat)...), "close 4008"},
		{"one more in the next window", after(after(login, times(many, beat)...), at{time.Second + eventWindow, beat}), "ack, wait 50s"},
		{"one more just before it", after(after(login, times(many, beat)...), at{time.Second + eventWindow - 1, beat}), "close 4008"},
		{"last presence of a window", after(login, times(presencesPerWindow, idle)...), "presence idle []"},
		{"one presence more", after(login, times(presencesPerWindow+1, idle)...), ""},
		{"a presence in the next window", after(after(login, times(presencesPerWindow+1, idle)...), at{3*time.Second + presenceWindow, idle}), "presence idle []"},
		{"last request for members", after(login, times(MaxPendingMembers, members)...), "members {Guild:7 ByID:false Users:[] Prefix: Limit:0 Presences:false Nonce:}"},
		{"one request more", after(login, times(MaxPendingMembers+1, members)...), "close 4008"},
		{
			"one request after an answer", after(after(login, times(MaxPendingMembers, members)...), at{4 * time.Second, MembersAnswered{}}, at{4 * time.Second, members}),
			"members {Guild:7 ByID:false Users:[] Prefix: Limit:0 Presences:false Nonce:}",
		},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			if _, got := play(r.events); got != r.want {
				t.Errorf("last actions: got %q, want %q", got, r.want)
			}
		})
	}
}

func TestWordsForEveryConstant(t *testing.T) {
	t.Parallel()
	for _, code := range []CloseCode{1000, 1001, 1006, 4000, 4001, 4002, 4003, 4004, 4005, 4007, 4008, 4009, 4010, 4011, 4012, 4013, 4014} {
		if strings.HasPrefix(code.String(), "close code") {
			t.Errorf("close code %d: got %q, want words", uint16(code), code)
		}
	}
	if got := CloseCode(4999).String(); got != "close code 4999" {
		t.Errorf("unknown close code: got %q, want %q", got, "close code 4999")
	}
	for k := Ready; k <= TypingStart; k++ {
		if k.String() == "UNKNOWN" || k.wanted() == endOfIntents {
			t.Errorf("kind %d: got %q and no intent, want a name and its intent", k, k)
		}
	}
	if (TypingStart+1).wanted() != endOfIntents || (TypingStart+1).String() != "UNKNOWN" {
		t.Errorf("kind %d: got a name or an intent, want none", TypingStart+1)
	}
}
