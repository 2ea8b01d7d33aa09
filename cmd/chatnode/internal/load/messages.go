package load

import "time"

// event is what happens to one connection.
//
//sumtype:decl
type event interface{ isEvent() }

// dialled is the first event: the socket is open.
type dialled struct{}

// frameReceived is one payload of the gateway. The bytes are valid during the step only.
type frameReceived struct{ data []byte }

// timeCame says that the delay of the last wait has passed.
type timeCame struct{}

// leaving says that the user wants to go.
type leaving struct{}

// socketEnded says that nothing can be said or heard any more. The code is what the gateway closed with, or zero.
type socketEnded struct{ code int }

func (dialled) isEvent()       {}
func (frameReceived) isEvent() {}
func (timeCame) isEvent()      {}
func (leaving) isEvent()       {}
func (socketEnded) isEvent()   {}

// action is what a client wants done, or has learned.
//
//sumtype:decl
type action interface{ isAction() }

// say sends one message.
type say struct{ payload []byte }

// wait asks for timeCame after the delay and replaces any earlier wait.
type wait struct{ delay time.Duration }

// hangUp closes the socket; it is the last action. Own says that the user wanted it so.
type hangUp struct {
	code   int
	reason string
	own    bool
}

// opened says that a new session came up, in which the guilds are still unavailable.
type opened struct{ guilds []uint64 }

// resumed says that the session of an earlier connection goes on, and that all that was missed has been told.
type resumed struct{}

// sessionGone says that the session of an earlier connection cannot be resumed.
type sessionGone struct{}

// guildCame says that a guild is available, and which channels it has.
type guildCame struct {
	guild    uint64
	channels []uint64
}

// guildWent says that a guild is unavailable, or, unless it is an outage, that the user is in it no more.
type guildWent struct {
	guild  uint64
	outage bool
}

// messageCame is a message of this load.
type messageCame struct{ number uint64 }

func (say) isAction()         {}
func (wait) isAction()        {}
func (hangUp) isAction()      {}
func (opened) isAction()      {}
func (resumed) isAction()     {}
func (sessionGone) isAction() {}
func (guildCame) isAction()   {}
func (guildWent) isAction()   {}
func (messageCame) isAction() {}
