package supervision

import (
	"fmt"
	"strings"
)

// MaxReasonBytes is how much of an exit's reason the machine keeps; the rest is cut off.
const MaxReasonBytes = 4 << 10

// ExitKind says how a child ended.
type ExitKind uint8

// The ways a child ends. Error, panic and killed are abnormal.
const (
	// ExitNormal is a child that finished its work.
	ExitNormal ExitKind = iota
	// ExitShutdown is a child that was told to stop and did, or a supervisor that gave up.
	ExitShutdown
	// ExitError is a child that returned an error.
	ExitError
	// ExitPanic is a child that panicked.
	ExitPanic
	// ExitKilled is a child that was abandoned or killed from outside.
	ExitKilled
)

// String returns the lower-case word for the kind.
func (k ExitKind) String() string {
	return word("exit", uint8(k), "normal", "shutdown", "error", "panic", "killed")
}

func (k ExitKind) abnormal() bool {
	switch k {
	case ExitNormal, ExitShutdown:
		return false
	case ExitError, ExitPanic, ExitKilled:
		return true
	}
	return true
}

// Class says what kind of fault ended a child; it sets the restart's price, see [Costs].
type Class uint8

// The classes of fault.
const (
	// ClassBug is a fault of the program, and whatever was not classed.
	ClassBug Class = iota
	// ClassData is a fault of the value being worked on.
	ClassData
	// ClassTransient is a fault of something outside that passes by itself.
	ClassTransient
	// ClassTimeout is work that did not end in time, which may be either.
	ClassTimeout

	classCount = iota
)

// String returns the lower-case word for the class.
func (c Class) String() string { return word("class", uint8(c), "bug", "data", "transient", "timeout") }

// Exit says how and why a child ended.
type Exit struct {
	Kind  ExitKind
	Class Class
	// Reason is for people. At most MaxReasonBytes of it are kept.
	Reason string
	// Trace is where a panic happened, to be rendered when somebody reads it. Nil for other exits, and comparable.
	Trace fmt.Stringer
}

// Abnormal reports whether a transient child would be restarted after this exit.
func (e Exit) Abnormal() bool { return e.Kind.abnormal() }

// String returns the kind, the class of an abnormal exit that was classed, and the reason: "error (data): bad value". It
// leaves the trace to whoever wants it.
func (e Exit) String() string {
	text := e.Kind.String()
	if e.Abnormal() && e.Class != ClassBug {
		text += " (" + e.Class.String() + ")"
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// bounded cuts a long reason. The clone lets go of the memory behind it.
func (e Exit) bounded() Exit {
	if len(e.Reason) > MaxReasonBytes {
		e.Reason = strings.Clone(strings.ToValidUTF8(e.Reason[:MaxReasonBytes], ""))
	}
	return e
}
