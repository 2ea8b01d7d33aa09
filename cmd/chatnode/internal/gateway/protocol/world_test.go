package protocol

import (
	"fmt"
	"strings"
	"time"
)

var start = time.Date(2020, 3, 16, 14, 0, 0, 0, time.UTC)

var someUser = User{ID: 80351110224678912, Username: "nelly", GlobalName: "Nelly", Guilds: []uint64{41771983423143937, 7}}

const identifyFrame = `{"op":2,"d":{"token":"t1","properties":{},"intents":513}}`

func testSettings() *Settings {
	return Settings{
		Node: "n", HeartbeatInterval: 40 * time.Second, IdentifyTimeout: 30 * time.Second, LoadTimeout: 10 * time.Second,
		ResumeURL: "ws://gateway.test:1", Disallowed: 1 << 20,
	}.Encoded()
}

func text(s string) FrameReceived { return FrameReceived{[]byte(s)} }

// world is what a shell does, without sockets: it holds sessions, attaches and detaches them, and answers what can be
// answered at once. Whatever a connection is told ends in its lines.
type world struct {
	set      *Settings
	now      time.Time
	conns    map[string]*Conn
	sessions map[string]*Session
	holder   map[string]string // session id to connection
	lives    map[string]bool   // other nodes
	lines    []string
	heard    func(conn string, d Delivery)
	pending  map[string][]MembersRequest
}

func newWorld() *world {
	return &world{
		set: testSettings(), now: start, conns: map[string]*Conn{}, sessions: map[string]*Session{}, holder: map[string]string{},
		lives: map[string]bool{}, pending: map[string][]MembersRequest{}, heard: func(string, Delivery) {},
	}
}

func (w *world) say(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

// step feeds one event to one connection and does what it asks for.
func (w *world) step(name string, ev Event) {
	c := w.conns[name]
	if c == nil {
		c = NewConn(w.set)
		w.conns[name] = c
	}
	var then []func()
	for _, a := range c.Step(w.now, ev) {
		w.say("%s: %s", name, render(w.set, a))
		switch a := a.(type) {
		case Deliver:
			w.heard(name, a.Delivery)
		case OpenSession:
			w.sessions[a.Session.ID()] = a.Session
			w.holder[a.Session.ID()] = name
		case FindSession:
			then = append(then, func() { w.find(name, a) })
		case FetchMembers:
			w.pending[name] = append(w.pending[name], a.Request)
		case LeaveSession:
			w.leave(name, a.Keep)
		case Send, CompressMessages, LoadUser, Proxy, Forward, SetPresence, Wait, CloseSocket, Report:
		}
	}
	for _, f := range then {
		f()
	}
}

func (w *world) find(name string, a FindSession) {
	if a.Node != w.set.Node {
		w.step(name, OwnerFound{w.lives[a.Node]})
		return
	}
	s := w.sessions[a.ID]
	if s == nil {
		w.step(name, ResumeDecided{Verdict: ResumeUnknown})
		return
	}
	verdict, missed := s.Resume(w.set, a.Token, a.Seq)
	if verdict == ResumeAccepted {
		if other := w.holder[a.ID]; other != "" {
			w.step(other, Replaced{})
		}
		w.holder[a.ID] = name
	}
	w.step(name, ResumeDecided{Verdict: verdict, Session: s, Replay: missed})
}

func (w *world) leave(name string, keep bool) {
	for id, holder := range w.holder {
		if holder != name {
			continue
		}
		w.holder[id] = ""
		if !keep {
			delete(w.sessions, id)
		}
	}
}

// dispatch gives something to all sessions.
func (w *world) dispatch(d Dispatch) {
	for id, s := range w.sessions {
		delivery, ok := s.Dispatch(d)
		if holder := w.holder[id]; ok && holder != "" && w.conns[holder].state != stateClosed {
			w.say("%s: %s", holder, render(w.set, Deliver{delivery}))
			w.heard(holder, delivery)
		}
	}
}

func render(set *Settings, a Action) string {
	switch a := a.(type) {
	case Send:
		for name, body := range map[string]Text{
			"hello": set.hello, "ack": set.ack, "ask": set.beat, "reconnect": set.reconnect,
			"invalid session": set.invalidSession, "invalid session, later": set.laterSession,
		} {
			if string(a.Body.Text()) == string(body) {
				return name
			}
		}
		return "send " + string(a.Body.Text())
	case Deliver:
		return fmt.Sprintf("deliver %d %s", a.Delivery.Seq, a.Delivery.Body.Text())
	case CompressMessages:
		return "compress"
	case LoadUser:
		if a.Shard > 0 {
			return fmt.Sprintf("load %s, shard %d", a.Token, a.Shard)
		}
		return "load " + a.Token
	case OpenSession:
		return "open " + a.Session.ID()
	case FindSession:
		return fmt.Sprintf("find %s at %q for %s after %d", a.ID, a.Node, a.Token, a.Seq)
	case Proxy:
		return fmt.Sprintf("proxy to %s, version %d, stream %v: %s", a.Node, a.Version, a.Stream, a.Frame)
	case Forward:
		return "forward " + string(a.Data)
	case FetchMembers:
		return fmt.Sprintf("members %+v", a.Request)
	case SetPresence:
		return fmt.Sprintf("presence %s %s", a.Presence.Status, a.Presence.Activities)
	case LeaveSession:
		return fmt.Sprintf("leave, keep %v", a.Keep)
	case Wait:
		return "wait " + a.Delay.String()
	case CloseSocket:
		return fmt.Sprintf("close %d", a.Code)
	case Report:
		return a.Outcome.String()
	}
	return "?"
}

// brief shortens what tables compare: only that READY was delivered, not its bytes.
func brief(line string) string {
	if before, _, found := strings.Cut(line, `"t":"READY"`); found {
		return before + "READY"
	}
	return line
}
