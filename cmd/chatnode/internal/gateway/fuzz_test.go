package gateway

import (
	"bytes"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// FuzzSession feeds a machine whatever lines it is given, with the other events in between: a line of one byte stands for
// an event that is not a frame. Whatever comes, the machine keeps its promises to the conn.
func FuzzSession(f *testing.F) {
	f.Add([]byte(identifyFrame + "\n!\n" + `{"op":1,"d":1}` + "\n" + `{"op":3,"d":{}}`))
	f.Add([]byte(`{"op":6,"d":{"token":"t","session_id":"n.1","seq":1}}` + "\n" + identifyFrame + "\n~\nT"))
	f.Add([]byte("{\"op\":2,\"d\":{\"token\":\"\xff\",\"properties\":{},\"intents\":1e2,\"shard\":[0,1]}}\n!\n" + identifyFrame))
	f.Add([]byte(`{"op":1,"op":1}` + "\nT\nT\nS\n!"))
	f.Add(bytes.Repeat([]byte("{\"op\":1}\n"), eventsPerWindow+1))
	f.Fuzz(func(t *testing.T, script []byte) {
		s := &session{set: testSettings()}
		now := start
		check := promises{t: t}
		check.actions(s.step(now, hello.ev))
		for line := range bytes.Lines(script) {
			now = now.Add(time.Duration(len(line)) * 100 * time.Millisecond)
			check.actions(s.step(now, fuzzEvent(bytes.TrimSuffix(line, []byte("\n")))))
		}
		check.actions(s.step(now, serverStopping{}))
		if !check.closed {
			t.Errorf("after a stop: got no close, want one")
		}
	})
}

func fuzzEvent(line []byte) event {
	if len(line) != 1 {
		return frameReceived{line}
	}
	switch line[0] {
	case '!':
		return userLoaded{user: someUser, sessionID: "n.1"}
	case '~':
		return userLoaded{err: errAway}
	case 'T':
		return timeCame{}
	case 'S':
		return queueOverflowed{}
	}
	return frameReceived{line}
}

// promises is what a conn relies on.
type promises struct {
	t      *testing.T
	closed bool
	loads  int
	seq    int64
}

func (p *promises) actions(actions []action) {
	p.t.Helper()
	for _, a := range actions {
		if p.closed {
			p.t.Fatalf("after the close: got %#v, want nothing", a)
		}
		switch a := a.(type) {
		case send:
			p.payload(a.payload)
		case loadUser:
			p.loads++
			if p.loads > 1 || a.token == "" {
				p.t.Fatalf("load: got number %d for token %q, want one for a token", p.loads, a.token)
			}
		case wait:
			if a.delay < 0 {
				p.t.Fatalf("wait: got %v, want no negative delay", a.delay)
			}
		case closeSocket:
			p.closed = true
			if (a.code != CloseGoingAway && (a.code < 4000 || a.code > 4014)) || a.reason == "" || len(a.reason) > 123 {
				p.t.Fatalf("close: got %d %q, want a code of the protocol and a reason that fits its frame", a.code, a.reason)
			}
		case report:
		}
	}
}

func (p *promises) payload(b []byte) {
	p.t.Helper()
	var out struct {
		Op  opcode         `json:"op"`
		Seq *int64         `json:"s"`
		D   jsontext.Value `json:"d"`
	}
	if err := json.Unmarshal(b, &out); err != nil {
		p.t.Fatalf("payload %q: got %v, want JSON", b, err)
	}
	if out.Seq == nil {
		return
	}
	if *out.Seq != p.seq+1 {
		p.t.Fatalf("sequence: got %d after %d, want the next", *out.Seq, p.seq)
	}
	p.seq = *out.Seq
}
