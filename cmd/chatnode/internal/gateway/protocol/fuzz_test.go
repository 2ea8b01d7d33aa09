package protocol

import (
	"bytes"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// FuzzConn feeds a machine whatever lines it is given, with the other events in between: a line of one byte stands for an
// event that is not a frame. Whatever comes, the machine keeps its promises to the shell.
func FuzzConn(f *testing.F) {
	f.Add([]byte(identifyFrame + "\n!\n" + `{"op":1,"d":1}` + "\n" + `{"op":3,"d":{}}`))
	f.Add([]byte(`{"op":6,"d":{"token":"t","session_id":"n.1","seq":1}}` + "\n?\n" + identifyFrame + "\n~\nT"))
	f.Add([]byte(`{"op":6,"d":{"token":"t","session_id":"m.1","seq":1}}` + "\n@\nwhatever\nP\n" + identifyFrame + "\n!"))
	f.Add([]byte("{\"op\":2,\"d\":{\"token\":\"\xff\",\"properties\":{},\"intents\":1e2,\"shard\":[0,1]}}\n!\n" + identifyFrame))
	f.Add([]byte(identifyFrame + "\n!\nD\n" + `{"op":8,"d":{"guild_id":["7"],"query":"","limit":0,"nonce":"n"}}` + "\nM\nA\nD"))
	f.Add([]byte(identifyFrame + "\n!\nR\nX\nE"))
	f.Add([]byte(`{"op":1,"op":1}` + "\nT\nT\nS\n!"))
	f.Add(bytes.Repeat([]byte("{\"op\":1}\n"), EventsPerWindow+1))
	f.Fuzz(func(t *testing.T, script []byte) {
		now := start
		p := promises{t: t, conn: NewConn(testSettings()), pending: map[string]int{}}
		p.step(now, hello.ev)
		for line := range bytes.Lines(script) {
			now = now.Add(time.Duration(len(line)) * 100 * time.Millisecond)
			line = bytes.TrimSuffix(line, []byte("\n"))
			if len(line) == 1 {
				p.other(now, line[0])
				continue
			}
			p.step(now, FrameReceived{line})
		}
		p.step(now, ServerStopping{})
		if !p.closed {
			t.Errorf("after a stop: got no close, want one")
		}
		held := p.session != nil
		p.step(now, SocketEnded{CloseAbnormal})
		if held != p.left {
			t.Errorf("after the end: got left %v, want %v", p.left, held)
		}
	})
}

// other is an event that is not a frame. Answers come only where the machine has asked for them.
func (p *promises) other(now time.Time, which byte) {
	switch which {
	case '!':
		p.answer(now, "load", UserLoaded{someUser, "n.1"})
	case '~':
		p.answer(now, "load", UserRefused{Why: Unavailable})
	case 'O':
		p.answer(now, "load", UserRefused{Why: TooOften})
	case 'B':
		p.answer(now, "load", UserRefused{Why: Busy, RetryAfter: time.Second})
	case 'b':
		p.answer(now, "find", ResumeDecided{Verdict: ResumeBusy, RetryAfter: time.Second})
	case '?':
		p.answer(now, "find", ResumeDecided{Verdict: ResumeUnknown})
	case 'Y':
		s := newTestSession(10, everyIntent, Shard{})
		verdict, missed := s.Resume(p.conn.set, "t1", 1)
		p.seq = 1
		if p.answer(now, "find", ResumeDecided{Verdict: verdict, Session: s, Replay: missed}) && p.conn.Ready() {
			p.session = s
		}
	case '@':
		p.answer(now, "find", OwnerFound{true})
	case 'P':
		p.answer(now, "proxy", ProxyEnded{})
	case 'A':
		p.answer(now, "members", MembersAnswered{})
	case 'X':
		p.session = nil
		p.step(now, Replaced{})
	case 'E':
		p.step(now, SocketEnded{CloseNormal})
	case 'R':
		p.step(now, ReconnectWanted{})
	case 'T':
		p.step(now, TimeCame{})
	case 'S':
		p.step(now, QueueOverflowed{})
	case 'D':
		p.dispatched(NewGuildCreate(GuildObject{ID: 7}))
	case 'M':
		p.dispatched(NewMessageCreate(MessageObject{ID: 9, Guild: 7, Content: "x"}))
	default:
		p.step(now, FrameReceived{[]byte{which}})
	}
}

// promises is what a shell relies on.
type promises struct {
	t       *testing.T
	conn    *Conn
	session *Session
	pending map[string]int // questions that wait for their answers
	closed  bool
	left    bool
	seq     int64
}

func (p *promises) answer(now time.Time, question string, ev Event) bool {
	if p.pending[question] == 0 {
		return false
	}
	p.pending[question]--
	p.step(now, ev)
	return true
}

func (p *promises) dispatched(d Dispatch) {
	p.t.Helper()
	if p.session == nil || p.closed {
		return
	}
	if delivery, ok := p.session.Dispatch(d); ok {
		p.delivered(delivery)
	}
}

func (p *promises) step(now time.Time, ev Event) {
	p.t.Helper()
	for _, a := range p.conn.Step(now, ev) {
		if _, leaving := a.(LeaveSession); p.closed && !leaving {
			p.t.Fatalf("after the close: got %#v, want nothing", a)
		}
		p.action(a)
	}
	if _, ended := ev.(SocketEnded); ended {
		p.closed = true
	}
}

func (p *promises) action(a Action) {
	p.t.Helper()
	switch a := a.(type) {
	case Send:
		p.payload(string(a.Body.Text()))
	case Deliver:
		p.delivered(a.Delivery)
	case LoadUser:
		p.ask("load", 1)
		if a.Token == "" {
			p.t.Fatalf("load: got an empty token, want one")
		}
	case FindSession:
		p.ask("find", 1)
	case Proxy:
		p.ask("proxy", 1)
		p.payload(string(a.Frame))
	case FetchMembers:
		p.ask("members", MaxPendingMembers)
	case OpenSession:
		if p.session != nil {
			p.t.Fatalf("session: got a second one, want one")
		}
		p.session, p.seq = a.Session, 0
	case LeaveSession:
		if p.session == nil || p.left {
			p.t.Fatalf("leave: got one without a session")
		}
		p.left, p.session = true, nil
	case Wait:
		if a.Delay < 0 {
			p.t.Fatalf("wait: got %v, want no negative delay", a.Delay)
		}
	case CloseSocket:
		p.closed = true
		if (a.Code != CloseGoingAway && (a.Code < 4000 || a.Code > 4014)) || a.Reason == "" || len(a.Reason) > 123 {
			p.t.Fatalf("close: got %d %q, want a code of the protocol and a reason that fits its frame", a.Code, a.Reason)
		}
	case CompressMessages, Forward, SetPresence, Report:
	}
}

func (p *promises) ask(question string, limit int) {
	p.t.Helper()
	p.pending[question]++
	if p.pending[question] > limit {
		p.t.Fatalf("%s: got %d under way, want at most %d", question, p.pending[question], limit)
	}
}

func (p *promises) delivered(d Delivery) {
	p.t.Helper()
	if d.Seq != p.seq+1 {
		p.t.Fatalf("number: got %d after %d, want the next", d.Seq, p.seq)
	}
	p.seq = d.Seq
	p.payload("{" + string(d.Body.Text()))
}

func (p *promises) payload(text string) {
	p.t.Helper()
	var out struct {
		Op *Opcode        `json:"op"`
		D  jsontext.Value `json:"d"`
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil || out.Op == nil || len(out.D) == 0 {
		p.t.Fatalf("payload %q: got %v, want JSON with an opcode and data", text, err)
	}
}
