package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	start    = time.Date(2020, 3, 16, 14, 0, 0, 0, time.UTC)
	errAway  = errors.New("no API node answers")
	someUser = User{ID: 80351110224678912, Username: "nelly", GlobalName: "Nelly", Guilds: []uint64{41771983423143937, 7}}
)

const identifyFrame = `{"op":2,"d":{"token":"t1","properties":{},"intents":513}}`

func testSettings() *settings {
	return newSettings(Config{
		HeartbeatInterval: 40 * time.Second,
		IdentifyTimeout:   30 * time.Second,
		LoadTimeout:       10 * time.Second,
		PublicURL:         "ws://gateway.test:1",
	})
}

// at is one event and when it happens after the start.
type at struct {
	after time.Duration
	ev    event
}

func text(s string) frameReceived { return frameReceived{[]byte(s)} }

// hello and login are how most rows begin.
var (
	hello = at{0, connected{version: "10", encoding: "json"}}
	login = []at{hello, {time.Second, text(identifyFrame)}, {2 * time.Second, userLoaded{user: someUser, sessionID: "n.1"}}}
)

// play feeds the events to a fresh machine and renders what the last one caused.
func play(events []at) (*session, []string) {
	s := &session{set: testSettings()}
	var last []string
	for _, e := range events {
		last = nil
		for _, a := range s.step(start.Add(e.after), e.ev) {
			last = append(last, render(s, a))
		}
	}
	return s, last
}

func render(s *session, a action) string {
	switch a := a.(type) {
	case send:
		switch string(a.payload) {
		case string(s.set.hello):
			return "hello"
		case string(s.set.ack):
			return "ack"
		case string(s.set.invalidSession):
			return "invalid session"
		}
		return "send " + string(a.payload)
	case loadUser:
		return "load " + a.token
	case wait:
		return "wait " + a.delay.String()
	case closeSocket:
		return fmt.Sprintf("close %d", a.code)
	case report:
		return a.outcome.String()
	}
	return "?"
}

func TestSessionSteps(t *testing.T) {
	t.Parallel()
	after := func(events []at, more ...at) []at { return append(slices.Clone(events), more...) }
	connect := func(version, encoding, compress string) []at {
		return []at{{0, connected{version, encoding, compress}}}
	}
	loading := login[:2]
	rows := []struct {
		name   string
		events []at
		want   string
		state  state
	}{
		{"hello, version 10", connect("10", "json", ""), "hello, wait 30s", stateNew},
		{"hello, version 9", connect("9", "json", ""), "hello, wait 30s", stateNew},
		{"hello, nothing said", connect("", "", ""), "hello, wait 30s", stateNew},
		{"version 8", connect("8", "json", ""), "close 4012", stateClosed},
		{"version is no number", connect("ten", "json", ""), "close 4012", stateClosed},
		{"encoding etf", connect("10", "etf", ""), "close 4002", stateClosed},
		{"compressed stream", connect("10", "json", "zlib-stream"), "close 4002", stateClosed},

		{"identify asks for the user", loading, "load t1, wait 10s", stateLoading},
		{"bot prefix goes", []at{hello, {0, text(`{"op":2,"d":{"token":"Bot t2","properties":{},"intents":0}}`)}}, "load t2, wait 10s", stateLoading},
		{"compress and unknown members are ignored", []at{hello, {0, text(
			`{"op":2,"d":{"token":"t","properties":{"os":"x"},"intents":0,"compress":true,"large_threshold":250}}`,
		)}}, "load t, wait 10s", stateLoading},
		{"second identify while loading", after(loading, at{time.Second, text(identifyFrame)}), "close 4005", stateClosed},
		{"second identify when ready", after(login, at{3 * time.Second, text(identifyFrame)}), "close 4005", stateClosed},
		{"no token", []at{hello, {0, text(`{"op":2,"d":{"properties":{},"intents":0}}`)}}, "close 4002", stateClosed},
		{"empty token", []at{hello, {0, text(`{"op":2,"d":{"token":" ","properties":{},"intents":0}}`)}}, "identify failed, close 4004", stateClosed},
		{"no properties", []at{hello, {0, text(`{"op":2,"d":{"token":"t","intents":0}}`)}}, "close 4002", stateClosed},
		{"no intents", []at{hello, {0, text(`{"op":2,"d":{"token":"t","properties":{}}}`)}}, "close 4002", stateClosed},
		{"negative intents", []at{hello, {0, text(`{"op":2,"d":{"token":"t","properties":{},"intents":-1}}`)}}, "close 4013", stateClosed},
		{"largest intents", []at{hello, {0, text(`{"op":2,"d":{"token":"t","properties":{},"intents":4294967295}}`)}}, "load t, wait 10s", stateLoading},
		{"intents too large", []at{hello, {0, text(`{"op":2,"d":{"token":"t","properties":{},"intents":4294967296}}`)}}, "close 4013", stateClosed},
		{"shard beyond the count", []at{hello, {0, text(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"shard":[2,2]}}`)}}, "close 4010", stateClosed},
		{"shard of one", []at{hello, {0, text(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"shard":[1]}}`)}}, "close 4002", stateClosed},
		{"wrong type", []at{hello, {0, text(`{"op":2,"d":{"token":7,"properties":{},"intents":0}}`)}}, "close 4002", stateClosed},

		{"bad token", after(loading, at{2 * time.Second, userLoaded{err: fmt.Errorf("api-1: %w", ErrBadToken)}}), "identify failed, close 4004", stateClosed},
		{"no API node", after(loading, at{2 * time.Second, userLoaded{err: errAway}}), "identify failed, close 4000", stateClosed},
		{"answer nobody asked for", []at{hello, {0, userLoaded{user: someUser}}}, "", stateNew},
		{"second answer", after(login, at{3 * time.Second, userLoaded{err: errAway}}), "", stateReady},
		{"load just in time", after(loading, at{11*time.Second - 1, timeCame{}}), "wait 1ns", stateLoading},
		{"load too late", after(loading, at{11 * time.Second, timeCame{}}), "identify failed, close 4000", stateClosed},

		{"beat with null", after(login, at{9 * time.Second, text(`{"op":1,"d":null}`)}), "ack, wait 1m0s", stateReady},
		{"beat with a number", after(login, at{9 * time.Second, text(`{"op":1,"d":251}`)}), "ack, wait 1m0s", stateReady},
		{"beat without data", after(login, at{9 * time.Second, text(`{"op":1}`)}), "ack, wait 1m0s", stateReady},
		{"beat with text", after(login, at{9 * time.Second, text(`{"op":1,"d":"1"}`)}), "close 4002", stateClosed},
		{"beat before identify", []at{hello, {9 * time.Second, text(`{"op":1,"d":null}`)}}, "ack, wait 21s", stateNew},
		{"beat while loading", after(loading, at{2 * time.Second, text(`{"op":1,"d":null}`)}), "ack, wait 9s", stateLoading},
		{"silent, still in time", after(login, at{time.Minute - 1, timeCame{}}), "wait 1ns", stateReady},
		{"silent for too long", after(login, at{time.Minute, timeCame{}}), "close 4000", stateClosed},
		{"a beat moves the end", after(login, at{50 * time.Second, text(`{"op":1,"d":1}`)}, at{time.Minute, timeCame{}}), "wait 50s", stateReady},
		{"anonymous, still in time", []at{hello, {30*time.Second - 1, timeCame{}}}, "wait 1ns", stateNew},
		{"anonymous for too long", []at{hello, {30 * time.Second, timeCame{}}}, "close 4009", stateClosed},

		{"resume finds nothing", []at{hello, {0, text(`{"op":6,"d":{"token":"t1","session_id":"n.0","seq":4}}`)}}, "invalid session", stateNew},
		{"identify after a resume", []at{hello, {0, text(`{"op":6,"d":{"token":"t1","session_id":"n.0","seq":4}}`)}, {0, text(identifyFrame)}}, "load t1, wait 10s", stateLoading},
		{"resume without a session", []at{hello, {0, text(`{"op":6,"d":{"token":"t1","seq":4}}`)}}, "close 4002", stateClosed},
		{"resume when ready", after(login, at{3 * time.Second, text(`{"op":6,"d":{"token":"t1","session_id":"n.1","seq":1}}`)}), "close 4005", stateClosed},

		{"presence before identify", []at{hello, {0, text(`{"op":3,"d":{}}`)}}, "close 4003", stateClosed},
		{"presence when ready", after(login, at{3 * time.Second, text(`{"op":3,"d":{"status":"online"}}`)}), "", stateReady},
		{"members while loading", after(loading, at{time.Second, text(`{"op":8,"d":{"guild_id":"7"}}`)}), "", stateLoading},
		{"presence of the wrong shape", after(login, at{3 * time.Second, text(`{"op":3,"d":[]}`)}), "close 4002", stateClosed},
		{"opcode nobody knows", after(login, at{3 * time.Second, text(`{"op":99,"d":null}`)}), "close 4001", stateClosed},
		{"negative opcode", []at{hello, {0, text(`{"op":-1}`)}}, "close 4001", stateClosed},
		{"opcode of servers", after(login, at{3 * time.Second, text(`{"op":11}`)}), "close 4001", stateClosed},

		{"not JSON", []at{hello, {0, text(`{"op":`)}}, "close 4002", stateClosed},
		{"empty message", []at{hello, {0, text(``)}}, "close 4002", stateClosed},
		{"no opcode", []at{hello, {0, text(`{}`)}}, "close 4002", stateClosed},
		{"opcode is text", []at{hello, {0, text(`{"op":"1"}`)}}, "close 4002", stateClosed},
		{"opcode too large", []at{hello, {0, text(`{"op":99999999999999999999}`)}}, "close 4002", stateClosed},
		{"an array", []at{hello, {0, text(`[1]`)}}, "close 4002", stateClosed},
		{"two values", []at{hello, {0, text(`{"op":1} {"op":1}`)}}, "close 4002", stateClosed},
		{"deep", []at{hello, {0, text(`{"op":3,"d":` + strings.Repeat("[", 4000))}}, "close 4002", stateClosed},
		{"unreadable message", after(login, at{3 * time.Second, frameUnreadable{"too long"}}), "close 4002", stateClosed},

		{"queue overflowed", after(login, at{3 * time.Second, queueOverflowed{}}), "close 4000", stateClosed},
		{"server stops", after(login, at{3 * time.Second, serverStopping{}}), "close 1001", stateClosed},
		{"server stops before hello", []at{{0, serverStopping{}}}, "close 1001", stateClosed},
		{"socket ends", after(login, at{3 * time.Second, socketEnded{}}), "", stateClosed},
		{"nothing follows the end", after(login, at{3 * time.Second, socketEnded{}}, at{4 * time.Second, text(`{"op":1}`)}), "", stateClosed},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s, got := play(r.events)
			if strings.Join(got, ", ") != r.want {
				t.Errorf("last actions: got %q, want %q", strings.Join(got, ", "), r.want)
			}
			if s.state != r.state {
				t.Errorf("state: got %v, want %v", s.state, r.state)
			}
		})
	}
}

// The bytes of the payloads, as client libraries read them.
func TestPayloads(t *testing.T) {
	t.Parallel()
	set := testSettings()
	sharded := []at{
		{0, connected{version: "9"}},
		{0, text(`{"op":2,"d":{"token":"t","properties":{},"intents":0,"shard":[1,4]}}`)},
		{0, userLoaded{user: User{ID: 5, Username: "bot\xff", Discriminator: "0042", Avatar: "a1", Bot: true}, sessionID: "n.2"}},
	}
	sent := func(events []at) string {
		_, last := play(events)
		for _, a := range last {
			if payload, ok := strings.CutPrefix(a, "send "); ok {
				return payload
			}
		}
		return ""
	}
	rows := []struct{ name, got, want string }{
		{"hello", string(set.hello), `{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":40000}}`},
		{"ack", string(set.ack), `{"t":null,"s":null,"op":11,"d":null}`},
		{"invalid session", string(set.invalidSession), `{"t":null,"s":null,"op":9,"d":false}`},
		{"ready", sent(login), `{"t":"READY","s":1,"op":0,"d":{"v":10,` +
			`"user":{"id":"80351110224678912","username":"nelly","discriminator":"0","global_name":"Nelly","avatar":null},` +
			`"guilds":[{"id":"41771983423143937","unavailable":true},{"id":"7","unavailable":true}],` +
			`"session_id":"n.1","resume_gateway_url":"ws://gateway.test:1","application":{"id":"80351110224678912","flags":0}}}`},
		{"ready of a sharded bot", sent(sharded), `{"t":"READY","s":1,"op":0,"d":{"v":9,` +
			`"user":{"id":"5","username":"bot` + "\ufffd" + `","discriminator":"0042","global_name":null,"avatar":"a1","bot":true},` +
			`"guilds":[],"session_id":"n.2","resume_gateway_url":"ws://gateway.test:1","shard":[1,4],"application":{"id":"5","flags":0}}}`},
	}
	for _, r := range rows {
		if r.got != r.want {
			t.Errorf("%s:\ngot  %s\nwant %s", r.name, r.got, r.want)
		}
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	beat := text(`{"op":1,"d":null}`)
	rows := []struct {
		name  string
		last  time.Duration // when payload number 121 comes, after the first
		state state
	}{
		{"inside the window", eventWindow - 1, stateClosed},
		{"in the next window", eventWindow, stateNew},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := &session{set: testSettings()}
			s.step(start, hello.ev)
			for i := range eventsPerWindow {
				s.step(start.Add(time.Duration(i)*time.Millisecond), beat)
			}
			if s.state != stateNew {
				t.Fatalf("after %d payloads: got %v, want %v", eventsPerWindow, s.state, stateNew)
			}
			actions := s.step(start.Add(r.last), beat)
			if s.state != r.state {
				t.Errorf("after one more: got %v, want %v", s.state, r.state)
			}
			if r.state == stateClosed && render(s, actions[0]) != "close 4008" {
				t.Errorf("last action: got %s, want close 4008", render(s, actions[0]))
			}
		})
	}
}

func TestWordsForEveryConstant(t *testing.T) {
	t.Parallel()
	for _, code := range []CloseCode{1001, 1006, 4000, 4001, 4002, 4003, 4004, 4005, 4008, 4009, 4010, 4012, 4013} {
		if strings.HasPrefix(code.String(), "close code") {
			t.Errorf("close code %d: got %q, want words", uint16(code), code)
		}
	}
	if got := CloseCode(4999).String(); got != "close code 4999" {
		t.Errorf("unknown close code: got %q, want %q", got, "close code 4999")
	}
}
