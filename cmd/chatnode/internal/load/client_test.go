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
	readyFrame = `{"t":"READY","s":1,"op":0,"d":{}}`
	ackFrame   = `{"t":null,"s":null,"op":11,"d":null}`
)

var (
	greeted = []at{{0, dialled{}}, {time.Second, text(helloFrame)}}
	up      = append(slices.Clone(greeted), at{2 * time.Second, text(readyFrame)})
)

// play feeds the events to a fresh machine with a jitter of a quarter and renders what the last one caused.
func play(events []at) (client, string) {
	c := client{identify: encodeIdentify("t1"), jitter: 0.25}
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
	case cheer:
		return "cheer"
	case hangUp:
		return fmt.Sprintf("hang up %d own %v", a.code, a.own)
	}
	return "?"
}

func TestClientSteps(t *testing.T) {
	t.Parallel()
	after := func(events []at, more ...at) []at { return append(slices.Clone(events), more...) }
	beat := at{11 * time.Second, timeCame{}} // a quarter of the interval after Hello
	const login = `say {"op":2,"d":{"token":"t1","properties":{"browser":"firebreak-load","device":"firebreak-load","os":"linux"},"intents":513}}`
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
		{"ready", up, "cheer, wait 9s", stateReady},
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
		{"session invalid", after(greeted, at{3 * time.Second, text(`{"op":9,"d":false}`)}), "hang up 4000 own false", stateClosed},
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

// FuzzClient feeds a machine whatever a gateway may send: it never panics, hangs up once, and waits no negative time.
func FuzzClient(f *testing.F) {
	f.Add([]byte(helloFrame), []byte(readyFrame), []byte(ackFrame))
	f.Add([]byte(`{"op":10,"d":{"heartbeat_interval":1e400}}`), []byte(`{"op":0,"t":"READY","s":-1}`), []byte(`{"op":7}`))
	f.Fuzz(func(t *testing.T, first, second, third []byte) {
		c := client{identify: encodeIdentify("t"), jitter: 0.999}
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
