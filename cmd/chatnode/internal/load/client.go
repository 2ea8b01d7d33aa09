package load

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// readyTimeout is how long a gateway may take from the handshake to READY or RESUMED, without the pause before an Identify.
const readyTimeout = 20 * time.Second

// The codes that users hang up with. After 1000 a gateway forgets the session, after 4000 it keeps it for a resume.
const (
	hangUpLeaving = 1000
	hangUpBroken  = 4000
)

type state uint8

const (
	stateDialled     state = iota // waiting for Hello
	statePausing                  // a session was refused; Identify follows after a pause
	stateIdentifying              // Identify was sent
	stateResuming                 // Resume was sent
	stateReady
	stateClosed
)

func (s state) String() string {
	switch s {
	case stateDialled:
		return "dialled"
	case statePausing:
		return "pausing"
	case stateIdentifying:
		return "identifying"
	case stateResuming:
		return "resuming"
	case stateReady:
		return "ready"
	case stateClosed:
		return "closed"
	}
	return "unknown"
}

// memory is what a user keeps of a session from one connection to the next. The zero value is none.
type memory struct {
	session string
	seq     int64  // of the last dispatch
	url     string // where the gateway wants the session resumed; empty for anywhere
}

// client is the protocol machine of one connection. It is not safe for concurrent use; its owner is the link.
type client struct {
	identify []byte
	token    string        // for a resume
	run      string        // whose messages are this load's
	resumes  bool          // the user resumes sessions
	memory   memory        // of the session; empty where there is none to resume
	jitter   float64       // the part of the interval before the first heartbeat, in [0,1)
	pause    time.Duration // between a session that was refused and the Identify that follows

	state      state
	interval   time.Duration
	awaiting   bool      // a heartbeat is not acknowledged yet
	beatAt     time.Time // zero before Hello
	identifyAt time.Time // when the pause is over
	readyBy    time.Time // zero when ready
}

// step is the whole machine.
func (c *client) step(now time.Time, ev event) []action {
	if c.state == stateClosed {
		return nil
	}
	switch ev := ev.(type) {
	case dialled:
		c.readyBy = now.Add(readyTimeout)
		return []action{c.wait(now)}
	case frameReceived:
		return c.receive(now, ev.data)
	case timeCame:
		return c.checkTime(now)
	case leaving:
		return c.becomeClosed(hangUp{hangUpLeaving, "leaving", true})
	case socketEnded:
		c.state = stateClosed
		if !survives(ev.code) {
			c.memory = memory{}
		}
	}
	return nil
}

// survives says whether a session may be resumed after the gateway has closed with a code, as Discord documents it.
func survives(code int) bool {
	switch code {
	case 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014:
		return false
	}
	return true
}

func (c *client) receive(now time.Time, data []byte) []action {
	in, err := decode(data)
	if err != nil {
		return c.becomeClosed(hangUp{hangUpBroken, "payload is not readable", false})
	}
	switch *in.Op {
	case opHello:
		return c.greeted(now, in)
	case opDispatch:
		return c.dispatched(now, in)
	case opHeartbeatAck:
		c.awaiting = false
	case opHeartbeat: // asked for one out of turn
		return []action{say{encodeHeartbeat(c.memory.seq)}}
	case opReconnect:
		if c.resumes {
			return c.becomeClosed(hangUp{hangUpBroken, "asked to reconnect", true})
		}
		return c.becomeClosed(hangUp{hangUpLeaving, "asked to reconnect", true})
	case opInvalidSession:
		return c.refused(now, in.Data)
	case opIdentify, opResume: // only a client says it
	}
	return nil // a newer gateway may know more
}

func (c *client) greeted(now time.Time, in incoming) []action {
	interval, err := decodeInterval(in.Data)
	if err != nil || c.state != stateDialled {
		return c.becomeClosed(hangUp{hangUpBroken, "hello is not readable", false})
	}
	c.interval = interval
	c.beatAt = now.Add(time.Duration(c.jitter * float64(interval)))
	if c.resumes && c.memory.session != "" {
		c.state = stateResuming
		return []action{say{encodeResume(c.token, c.memory)}, c.wait(now)}
	}
	c.memory = memory{}
	c.state = stateIdentifying
	return []action{say{c.identify}, c.wait(now)}
}

// refused is Invalid Session. One that may be tried again keeps the session for the next connection. A session that is lost
// is followed by an Identify on this connection, after the pause that Discord asks for.
func (c *client) refused(now time.Time, data jsontext.Value) []action {
	var later bool
	if err := json.Unmarshal(data, &later); err == nil && later {
		return c.becomeClosed(hangUp{hangUpBroken, "session cannot be resumed now", false})
	}
	var lost []action
	if c.memory.session != "" {
		lost = append(lost, sessionGone{})
	}
	c.memory = memory{}
	if c.state == stateDialled || c.state == stateReady {
		return append(lost, c.becomeClosed(hangUp{hangUpBroken, "session is invalid", false})...)
	}
	c.state = statePausing
	c.identifyAt = now.Add(c.pause)
	c.readyBy = c.identifyAt.Add(readyTimeout)
	return append(lost, c.checkTime(now)...)
}

// dispatched takes what happens in a session. It is numbered also while a resume repeats it.
func (c *client) dispatched(now time.Time, in incoming) []action {
	if in.Type == nil || (c.state != stateIdentifying && c.state != stateResuming && c.state != stateReady) {
		return nil
	}
	if in.Seq != nil && *in.Seq > c.memory.seq {
		c.memory.seq = *in.Seq
	}
	switch *in.Type {
	case "READY":
		if c.state == stateIdentifying {
			return c.becomeReady(now, in)
		}
	case "RESUMED":
		if c.state == stateResuming {
			c.state, c.readyBy = stateReady, time.Time{}
			return []action{resumed{}, c.wait(now)}
		}
	case "GUILD_CREATE", "GUILD_DELETE":
		return guildChanged(*in.Type == "GUILD_CREATE", in.Data)
	case "MESSAGE_CREATE":
		return c.messageHeard(in.Data)
	}
	return nil
}

func (c *client) becomeReady(now time.Time, in incoming) []action {
	var ready readyData
	if err := json.Unmarshal(in.Data, &ready); err != nil {
		return c.becomeClosed(hangUp{hangUpBroken, "READY is not readable", false})
	}
	c.memory.session, c.memory.url = ready.SessionID, ready.ResumeURL
	c.state, c.readyBy = stateReady, time.Time{}
	return []action{opened{numbers(ready.Guilds)}, c.wait(now)}
}

// guildChanged reads no more of a guild than its channels. What cannot be read is no reason to go: a library would log it.
func guildChanged(came bool, data jsontext.Value) []action {
	var g guildData
	if err := json.Unmarshal(data, &g); err != nil {
		return nil
	}
	if came && !g.Unavailable {
		return []action{guildCame{uint64(g.ID), numbers(g.Channels)}}
	}
	return []action{guildWent{uint64(g.ID), g.Unavailable}}
}

func (c *client) messageHeard(data jsontext.Value) []action {
	var m struct {
		Content string `json:"content"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil
	}
	if number, ok := messageNumber(c.run, m.Content); ok {
		return []action{messageCame{number}}
	}
	return nil // somebody else's
}

// checkTime does what is due: the Identify after a pause, the heartbeat. One that was not acknowledged by then means that
// nobody is there.
func (c *client) checkTime(now time.Time) []action {
	switch {
	case !c.readyBy.IsZero() && !now.Before(c.readyBy):
		return c.becomeClosed(hangUp{hangUpBroken, "no READY in time", false})
	case c.state == statePausing && !now.Before(c.identifyAt):
		c.state = stateIdentifying
		return []action{say{c.identify}, c.wait(now)}
	case c.beatAt.IsZero() || now.Before(c.beatAt):
		return []action{c.wait(now)}
	case c.awaiting:
		return c.becomeClosed(hangUp{hangUpBroken, "heartbeat was not acknowledged", false})
	}
	c.awaiting = true
	c.beatAt = now.Add(c.interval)
	return []action{say{encodeHeartbeat(c.memory.seq)}, c.wait(now)}
}

// becomeClosed is the user's own end of the connection. Who leaves for good, or does not resume, keeps nothing.
func (c *client) becomeClosed(last hangUp) []action {
	c.state = stateClosed
	if last.code == hangUpLeaving {
		c.memory = memory{}
	}
	return []action{last}
}

func (c *client) wait(now time.Time) wait {
	next := c.readyBy
	for _, other := range []time.Time{c.beatAt, c.pauseEnd()} {
		if !other.IsZero() && (next.IsZero() || other.Before(next)) {
			next = other
		}
	}
	return wait{max(next.Sub(now), 0)}
}

func (c *client) pauseEnd() time.Time {
	if c.state != statePausing {
		return time.Time{}
	}
	return c.identifyAt
}
