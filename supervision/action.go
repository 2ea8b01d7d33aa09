package supervision

import (
	"errors"
	"time"
)

// Why a request was refused, as Action.Err says it.
var (
	// ErrAlreadyStarted refuses to add a child whose ID is running, also when it just ended and that was not yet handled.
	ErrAlreadyStarted = errors.New("child is already started")
	// ErrAlreadyPresent refuses to add a child whose ID is known but not running.
	ErrAlreadyPresent = errors.New("child is already present")
	// ErrTooManyChildren refuses to add a child above Spec.MaxChildren.
	ErrTooManyChildren = errors.New("supervisor has its maximum of children")
	// ErrStartFailed says that an added child did not come up; Action.Exit says why.
	ErrStartFailed = errors.New("child failed to start")
	// ErrNotFound refuses a request about a child that nobody knows.
	ErrNotFound = errors.New("child is not known")
	// ErrRunning refuses to restart or delete a child that is up, also when it just ended and that was not yet handled.
	ErrRunning = errors.New("child is running")
	// ErrRestarting refuses to restart or delete a child that waits for its restart; it can be terminated.
	ErrRestarting = errors.New("child is restarting")
	// ErrDynamic refuses to restart or delete a child of a Dynamic supervisor, which keeps none that is down.
	ErrDynamic = errors.New("supervisor is dynamic")
	// ErrBadCombination refuses a child that is significant where that can never have an effect.
	ErrBadCombination = errors.New("bad combination")
)

// ActionKind says what to do or what to report.
type ActionKind uint8

// The actions to perform, then the facts to report. Facts need no answer.
const (
	// ActionStartChild{Ref, ID, Incarnation}: start the child, answer with EventChildStarted, EventStartFailed or
	// EventStartIgnored.
	ActionStartChild ActionKind = iota
	// ActionStopChild{Ref, ID, Shutdown}: tell the child to stop, answer with EventChildExited when it has ended or was
	// abandoned.
	ActionStopChild
	// ActionRetry{Ref, ID, Delay}: deliver EventRetryDue{Ref} after the delay. Zero is a message to oneself, behind
	// what is queued. A retry that was overtaken by another start is ignored when it comes.
	ActionRetry
	// ActionExit{Exit}: the supervisor ends. Nothing follows. Requests still waiting are not answered.
	ActionExit

	// ActionStarted: all initial children are up.
	ActionStarted
	// ActionStartFailed{Ref, ID, Exit}: an initial child did not come up; those before it were stopped and the
	// supervisor is over. Nothing follows.
	ActionStartFailed
	// ActionBackoff{Ref, ID, Delay, Exit}: the child waits before its restart, or a parked one before its next probe.
	ActionBackoff
	// ActionParked{Ref, ID, Delay, Exit}: the child used up the budget and is out of service; the delay is that of the
	// first probe.
	ActionParked
	// ActionReleased{Ref, ID}: a parked child has run long enough and is in service again.
	ActionReleased
	// ActionExhausted{Ref, ID, Exit}: the child used up the budget and, as StopChild says, stays down.
	ActionExhausted
	// ActionGaveUp{Ref, ID, Exit}: the intensity was exceeded, by this child and this exit; stops and ActionExit follow.
	ActionGaveUp
	// ActionEnded{Ref, ID, Exit}: the child ended and its restart type leaves it down.
	ActionEnded
	// ActionSubtreeLost{Ref, ID, Exit}: the child that ended and stays down is a supervisor, and with it all below is
	// gone. OTP says nothing when a transient supervisor gives up, for its exit looks like an orderly one.
	ActionSubtreeLost
	// ActionAutoShutdown{Ref, ID, Exit}: the end of this significant child ends the supervisor; stops and ActionExit
	// follow.
	ActionAutoShutdown
	// ActionIgnored{Ref, ID, Request}: the start was answered with EventStartIgnored; the child is down.
	ActionIgnored
	// ActionChildUp{Ref, ID, Request}: the child that was added or restarted by request is up.
	ActionChildUp
	// ActionTerminated{Ref, ID, Request}: the child that was asked to terminate is down.
	ActionTerminated
	// ActionForgotten{Ref, ID, Request}: nothing is kept of the child; its ID may be added again.
	ActionForgotten
	// ActionRefused{ID, Err, Request}: a request cannot be carried out, see the Err values of this package.
	ActionRefused
	// ActionInspected{View, Request}: how things stand.
	ActionInspected
)

// String returns the action's words.
func (k ActionKind) String() string {
	return word("action", uint8(k), "start child", "stop child", "retry", "exit", "started", "start failed", "backoff",
		"parked", "released", "exhausted", "gave up", "ended", "subtree lost", "auto-shutdown", "ignored", "child up",
		"terminated", "forgotten", "refused", "inspected")
}

// Action is one decision of the machine; its kind says which of the other fields count.
type Action struct {
	Kind ActionKind
	// Ref and ID name the child. For a retry, a backoff and a park the Ref is that of the wait.
	Ref Ref
	ID  string
	// Incarnation counts the child's successful starts, from 1, for people. A start has the number it will get.
	Incarnation int
	Delay       time.Duration
	Shutdown    Shutdown
	Exit        Exit
	Err         error
	Request     uint64
	View        *View
}
