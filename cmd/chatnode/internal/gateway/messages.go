package gateway

import "time"

// event is what happens to a session.
//
//sumtype:decl
type event interface{ isEvent() }

// connected is the first event: the client's socket is open. The strings come from the address it dialled.
type connected struct{ version, encoding, compress string }

// frameReceived is one text message of at most maxPayloadBytes. The bytes are valid during the step only.
type frameReceived struct{ data []byte }

// frameUnreadable is a message that cannot be a payload, whatever it holds.
type frameUnreadable struct{ reason string }

// userLoaded answers loadUser: the user and an id that no session ever had, or the error.
type userLoaded struct {
	user      User
	sessionID string
	err       error
}

// timeCame says that the delay of the last wait has passed.
type timeCame struct{}

// queueOverflowed says that the client does not read what was sent to it.
type queueOverflowed struct{}

// serverStopping says that the node is about to leave.
type serverStopping struct{}

// socketEnded says that nothing can be sent any more.
type socketEnded struct{}

func (connected) isEvent()       {}
func (frameReceived) isEvent()   {}
func (frameUnreadable) isEvent() {}
func (userLoaded) isEvent()      {}
func (timeCame) isEvent()        {}
func (queueOverflowed) isEvent() {}
func (serverStopping) isEvent()  {}
func (socketEnded) isEvent()     {}

// action is what a session wants done.
//
//sumtype:decl
type action interface{ isAction() }

// send writes one text message after all earlier ones. The bytes may be shared between sessions: never write to them.
type send struct{ payload []byte }

// loadUser asks for the user who has the token; exactly one userLoaded answers it.
type loadUser struct{ token string }

// wait asks for timeCame after the delay and replaces any earlier wait.
type wait struct{ delay time.Duration }

// closeSocket ends the session after everything sent before it. It is the last action of a session.
type closeSocket struct {
	code   CloseCode
	reason string
}

// report tells the counters what became of an Identify.
type report struct{ outcome outcome }

func (send) isAction()        {}
func (loadUser) isAction()    {}
func (wait) isAction()        {}
func (closeSocket) isAction() {}
func (report) isAction()      {}

// outcome is what became of an Identify.
type outcome uint8

const (
	identified outcome = iota
	identifyFailed
)

func (o outcome) String() string {
	switch o {
	case identified:
		return "identified"
	case identifyFailed:
		return "identify failed"
	}
	return "unknown"
}
