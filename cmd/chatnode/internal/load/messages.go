package load

import "time"

// event is what happens to one connection.
//
//sumtype:decl
type event interface{ isEvent() }

// dialled is the first event: the socket is open.
type dialled struct{}

// frameReceived is one message of the gateway. The bytes are valid during the step only.
type frameReceived struct{ data []byte }

// timeCame says that the delay of the last wait has passed.
type timeCame struct{}

// leaving says that the user wants to go.
type leaving struct{}

// socketEnded says that nothing can be said or heard any more.
type socketEnded struct{}

func (dialled) isEvent()       {}
func (frameReceived) isEvent() {}
func (timeCame) isEvent()      {}
func (leaving) isEvent()       {}
func (socketEnded) isEvent()   {}

// action is what a client wants done.
//
//sumtype:decl
type action interface{ isAction() }

// say sends one message.
type say struct{ payload []byte }

// wait asks for timeCame after the delay and replaces any earlier wait.
type wait struct{ delay time.Duration }

// cheer says that the session came up.
type cheer struct{}

// hangUp closes the socket; it is the last action. Own says that the user wanted it so.
type hangUp struct {
	code   int
	reason string
	own    bool
}

func (say) isAction()    {}
func (wait) isAction()   {}
func (cheer) isAction()  {}
func (hangUp) isAction() {}
