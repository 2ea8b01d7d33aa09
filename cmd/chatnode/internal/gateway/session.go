package gateway

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of one session that the protocol fixes.
const (
	// eventsPerWindow is how many payloads a client may send in one window; heartbeats count.
	eventsPerWindow = 120
	eventWindow     = time.Minute
	// zombieFactor times the heartbeat interval is how long a client may stay silent.
	zombieFactor = 1.5
	// newestVersion is spoken to a client that does not say which version it wants.
	newestVersion = "10"
)

// settings is what all sessions of a server share. Nobody writes to it after the server is built.
type settings struct {
	heartbeatInterval time.Duration
	identifyTimeout   time.Duration
	loadTimeout       time.Duration
	resumeURL         string

	// Payloads without anything of one session in them are encoded once.
	hello, ack, invalidSession []byte
}

func newSettings(cfg Config) *settings {
	return &settings{
		heartbeatInterval: cfg.HeartbeatInterval,
		identifyTimeout:   cfg.IdentifyTimeout,
		loadTimeout:       cfg.LoadTimeout,
		resumeURL:         cfg.PublicURL,
		hello:             encodeHello(cfg.HeartbeatInterval),
		ack:               encode(outgoing{Op: opHeartbeatAck}),
		invalidSession:    encode(outgoing{Op: opInvalidSession, Data: false}),
	}
}

type state uint8

const (
	stateNew     state = iota // the socket is open, nobody has identified
	stateLoading              // identified, the user is being loaded
	stateReady                // READY was sent
	stateClosed               // nothing will be sent or accepted any more
)

func (s state) String() string {
	switch s {
	case stateNew:
		return "new"
	case stateLoading:
		return "loading"
	case stateReady:
		return "ready"
	case stateClosed:
		return "closed"
	}
	return "unknown"
}

// session is the protocol machine of one client: it takes what happened and the time, and answers what to do. It is not
// safe for concurrent use; its owner is the conn.
type session struct {
	set     *settings
	state   state
	version int
	id      string // given at READY
	seq     int64  // of the last dispatch
	shard   *shard

	beatBy      time.Time // without a heartbeat until then the client is a zombie
	becomeBy    time.Time // until then the next state must be reached; zero when ready
	windowStart time.Time
	windowCount int
}

// step is the whole machine.
func (s *session) step(now time.Time, ev event) []action {
	if s.state == stateClosed {
		return nil
	}
	var out []action
	switch ev := ev.(type) {
	case connected:
		return s.greet(now, ev, out)
	case frameReceived:
		return s.receive(now, ev.data, out)
	case frameUnreadable:
		return s.becomeClosed(out, CloseDecodeError, ev.reason)
	case userLoaded:
		return s.finishLoad(now, ev, out)
	case timeCame:
		return s.checkTime(now, out)
	case queueOverflowed:
		return s.becomeClosed(out, CloseUnknown, "client reads too slowly")
	case serverStopping:
		return s.becomeClosed(out, CloseGoingAway, "node is going away")
	case socketEnded:
		s.state = stateClosed
		return out
	}
	return out
}

// greet says Hello where the client speaks our protocol. Compression of the whole stream has to be refused and cannot be
// ignored: a client that asked for it would feed our plain text to its decompressor.
func (s *session) greet(now time.Time, ev connected, out []action) []action {
	switch orDefault(ev.version, newestVersion) {
	case "9":
		s.version = 9
	case "10":
		s.version = 10
	default:
		return s.becomeClosed(out, CloseInvalidVersion, "versions 9 and 10 are spoken here")
	}
	if orDefault(ev.encoding, "json") != "json" || ev.compress != "" {
		return s.becomeClosed(out, CloseDecodeError, "only encoding=json without compress is spoken here")
	}
	s.beatBy = now.Add(s.silence())
	s.becomeBy = now.Add(s.set.identifyTimeout)
	return s.wait(now, append(out, send{s.set.hello}))
}

func (s *session) receive(now time.Time, data []byte, out []action) []action {
	if !s.withinRate(now) {
		return s.becomeClosed(out, CloseRateLimited, "more than 120 payloads in 60 seconds")
	}
	op, body, err := decodeIncoming(data)
	if err != nil {
		return s.becomeClosed(out, CloseDecodeError, "payload is not readable")
	}
	switch op {
	case opHeartbeat:
		return s.beat(now, body, out)
	case opIdentify:
		return s.identify(now, body, out)
	case opResume:
		return s.resume(body, out)
	case opPresenceUpdate, opVoiceStateUpdate, opRequestGuildMembers, opRequestSoundboard:
		return s.command(body, out)
	case opDispatch, opInvalidSession, opHello, opHeartbeatAck: // only a server sends these
		return s.becomeClosed(out, CloseUnknownOpcode, "only a server sends this opcode")
	}
	return s.becomeClosed(out, CloseUnknownOpcode, "unknown opcode")
}

// beat is accepted before Identify too: a slow login must not look like a dead client.
func (s *session) beat(now time.Time, body jsontext.Value, out []action) []action {
	if !validBeat(body) {
		return s.becomeClosed(out, CloseDecodeError, "heartbeat needs a sequence number or null")
	}
	s.beatBy = now.Add(s.silence())
	return s.wait(now, append(out, send{s.set.ack}))
}

func (s *session) identify(now time.Time, body jsontext.Value, out []action) []action {
	if s.state != stateNew {
		return s.becomeClosed(out, CloseAlreadyAuthenticated, "identified already")
	}
	in, err := decodeIdentify(body)
	switch {
	case err != nil:
		return s.becomeClosed(out, CloseDecodeError, "identify is not readable")
	case *in.Intents < 0 || *in.Intents >= maxIntents:
		return s.becomeClosed(out, CloseInvalidIntents, "intents cannot be")
	case !in.Shard.valid():
		return s.becomeClosed(out, CloseInvalidShard, "shard cannot be")
	case bareToken(*in.Token) == "":
		return s.becomeClosed(append(out, report{identifyFailed}), CloseAuthenticationFailed, "token is empty")
	}
	return s.becomeLoading(now, in, out)
}

// resume finds no session to go on with: none outlives its socket yet. The client identifies anew on this connection.
func (s *session) resume(body jsontext.Value, out []action) []action {
	if s.state != stateNew {
		return s.becomeClosed(out, CloseAlreadyAuthenticated, "identified already")
	}
	if err := decodeResume(body); err != nil {
		return s.becomeClosed(out, CloseDecodeError, "resume is not readable")
	}
	return append(out, send{s.set.invalidSession})
}

// command accepts what a client may say once it has identified. None of the commands has an effect yet.
func (s *session) command(body jsontext.Value, out []action) []action {
	if s.state == stateNew {
		return s.becomeClosed(out, CloseNotAuthenticated, "identify first")
	}
	if !validObject(body) {
		return s.becomeClosed(out, CloseDecodeError, "data is not an object")
	}
	return out
}

func (s *session) finishLoad(now time.Time, ev userLoaded, out []action) []action {
	switch {
	case s.state != stateLoading: // an answer nobody asked for
		return out
	case errors.Is(ev.err, ErrBadToken):
		return s.becomeClosed(append(out, report{identifyFailed}), CloseAuthenticationFailed, "token is not known")
	case ev.err != nil:
		return s.becomeClosed(append(out, report{identifyFailed}), CloseUnknown, "user could not be loaded, try again")
	}
	return s.becomeReady(now, ev, out)
}

func (s *session) checkTime(now time.Time, out []action) []action {
	switch {
	case s.state == stateNew && reached(now, s.becomeBy):
		return s.becomeClosed(out, CloseTimedOut, "no identify in time")
	case s.state == stateLoading && reached(now, s.becomeBy):
		return s.becomeClosed(append(out, report{identifyFailed}), CloseUnknown, "user was not loaded in time, try again")
	case reached(now, s.beatBy):
		return s.becomeClosed(out, CloseUnknown, "no heartbeat in time")
	}
	return s.wait(now, out)
}

func (s *session) becomeLoading(now time.Time, in identify, out []action) []action {
	s.state = stateLoading
	s.shard = in.Shard
	s.becomeBy = now.Add(s.set.loadTimeout)
	return s.wait(now, append(out, loadUser{bareToken(*in.Token)}))
}

func (s *session) becomeReady(now time.Time, ev userLoaded, out []action) []action {
	s.state = stateReady
	s.id = ev.sessionID
	s.seq = 1
	s.becomeBy = time.Time{}
	payload := encodeReady(s.seq, ready{
		Version:     s.version,
		User:        newReadyUser(ev.user),
		Guilds:      newReadyGuilds(ev.user.Guilds),
		SessionID:   s.id,
		ResumeURL:   s.set.resumeURL,
		Shard:       s.shard,
		Application: readyIdentity{ID: snowflake(ev.user.ID)},
	})
	return s.wait(now, append(out, report{identified}, send{payload}))
}

func (s *session) becomeClosed(out []action, code CloseCode, reason string) []action {
	s.state = stateClosed
	return append(out, closeSocket{code, reason})
}

// withinRate counts in windows that begin with the first payload after the last window: two numbers a session instead of
// 120 times, at the price that a client may spend two windows' worth across a border.
func (s *session) withinRate(now time.Time) bool {
	if s.windowCount == 0 || now.Sub(s.windowStart) >= eventWindow {
		s.windowStart, s.windowCount = now, 0
	}
	s.windowCount++
	return s.windowCount <= eventsPerWindow
}

func (s *session) wait(now time.Time, out []action) []action {
	next := s.beatBy
	if !s.becomeBy.IsZero() && s.becomeBy.Before(next) {
		next = s.becomeBy
	}
	return append(out, wait{max(next.Sub(now), 0)})
}

func (s *session) silence() time.Duration {
	return time.Duration(zombieFactor * float64(s.set.heartbeatInterval))
}

func reached(now, deadline time.Time) bool { return !now.Before(deadline) }
