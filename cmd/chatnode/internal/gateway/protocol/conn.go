package protocol

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

type state uint8

const (
	stateNew      state = iota // the socket is open, nobody has identified
	stateLoading               // identified, the user is being loaded
	stateResuming              // resumed, the session is being looked for
	stateProxied               // another node speaks to the client
	stateReady                 // READY or RESUMED was sent
	stateClosed                // nothing will be sent or accepted any more
)

func (s state) String() string {
	switch s {
	case stateNew:
		return "new"
	case stateLoading:
		return "loading"
	case stateResuming:
		return "resuming"
	case stateProxied:
		return "proxied"
	case stateReady:
		return "ready"
	case stateClosed:
		return "closed"
	}
	return "unknown"
}

// Conn is the protocol machine of one connection: it takes what happened and the time, and answers what to do. It is not
// safe for concurrent use.
type Conn struct {
	set     *Settings
	state   state
	version int
	stream  bool     // the client wants one compressed stream
	session bool     // there is one, and it is this connection's
	keep    bool     // the session outlives the connection
	login   identify // while loading

	beatBy   time.Time // without a heartbeat until then the client is a zombie
	askAt    time.Time // when to ask for one; zero after asking
	becomeBy time.Time // until then the next state must be reached; zero when ready

	frames    window
	presences window
	members   int // requests for members under way
}

// NewConn makes the machine of a connection that has just been accepted. Connected is its first event.
func NewConn(set *Settings) *Conn { return &Conn{set: set} }

// Ready says whether the connection has a session.
func (c *Conn) Ready() bool { return c.session }

// Step is the whole machine. After CloseSocket only LeaveSession can follow, once the socket has ended.
func (c *Conn) Step(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case SocketEnded:
		return c.becomeEnded(ev.Code)
	case Replaced: // also after a close that the client has not answered yet
		c.session = false
		return c.becomeClosed(nil, CloseTimedOut, "session was resumed on another connection")
	case MembersAnswered:
		c.members--
		return nil
	case Connected, FrameReceived, FrameUnreadable, UserLoaded, UserRefused, ResumeDecided, OwnerFound, ProxyEnded,
		TimeCame, QueueOverflowed, ReconnectWanted, ServerStopping:
	}
	if c.state == stateClosed {
		return nil
	}
	return c.stepOpen(now, ev)
}

func (c *Conn) stepOpen(now time.Time, ev Event) []Action {
	var out []Action
	switch ev := ev.(type) {
	case Connected:
		return c.greet(now, ev, out)
	case FrameReceived:
		if c.state == stateProxied {
			return append(out, Forward(ev))
		}
		return c.receive(now, ev.Data, out)
	case FrameUnreadable:
		return c.becomeClosed(out, CloseDecodeError, ev.Reason)
	case UserLoaded:
		return c.finishLoad(now, ev, out)
	case UserRefused:
		return c.refuseLoad(now, ev, out)
	case ResumeDecided:
		return c.finishResume(now, ev, out)
	case OwnerFound:
		return c.finishSearch(now, ev.Lives, out)
	case ProxyEnded:
		return c.loseProxy(now, ev, out)
	case TimeCame:
		return c.checkTime(now, out)
	case QueueOverflowed:
		return c.becomeClosed(out, CloseUnknown, "client reads too slowly")
	case ReconnectWanted:
		return append(out, Send{c.set.reconnect})
	case ServerStopping:
		return c.becomeClosed(out, CloseGoingAway, "node is going away")
	case SocketEnded, Replaced, MembersAnswered: // Step's own
	}
	return out
}

// greet says Hello where the client speaks our protocol. An unknown compression has to be refused and cannot be ignored: a
// client that asked for it would feed our plain text to its decompressor.
func (c *Conn) greet(now time.Time, ev Connected, out []Action) []Action {
	switch orDefault(ev.Version, newestVersion) {
	case "9":
		c.version = 9
	case "10":
		c.version = 10
	default:
		return c.becomeClosed(out, CloseInvalidVersion, "versions 9 and 10 are spoken here")
	}
	if orDefault(ev.Encoding, "json") != "json" || (ev.Compress != "" && ev.Compress != "zlib-stream") {
		return c.becomeClosed(out, CloseDecodeError, "only encoding=json is spoken here, and compress=zlib-stream")
	}
	c.stream = ev.Compress != ""
	c.hear(now)
	c.becomeBy = now.Add(c.set.IdentifyTimeout)
	return c.wait(now, append(out, Send{c.set.hello}))
}

func (c *Conn) receive(now time.Time, data []byte, out []Action) []Action {
	if !c.frames.allows(now, EventsPerWindow, eventWindow) {
		return c.becomeClosed(out, CloseRateLimited, "more than 120 payloads in 60 seconds")
	}
	op, body, err := decodeIncoming(data)
	if err != nil {
		return c.becomeClosed(out, CloseDecodeError, "payload is not readable")
	}
	switch op {
	case OpHeartbeat:
		return c.beat(now, body, out)
	case OpIdentify:
		return c.identify(now, body, out)
	case OpResume:
		return c.resume(now, body, out)
	case OpPresenceUpdate, OpVoiceStateUpdate, OpRequestGuildMembers, OpRequestSoundboard:
		return c.command(now, op, body, out)
	case OpDispatch, OpReconnect, OpInvalidSession, OpHello, OpHeartbeatAck:
		return c.becomeClosed(out, CloseUnknownOpcode, "only a server sends this opcode")
	}
	return c.becomeClosed(out, CloseUnknownOpcode, "unknown opcode")
}

// beat is accepted before Identify too: a slow login must not look like a dead client.
func (c *Conn) beat(now time.Time, body jsontext.Value, out []Action) []Action {
	if !validBeat(body) {
		return c.becomeClosed(out, CloseDecodeError, "heartbeat needs a sequence number or null")
	}
	c.hear(now)
	return c.wait(now, append(out, Send{c.set.ack}))
}

func (c *Conn) hear(now time.Time) {
	c.beatBy = now.Add(c.set.after(zombieFactor))
	c.askAt = now.Add(c.set.after(askFactor))
}

func (c *Conn) identify(now time.Time, body jsontext.Value, out []Action) []Action {
	if c.state != stateNew {
		return c.becomeClosed(out, CloseAlreadyAuthenticated, "identified already")
	}
	in, bad := decodeIdentify(body, c.set.Disallowed)
	if bad.code == CloseAuthenticationFailed {
		out = append(out, Report{IdentifyFailed})
	}
	if bad.code != 0 {
		return c.becomeClosed(out, bad.code, bad.reason)
	}
	c.state = stateLoading
	c.login = in
	c.becomeBy = now.Add(c.set.LoadTimeout)
	return c.wait(now, append(out, LoadUser{in.token, in.shard.Number}))
}

func (c *Conn) resume(now time.Time, body jsontext.Value, out []Action) []Action {
	if c.state != stateNew {
		return c.becomeClosed(out, CloseAlreadyAuthenticated, "identified already")
	}
	in, err := decodeResume(body)
	if err != nil {
		return c.becomeClosed(out, CloseDecodeError, "resume is not readable")
	}
	c.state = stateResuming
	c.login.token, c.login.session, c.login.seq = bareToken(*in.Token), *in.SessionID, *in.Seq
	c.becomeBy = now.Add(c.set.LoadTimeout)
	find := FindSession{Node: NodeOf(c.login.session), ID: c.login.session, Token: c.login.token, Seq: c.login.seq}
	return c.wait(now, append(out, find))
}

// command carries out what a client may say once it has identified.
func (c *Conn) command(now time.Time, op Opcode, body jsontext.Value, out []Action) []Action {
	if c.state == stateNew || c.state == stateResuming {
		return c.becomeClosed(out, CloseNotAuthenticated, "identify first")
	}
	if !isObject(body) {
		return c.becomeClosed(out, CloseDecodeError, "data is not an object")
	}
	switch op {
	case OpPresenceUpdate:
		p, err := decodePresence(body)
		if err != nil {
			return c.becomeClosed(out, CloseDecodeError, "presence is not readable")
		}
		if c.session && c.presences.allows(now, presencesPerWindow, presenceWindow) {
			return append(out, SetPresence{p})
		}
	case OpRequestGuildMembers:
		return c.requestMembers(body, out)
	case OpVoiceStateUpdate, OpRequestSoundboard: // there is neither voice nor sound here
	case OpDispatch, OpHeartbeat, OpIdentify, OpResume, OpReconnect, OpInvalidSession, OpHello, OpHeartbeatAck: // receive's own
	}
	return out
}

func (c *Conn) requestMembers(body jsontext.Value, out []Action) []Action {
	req, err := decodeMembersRequest(body)
	switch {
	case err != nil:
		return c.becomeClosed(out, CloseDecodeError, "request for members is not readable")
	case !c.session: // asked before READY: there are no guilds to ask about yet
		return out
	case c.members >= MaxPendingMembers:
		return c.becomeClosed(out, CloseRateLimited, "too many requests for members under way")
	}
	c.members++
	return append(out, FetchMembers{req})
}
