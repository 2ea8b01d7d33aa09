package load

import "time"

// readyTimeout is how long a gateway may take from the handshake to READY.
const readyTimeout = 20 * time.Second

// The codes that users hang up with. After 1000 a gateway forgets the session, after 4000 it keeps it for a resume.
const (
	hangUpLeaving = 1000
	hangUpBroken  = 4000
)

type state uint8

const (
	stateDialled     state = iota // waiting for Hello
	stateIdentifying              // Identify was sent
	stateReady
	stateClosed
)

func (s state) String() string {
	switch s {
	case stateDialled:
		return "dialled"
	case stateIdentifying:
		return "identifying"
	case stateReady:
		return "ready"
	case stateClosed:
		return "closed"
	}
	return "unknown"
}

// client is the protocol machine of one connection. It is not safe for concurrent use; its owner is the link.
type client struct {
	identify []byte
	jitter   float64 // the part of the interval before the first heartbeat, in [0,1)

	state    state
	seq      *int64 // of the last dispatch
	interval time.Duration
	awaiting bool      // a heartbeat is not acknowledged yet
	beatAt   time.Time // zero before Hello
	readyBy  time.Time // zero when ready
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
	}
	return nil
}

func (c *client) receive(now time.Time, data []byte) []action {
	in, err := decode(data)
	if err != nil {
		return c.becomeClosed(hangUp{hangUpBroken, "payload is not readable", false})
	}
	if in.Seq != nil {
		c.seq = in.Seq
	}
	switch *in.Op {
	case opHello:
		return c.greeted(now, in)
	case opDispatch:
		if in.Type != nil && *in.Type == "READY" && c.state == stateIdentifying {
			return c.becomeReady(now)
		}
	case opHeartbeatAck:
		c.awaiting = false
	case opHeartbeat: // asked for one out of turn
		return []action{say{encodeHeartbeat(c.seq)}}
	case opReconnect:
		return c.becomeClosed(hangUp{hangUpBroken, "asked to reconnect", true})
	case opInvalidSession:
		return c.becomeClosed(hangUp{hangUpBroken, "session is invalid", false})
	case opIdentify: // only a client says it
	}
	return nil // a newer gateway may know more
}

func (c *client) greeted(now time.Time, in incoming) []action {
	interval, err := decodeInterval(in.Data)
	if err != nil || c.state != stateDialled {
		return c.becomeClosed(hangUp{hangUpBroken, "hello is not readable", false})
	}
	return c.becomeIdentifying(now, interval)
}

// checkTime sends the heartbeat that is due. One that was not acknowledged by then means that nobody is there.
func (c *client) checkTime(now time.Time) []action {
	switch {
	case !c.readyBy.IsZero() && !now.Before(c.readyBy):
		return c.becomeClosed(hangUp{hangUpBroken, "no READY in time", false})
	case c.beatAt.IsZero() || now.Before(c.beatAt):
		return []action{c.wait(now)}
	case c.awaiting:
		return c.becomeClosed(hangUp{hangUpBroken, "heartbeat was not acknowledged", false})
	}
	c.awaiting = true
	c.beatAt = now.Add(c.interval)
	return []action{say{encodeHeartbeat(c.seq)}, c.wait(now)}
}

func (c *client) becomeIdentifying(now time.Time, interval time.Duration) []action {
	c.state = stateIdentifying
	c.interval = interval
	c.beatAt = now.Add(time.Duration(c.jitter * float64(interval)))
	return []action{say{c.identify}, c.wait(now)}
}

func (c *client) becomeReady(now time.Time) []action {
	c.state = stateReady
	c.readyBy = time.Time{}
	return []action{cheer{}, c.wait(now)}
}

func (c *client) becomeClosed(last hangUp) []action {
	c.state = stateClosed
	return []action{last}
}

func (c *client) wait(now time.Time) wait {
	next := c.readyBy
	if !c.beatAt.IsZero() && (next.IsZero() || c.beatAt.Before(next)) {
		next = c.beatAt
	}
	return wait{max(next.Sub(now), 0)}
}
