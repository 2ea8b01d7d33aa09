package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// maxReasonBytes bounds the text of one exit: a huge panic value must not
// travel through the tree, the events and the logs.
const maxReasonBytes = 4 << 10

// maxFrames bounds the stack that the exit of a panic names.
const maxFrames = 8

// exitRequest is how a turn ends its own incarnation with an exit of its
// choice instead of one made from an error.
type exitRequest struct{ exit supervision.Exit }

func (e exitRequest) Error() string { return "exit: " + e.exit.Reason }

// exitOf says what the error that ended a turn means to a supervisor.
func exitOf(err error) supervision.Exit {
	if request, ok := errors.AsType[exitRequest](err); ok {
		return request.exit
	}
	return supervision.Exit{
		Kind:   supervision.ExitError,
		Class:  classOf(err),
		Reason: bounded(err.Error()),
	}
}

// classOf sorts an error by what it costs: a fault of the data is nobody's
// bug, and a registry that is away is not one either.
func classOf(err error) supervision.Class {
	_, isFault := errors.AsType[*registry.Fault](err)
	switch {
	case isFault:
		return supervision.ClassData
	case errors.Is(err, context.DeadlineExceeded):
		return supervision.ClassTimeout
	case errors.Is(err, context.Canceled), errors.Is(err, registry.ErrHistoryLost):
		return supervision.ClassTransient
	}
	return supervision.ClassBug
}

// panicExit describes a recovered panic: the value and the innermost frames
// outside the runtime. Callers are in the deferred function that recovered.
func panicExit(value any) supervision.Exit {
	exit := supervision.Exit{Kind: supervision.ExitPanic, Class: supervision.ClassBug}
	if err, ok := value.(error); ok {
		exit.Class = classOf(err)
	}
	exit.Reason = bounded(fmt.Sprintf("panic: %s (%s)", printed(value), frames()))
	return exit
}

// printed is fmt's rendering of a panic value; a value whose own String
// method panics is fmt's to survive, and it does.
func printed(value any) string { return bounded(fmt.Sprintf("%v", value)) }

func frames() string {
	const skipToRecoverer = 4 // Callers, frames, panicExit, the deferred function
	var counters [32]uintptr
	n := runtime.Callers(skipToRecoverer, counters[:])
	iterator := runtime.CallersFrames(counters[:n])
	var names []string
	for {
		frame, more := iterator.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			names = append(names, fmt.Sprintf("%s:%d", shortName(frame.Function), frame.Line))
		}
		if !more || len(names) == maxFrames {
			return strings.Join(names, " < ")
		}
	}
}

// shortName drops the import path of a function name, which adds no knowledge.
func shortName(function string) string {
	if slash := strings.LastIndexByte(function, '/'); slash >= 0 {
		return function[slash+1:]
	}
	return function
}

func bounded(text string) string {
	if len(text) <= maxReasonBytes {
		return text
	}
	return strings.ToValidUTF8(text[:maxReasonBytes], "") + "…"
}
