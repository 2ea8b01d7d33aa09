package supervision

// EventKind says what happened.
type EventKind uint8

// The events. Those that name a child by its Ref change nothing once the Ref is no longer current.
const (
	// EventStart begins the supervisor: the initial children start in order.
	EventStart EventKind = iota
	// EventChildStarted{Ref} answers ActionStartChild: the child is up.
	EventChildStarted
	// EventStartFailed{Ref, Exit} answers ActionStartChild: the child did not come up.
	EventStartFailed
	// EventChildExited{Ref, Exit} says that a child has ended, by itself or because it was told to.
	EventChildExited
	// EventRetryDue{Ref} is the ActionRetry coming back.
	EventRetryDue
	// EventAddChild{Child} asks for one more child, last in the start order. Answered with ActionStartChild or
	// ActionRefused; a first start that fails is ActionRefused too, and the child is forgotten.
	EventAddChild
	// EventTerminateChild{ID} asks for a child to be stopped and not restarted. Answered with ActionTerminated or
	// ActionRefused. A temporary child, and any child of a Dynamic supervisor, is then forgotten.
	EventTerminateChild
	// EventWake{ID} cuts a wait short: a child that backs off or is parked starts now. Otherwise nothing.
	EventWake
	// EventStop ends the supervisor: all children are stopped, then ActionExit.
	EventStop
)

// String returns the event's words.
func (k EventKind) String() string {
	return word("event", uint8(k), "start", "child started", "start failed", "child exited", "retry due", "add child",
		"terminate child", "wake", "stop")
}

// Event is one thing that happened to a supervisor; its kind says which of the other fields count.
type Event struct {
	Kind  EventKind
	Ref   Ref
	ID    string
	Exit  Exit
	Child *ChildSpec
}
