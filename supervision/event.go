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
	// EventStartIgnored{Ref} answers ActionStartChild: the child has nothing to do, and there is no process. It stays
	// known and down; a temporary one, and any of a Dynamic supervisor, is forgotten.
	EventStartIgnored
	// EventChildExited{Ref, Exit} says that a child has ended, by itself or because it was told to.
	EventChildExited
	// EventRetryDue{Ref} is the ActionRetry coming back.
	EventRetryDue
	// EventAddChild{Child, Request} asks for one more child, last in the start order. Answered with ActionChildUp,
	// ActionIgnored or ActionRefused; a first start that fails is refused too, and the child is forgotten.
	EventAddChild
	// EventTerminateChild{ID or Ref, Request} asks for a child to be stopped and not restarted. Answered with
	// ActionTerminated or ActionRefused. A temporary child, and any child of a Dynamic supervisor, is then forgotten.
	//
	// With a Ref, for Dynamic only, it means that incarnation, as OTP's pid does: if it has ended, the answer is
	// ActionTerminated and nothing happens, except that a restart which it still waits for is cancelled.
	EventTerminateChild
	// EventRestartChild{ID, Request} asks for a child that is down to be started again. Answered like EventAddChild; a
	// start that fails leaves the child down. The budget is not touched. Not for Dynamic.
	EventRestartChild
	// EventDeleteChild{ID, Request} asks for a child that is down to be forgotten. Answered with ActionForgotten or
	// ActionRefused. Not for Dynamic.
	EventDeleteChild
	// EventWake{ID} cuts a wait short: a child that backs off or is parked starts now. Otherwise nothing.
	EventWake
	// EventInspect{Request} asks how things stand when its turn comes, behind what was asked before. Answered with
	// ActionInspected.
	EventInspect
	// EventStop ends the supervisor: all children are stopped, then ActionExit.
	EventStop
)

// String returns the event's words.
func (k EventKind) String() string {
	return word("event", uint8(k), "start", "child started", "start failed", "start ignored", "child exited",
		"retry due", "add child", "terminate child", "restart child", "delete child", "wake", "inspect", "stop")
}

// Event is one thing that happened to a supervisor; its kind says which of the other fields count.
type Event struct {
	Kind  EventKind
	Ref   Ref
	ID    string
	Exit  Exit
	Child *ChildSpec
	// Request is the shell's mark on a request; the one action that answers it bears the same. Zero is no mark.
	Request uint64
}
