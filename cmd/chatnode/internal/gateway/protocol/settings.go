package protocol

import "time"

// Limits that the protocol fixes.
const (
	// EventsPerWindow is how many payloads a client may send in one window; heartbeats count.
	EventsPerWindow = 120
	eventWindow     = time.Minute
	// A client that has been silent for askFactor times the heartbeat interval is asked for a heartbeat, and after
	// zombieFactor times taken for dead.
	askFactor    = 1.25
	zombieFactor = 1.5
	// newestVersion is spoken to a client that does not say which version it wants.
	newestVersion = "10"
)

// Settings is what all connections of a server share. Build it with [Settings.Encoded]; nobody writes to it afterwards.
type Settings struct {
	// Node begins every session id.
	Node string
	// HeartbeatInterval is what Hello asks for.
	HeartbeatInterval time.Duration
	// IdentifyTimeout is how long a connection may have no session.
	IdentifyTimeout time.Duration
	// LoadTimeout is how long an Identify or a Resume may take.
	LoadTimeout time.Duration
	// ResumeURL is the resume_gateway_url of READY.
	ResumeURL string
	// GuildsCome says that each guild of READY becomes available by a GUILD_CREATE, before which nothing of it is told.
	GuildsCome bool
	// Disallowed are intents that nobody gets.
	Disallowed Intents

	// Payloads without anything of one session in them are encoded once.
	hello, ack, beat, reconnect, invalidSession, laterSession Text
	resumed                                                   Text
}

// Encoded returns the settings with the payloads that follow from them.
func (s Settings) Encoded() *Settings {
	s.hello = encodeHello(s.HeartbeatInterval)
	s.ack = encodeControl(OpHeartbeatAck, nil)
	s.beat = encodeControl(OpHeartbeat, nil)
	s.reconnect = encodeControl(OpReconnect, nil)
	s.invalidSession = encodeControl(OpInvalidSession, false)
	s.laterSession = encodeControl(OpInvalidSession, true)
	s.resumed = Encode(Resumed, map[string][]string{"_trace": {s.Node}})
	return &s
}

func (s *Settings) after(factor float64) time.Duration {
	return time.Duration(factor * float64(s.HeartbeatInterval))
}
