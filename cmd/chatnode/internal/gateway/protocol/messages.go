package protocol

import "time"

// Body is an encoded payload. Of a dispatch it leaves out the sequence number, which differs from session to session: it
// begins with the member after it and ends with the payload's last brace, so that `{"s":7,` before it makes it whole. The
// machines never look inside. The bytes may be shared: nobody writes to them.
type Body interface{ Text() []byte }

// Text is a Body that belongs to one session, or is encoded once for good.
type Text []byte

// Text implements [Body].
func (t Text) Text() []byte { return t }

// Delivery is one dispatch on its way to one session.
type Delivery struct {
	Seq  int64
	Body Body
}

// Event is what happens to a connection.
//
//sumtype:decl
type Event interface{ isEvent() }

// Connected is the first event: the client's socket is open. The strings come from the address it dialled.
type Connected struct{ Version, Encoding, Compress string }

// FrameReceived is one text message of at most [MaxPayloadBytes]. The bytes are valid during the step only.
type FrameReceived struct{ Data []byte }

// FrameUnreadable is a message that cannot be a payload, whatever it holds.
type FrameUnreadable struct{ Reason string }

// UserLoaded answers LoadUser: the user, and an id that no session ever had.
type UserLoaded struct {
	User      User
	SessionID string
}

// UserRefused answers LoadUser: why there is no user, and, where it is Busy, when it is worth trying again.
type UserRefused struct {
	Why        Refusal
	RetryAfter time.Duration
}

// ResumeDecided answers FindSession where the session's node is this one. The replay is that of [Session.Resume]; where
// the verdict is ResumeBusy, RetryAfter is when it is worth trying again.
type ResumeDecided struct {
	Verdict    Verdict
	Session    *Session
	Replay     []Delivery
	RetryAfter time.Duration
}

// OwnerFound answers FindSession where the session's node is another one.
type OwnerFound struct{ Lives bool }

// ProxyEnded says that the node of the session was not reached, or is not reached any more. The code is that of the node's
// close frame, if there was one. Gone says that nobody listens there: the node's process has ended, and its sessions with it.
type ProxyEnded struct {
	Code CloseCode
	Gone bool
}

// MembersAnswered says that the answer to one FetchMembers has been delivered.
type MembersAnswered struct{}

// Replaced says that another connection has resumed the session.
type Replaced struct{}

// TimeCame says that the delay of the last Wait has passed.
type TimeCame struct{}

// QueueOverflowed says that the client does not read what was sent to it.
type QueueOverflowed struct{}

// ReconnectWanted says that the client should go on elsewhere.
type ReconnectWanted struct{}

// ServerStopping says that the node is about to leave.
type ServerStopping struct{}

// SocketEnded is the last event: nothing can be sent any more. The code is that of the client's close frame.
type SocketEnded struct{ Code CloseCode }

func (Connected) isEvent()       {}
func (FrameReceived) isEvent()   {}
func (FrameUnreadable) isEvent() {}
func (UserLoaded) isEvent()      {}
func (UserRefused) isEvent()     {}
func (ResumeDecided) isEvent()   {}
func (OwnerFound) isEvent()      {}
func (ProxyEnded) isEvent()      {}
func (MembersAnswered) isEvent() {}
func (Replaced) isEvent()        {}
func (TimeCame) isEvent()        {}
func (QueueOverflowed) isEvent() {}
func (ReconnectWanted) isEvent() {}
func (ServerStopping) isEvent()  {}
func (SocketEnded) isEvent()     {}

// Action is what a connection wants done.
//
//sumtype:decl
type Action interface{ isAction() }

// Send writes one whole payload after everything before it.
type Send struct{ Body Body }

// Deliver writes one dispatch after everything before it.
type Deliver struct{ Delivery Delivery }

// CompressMessages says that from here on each payload may be compressed by itself.
type CompressMessages struct{}

// LoadUser asks for the user who has the token; exactly one UserLoaded or UserRefused answers it.
type LoadUser struct {
	Token string
	Shard uint64 // the number of the client's shard
}

// OpenSession makes the session known: from here on dispatches reach it.
type OpenSession struct{ Session *Session }

// FindSession asks for the session that a client wants back; one ResumeDecided or OwnerFound answers it.
type FindSession struct {
	Node  string // the node that the session's id names
	ID    string
	Token string
	Seq   int64
}

// Proxy asks for a connection to the node that has the session: with this version, compressed as a stream or not, and
// with this frame sent first. Afterwards everything the node sends goes to the client, but for its first payload.
type Proxy struct {
	Node    string
	Version int
	Stream  bool
	Frame   []byte
}

// Forward passes a client's message on to the node of Proxy. The bytes are those of the event.
type Forward struct{ Data []byte }

// FetchMembers asks for a guild's members; one MembersAnswered answers it.
type FetchMembers struct{ Request MembersRequest }

// SetPresence tells others how the user wants to be seen.
type SetPresence struct{ Presence Presence }

// LeaveSession gives the session up: nothing can be delivered through this connection any more. A session that is not to
// be kept is over.
type LeaveSession struct{ Keep bool }

// Wait asks for TimeCame after the delay and replaces any earlier Wait.
type Wait struct{ Delay time.Duration }

// CloseSocket ends the connection after everything sent before it.
type CloseSocket struct {
	Code   CloseCode
	Reason string
}

// Report tells the counters what became of an Identify or a Resume.
type Report struct{ Outcome Outcome }

func (Send) isAction()             {}
func (Deliver) isAction()          {}
func (CompressMessages) isAction() {}
func (LoadUser) isAction()         {}
func (OpenSession) isAction()      {}
func (FindSession) isAction()      {}
func (Proxy) isAction()            {}
func (Forward) isAction()          {}
func (FetchMembers) isAction()     {}
func (SetPresence) isAction()      {}
func (LeaveSession) isAction()     {}
func (Wait) isAction()             {}
func (CloseSocket) isAction()      {}
func (Report) isAction()           {}
