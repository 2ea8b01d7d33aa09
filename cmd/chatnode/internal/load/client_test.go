package load

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2020, 3, 16, 14, 0, 0, 0, time.UTC)

// at is one event and when it happens after the start.
type at struct {
	after time.Duration
	ev    event
}

func text(s string) frameReceived { return frameReceived{[]byte(s)} }

const (
	helloFrame = `{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":40000}}`
	readyFrame = `{"t":"READY","s":1,"op":0,"d":{"session_id":"n.1","resume_gateway_url":"ws://n","guilds":[{"id":"7","unavailable":true}]}}`
	ackFrame   = `{"t":null,"s":null,"op":11,"d":null}`
)

var (
	greeted = []at{{0, dialled{}}, {time.Second, text(helloFrame)}}
	up      = append(slices.Clone(greeted), at{2 * time.Second, text(readyFrame)})
)

// play feeds the events to a fresh machine with a jitter of a quarter and renders what the last one caused.
func play(events []at) (client, string) {
	return playOn(client{identify: encodeIdentify("t1", false), token: "t1", run: "r", resumes: true, jitter: 0.25, pause: 2 * time.Second}, events)
}

func playOn(c client, events []at) (client, string) {
	var last []string
	for _, e := range events {
		last = nil
		for _, a := range c.step(start.Add(e.after), e.ev) {
			last = append(last, render(a))
		}
	}
	return c, strings.Join(last, ", ")
}

func render(a action) string {
	switch a := a.(type) {
	case say:
		return "say " + string(a.payload)
	case wait:
		return "wait " + a.delay.String()
	case opened:
		return fmt.Sprintf("opened %v", a.guilds)
	case resumed:
		return "resumed"
	case sessionGone:
		return "session gone"
	case guildCame:
		return fmt.Sprintf("guild %d came %v", a.guild, a.channels)
	case guildWent:
		return fmt.Sprintf("guild %d went %v", a.guild, a.outage)
	case messageCame:
		return fmt.Sprintf("message %d", a.number)
	case hangUp:
		return fmt.Sprintf("hang up %d own %v", a.code, a.own)
	}
	return "?"
}

func TestClientSteps(t *testing.T) {
	t.Parallel()
	after := func(events []at, more ...at) []at { return append(slices.Clone(events), more...) }
	beat := at{11 * time.Second, timeCame{}} // a quarter of the interval after Hello
	const login = `say {"op":2,"d":{"token":"t1","properties":{"browser":"firebreak-load","device":"firebreak-load","os":"linux"},"intents":33281}}`
	rows := []struct {
		name   string
		events []at
		want   string
		state  state
	}{
		{"dialled", greeted[:1], "wait 20s", stateDialled},
		{"no hello, still in time", after(greeted[:1], at{20*time.Second - 1, timeCame{}}), "wait 1ns", stateDialled},
		{"no hello in time", after(greeted[:1], at{20 * time.Second, timeCame{}}), "hang up 4000 own false", stateClosed},
		{"hello", greeted, login + ", wait 10s", stateIdentifying},
		{"hello without an interval", after(greeted[:1], at{0, text(`{"op":10,"d":{}}`)}), "hang up 4000 own false", stateClosed},
		{"hello with an endless interval", after(greeted[:1], at{0, text(`{"op":10,"d":{"heartbeat_interval":3600001}}`)}), "hang up 4000 own false", stateClosed},
		{"second hello", after(greeted, at{2 * time.Second, text(helloFrame)}), "hang up 4000 own false", stateClosed},
		{"ready", up, "opened [7], wait 9s", stateReady},
		{"ready before identify", after(greeted[:1], at{0, text(readyFrame)}), "", stateDialled},
		{"second ready", after(up, at{3 * time.Second, text(readyFrame)}), "", stateReady},
		{"no ready in time", after(greeted, at{11 * time.Second, timeCame{}}, at{12 * time.Second, text(ackFrame)}, at{20 * time.Second, timeCame{}}), "hang up 4000 own false", stateClosed},

		{"first beat too early", after(up, at{11*time.Second - 1, timeCame{}}), "wait 1ns", stateReady},
		{"first beat", after(up, beat), `say {"op":1,"d":1}, wait 40s`, stateReady},
		{"first beat before any dispatch", after(greeted, beat), `say {"op":1,"d":null}, wait 9s`, stateIdentifying},
		{"next beat when acknowledged", after(up, beat, at{12 * time.Second, text(ackFrame)}, at{51 * time.Second, timeCame{}}), `say {"op":1,"d":1}, wait 40s`, stateReady},
		{"next beat not acknowledged", after(up, beat, at{51 * time.Second, timeCame{}}), "hang up 4000 own false", stateClosed},
		{"unacknowledged, not due yet", after(up, beat, at{51*time.Second - 1, timeCame{}}), "wait 1ns", stateReady},
		{"beat asked for", after(up, at{3 * time.Second, text(`{"op":1,"d":null}`)}), `say {"op":1,"d":1}`, stateReady},
		{"beat carries the last sequence", after(up, at{3 * time.Second, text(`{"t":"X","s":7,"op":0,"d":{}}`)}, beat), `say {"op":1,"d":7}, wait 40s`, stateReady},

		{"asked to reconnect", after(up, at{3 * time.Second, text(`{"op":7,"d":null}`)}), "hang up 4000 own true", stateClosed},
		{"identify refused", after(greeted, at{3 * time.Second, text(`{"op":9,"d":false}`)}), "wait 2s", statePausing},
		{"identify refused, beat within the pause", after(greeted, at{10 * time.Second, text(`{"op":9,"d":false}`)}, beat), `say {"op":1,"d":null}, wait 1s`, statePausing},
		{"identify refused, pause over", after(greeted, at{3 * time.Second, text(`{"op":9,"d":false}`)}, at{5 * time.Second, timeCame{}}), login + ", wait 6s", stateIdentifying},
		{"session ended while it is up", after(up, at{3 * time.Second, text(`{"op":9,"d":false}`)}), "session gone, hang up 4000 own false", stateClosed},
		{"guild comes", after(up, at{3 * time.Second, text(`{"t":"GUILD_CREATE","s":2,"op":0,"d":{"id":"7","channels":[{"id":"8"},{"id":"9"}],"members":[{"user":{"id":"1"}}]}}`)}), "guild 7 came [8 9]", stateReady},
		{"guild comes, unavailable", after(up, at{3 * time.Second, text(`{"t":"GUILD_CREATE","s":2,"op":0,"d":{"id":"7","unavailable":true}}`)}), "guild 7 went true", stateReady},
		{"guild is unavailable", after(up, at{3 * time.Second, text(`{"t":"GUILD_DELETE","s":2,"op":0,"d":{"id":"7","unavailable":true}}`)}), "guild 7 went true", stateReady},
		{"guild is left", after(up, at{3 * time.Second, text(`{"t":"GUILD_DELETE","s":2,"op":0,"d":{"id":"7"}}`)}), "guild 7 went false", stateReady},
		{"guild that cannot be read", after(up, at{3 * time.Second, text(`{"t":"GUILD_DELETE","s":2,"op":0,"d":{"id":7}}`)}), "", stateReady},
		{"message", after(up, at{3 * time.Second, text(`{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"content":"load/r/12 is what"}}`)}), "message 12", stateReady},
		{"message of another load", after(up, at{3 * time.Second, text(`{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"content":"load/q/12 is what"}}`)}), "", stateReady},
		{"message of a person", after(up, at{3 * time.Second, text(`{"t":"MESSAGE_CREATE","s":2,"op":0,"d":{"content":"hello"}}`)}), "", stateReady},
		{"unknown opcode", after(up, at{3 * time.Second, text(`{"op":77}`)}), "", stateReady},
		{"not JSON", after(up, at{3 * time.Second, text(`{`)}), "hang up 4000 own false", stateClosed},
		{"no opcode", after(up, at{3 * time.Second, text(`{}`)}), "hang up 4000 own false", stateClosed},
		{"leaving", after(up, at{3 * time.Second, leaving{}}), "hang up 1000 own true", stateClosed},
		{"leaving before hello", after(greeted[:1], at{0, leaving{}}), "hang up 1000 own true", stateClosed},
		{"socket ended", after(up, at{3 * time.Second, socketEnded{}}), "", stateClosed},
		{"nothing follows the end", after(up, at{3 * time.Second, socketEnded{}}, at{4 * time.Second, leaving{}}), "", stateClosed},
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

// A resume, from a session of an earlier connection.
func TestClientResumes(t *testing.T) {
	t.Parallel()
	const ask = `say {"op":6,"d":{"token":"t1","session_id":"n.1","seq":4}}`
	asked := []at{{0, dialled{}}, {time.Second, text(helloFrame)}}
	after := func(more ...at) []at { return append(slices.Clone(asked), more...) }
	const repeated = `{"t":"MESSAGE_CREATE","s":5,"op":0,"d":{"content":"load/r/12 is"}}`
	rows := []struct {
		name   string
		events []at
		want   string
		memory memory
	}{
		{"asked", asked, ask + ", wait 10s", memory{"n.1", 4, ""}},
		{"what was missed", after(at{2 * time.Second, text(repeated)}), "message 12", memory{"n.1", 5, ""}},
		{"resumed", after(at{2 * time.Second, text(repeated)}, at{3 * time.Second, text(`{"t":"RESUMED","s":6,"op":0,"d":{}}`)}), "resumed, wait 8s", memory{"n.1", 6, ""}},
		{"lost", after(at{3 * time.Second, text(`{"op":9,"d":false}`)}), "session gone, wait 2s", memory{}},
		{"to be tried again", after(at{3 * time.Second, text(`{"op":9,"d":true}`)}), "hang up 4000 own false", memory{"n.1", 4, ""}},
		{"lost, then new", after(at{3 * time.Second, text(`{"op":9,"d":false}`)}, at{5 * time.Second, timeCame{}}, at{6 * time.Second, text(readyFrame)}), "opened [7], wait 5s", memory{"n.1", 1, "ws://n"}},
		{"the gateway goes", after(at{3 * time.Second, socketEnded{1001}}), "", memory{"n.1", 4, ""}},
		{"the socket breaks", after(at{3 * time.Second, socketEnded{}}), "", memory{"n.1", 4, ""}},
		{"the number is wrong", after(at{3 * time.Second, socketEnded{4007}}), "", memory{}},
		{"the user leaves", after(at{3 * time.Second, leaving{}}), "hang up 1000 own true", memory{}},
		{"no answer in time", after(at{11 * time.Second, timeCame{}}, at{12 * time.Second, text(ackFrame)}, at{20 * time.Second, timeCame{}}), "hang up 4000 own false", memory{"n.1", 4, ""}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			c := client{identify: encodeIdentify("t1", false), token: "t1", run: "r", resumes: true, memory: memory{session: "n.1", seq: 4}, jitter: 0.25, pause: 2 * time.Second}
			c, got := playOn(c, r.events)
			if got != r.want {
				t.Errorf("last actions: got %q, want %q", got, r.want)
			}
			if c.memory != r.memory {
				t.Errorf("memory: got %+v, want %+v", c.memory, r.memory)
			}
		})
	}
	c := client{identify: encodeIdentify("t1", false), memory: memory{session: "n.1", seq: 4}, jitter: 0.25}
	if _, got := playOn(c, asked); !strings.HasPrefix(got, `say {"op":2`) {
		t.Errorf("a user who does not resume: got %q, want an Identify", got)
	}
}

// FuzzClient feeds a machine whatever a gateway may send: it never panics, hangs up once, and waits no negative time.
func FuzzClient(f *testing.F) {
	f.Add([]byte(helloFrame), []byte(readyFrame), []byte(ackFrame))
	f.Add([]byte(`{"op":10,"d":{"heartbeat_interval":1e400}}`), []byte(`{"op":0,"t":"READY","s":-1}`), []byte(`{"op":7}`))
	f.Add([]byte(helloFrame), []byte(`{"op":0,"t":"GUILD_CREATE","s":4,"d":{"id":"7"}}`), []byte(`{"op":9,"d":false}`))
	f.Add([]byte(helloFrame), []byte(`{"op":0,"t":"RESUMED","s":4}`), []byte(`{"op":0,"t":"MESSAGE_CREATE","s":5,"d":{"content":"load/r/1"}}`))
	f.Fuzz(func(t *testing.T, first, second, third []byte) {
		c := client{identify: encodeIdentify("t", false), run: "r", resumes: true, memory: memory{session: "n.1", seq: 3}, jitter: 0.999}
		closed := false
		now := start
		for _, ev := range []event{
			dialled{}, frameReceived{first}, timeCame{}, frameReceived{second}, timeCame{}, frameReceived{third}, timeCame{}, leaving{},
		} {
			now = now.Add(time.Second)
			for _, a := range c.step(now, ev) {
				if closed {
					t.Fatalf("after the end: got %#v, want nothing", a)
				}
				if w, ok := a.(wait); ok && w.delay < 0 {
					t.Fatalf("wait: got %v, want no negative delay", w.delay)
				}
				_, closed = a.(hangUp)
			}
		}
		if !closed {
			t.Errorf("after leaving: got no end, want one")
		}
	})
}
