package actors

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// How a child ends itself with an exit that is neither normal nor an error's.
var (
	// ErrShutdown, or an error that wraps it, ends a child in order, as OTP's
	// shutdown does: a transient child is not restarted after it.
	ErrShutdown = errors.New("shutdown")
	// ErrIgnore ends an actor while it starts, because there is nothing for it
	// to do: the child is down, and nobody counts that as a failure.
	ErrIgnore = errors.New("nothing to do")
)

// End ends the actor whose context it is given, when its present handler has
// returned. A nil error is a normal end, [ErrShutdown] an orderly one, and any
// other error a failure, which needs no panic that way. Called while the actor
// handles Started, the error is that of a failed start, or [ErrIgnore]; called
// while it stops, it names the exit. Later calls for one incarnation change
// nothing. An actor that has no supervisor of ours receives a message that it
// does not know.
func End(ctx actor.Context, err error) {
	self := ctx.Self()
	ctx.ActorSystem().Root.Send(self, ending{self: self, err: err})
}

// maxReasonBytes bounds the text of one exit: a huge panic value must not
// travel through the tree, the events and the logs.
const maxReasonBytes = supervision.MaxReasonBytes

// exitRequest is how a turn ends its own incarnation with an exit of its
// choice instead of one made from an error.
type exitRequest struct{ exit supervision.Exit }

func (e exitRequest) Error() string { return "exit: " + e.exit.Reason }

// endOf says what the error that a child ends itself with means.
func endOf(err error) supervision.Exit {
	switch {
	case err == nil:
		return supervision.Exit{Kind: supervision.ExitNormal}
	case errors.Is(err, ErrShutdown):
		exit := supervision.Exit{Kind: supervision.ExitShutdown}
		if err != ErrShutdown { //nolint:errorlint // what is wrapped around it is the reason
			exit.Reason = bounded(err.Error())
		}
		return exit
	}
	return exitOf(err)
}

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

func isCanceled(err error) bool { return errors.Is(err, context.Canceled) }

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

// panicExit describes a recovered panic: its value, and where it happened.
// The caller is the deferred function that recovered.
func panicExit(value any) supervision.Exit {
	const skip = 4 // Callers, panicExit, the deferred function, gopanic
	var counters [maxFrames]uintptr
	n := runtime.Callers(skip, counters[:])
	return supervision.Exit{
		Kind: supervision.ExitPanic, Class: classOfPanic(value),
		Reason: bounded("panic: " + printed(value)), Trace: newTrace(counters[:n]),
	}
}

// classOfPanic runs where a second panic would end the program: an error that
// cannot be asked is a bug like any other.
func classOfPanic(value any) (class supervision.Class) {
	defer func() { _ = recover() }()
	if err, ok := value.(error); ok {
		class = classOf(err)
	}
	return class
}

// printed renders a panic value, whose methods may panic. The common kinds need
// no fmt, which is slow. Of a value that may contain itself, or may be changing
// at this moment, fmt would not survive the print.
func printed(value any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("a %T that cannot be printed", value)
		}
	}()
	switch v := value.(type) {
	case string:
		return bounded(v)
	case runtime.Error:
		return bounded(v.Error())
	case error, fmt.Stringer:
	default:
		t := reflect.TypeOf(value)
		if t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t != nil && !isFlat(t) {
			return fmt.Sprintf("a value of type %T", value)
		}
	}
	return bounded(fmt.Sprintf("%v", value))
}

// isFlat reports whether fmt prints no more of a value than its own memory.
func isFlat(t reflect.Type) bool {
	switch t.Kind() { //nolint:exhaustive // the kinds that refer to more of what fmt prints
	case reflect.Map, reflect.Slice, reflect.Interface:
		return false
	case reflect.Array:
		return isFlat(t.Elem())
	case reflect.Struct:
		for field := range t.Fields() {
			if !isFlat(field.Type) {
				return false
			}
		}
	}
	return true
}

func bounded(text string) string {
	if len(text) <= maxReasonBytes {
		return text
	}
	const more = "…"
	return strings.ToValidUTF8(text[:maxReasonBytes-len(more)], "") + more
}
