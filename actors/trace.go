package actors

import (
	"runtime"
	"strconv"
	"strings"

	"github.com/firebreak-go/firebreak/supervision"
)

// maxFrames is how many frames of a panic are kept, innermost first.
const maxFrames = 16

// Trace is where a panic happened. It holds program counters, which cost little
// to collect, and is rendered when somebody reads it. It never changes and may
// be shared.
type Trace struct {
	counters [maxFrames]uintptr
	count    int
}

// newTrace keeps the first maxFrames of the program counters that runtime.Callers
// returned.
func newTrace(counters []uintptr) *Trace {
	t := &Trace{}
	t.count = copy(t.counters[:], counters)
	return t
}

// String names the frames outside the runtime, innermost first, as in
// "actors.(*entry).receive:41 < actors.(*process).turn:120". It is empty for a
// nil Trace.
func (t *Trace) String() string {
	if t == nil || t.count == 0 {
		return ""
	}
	var text strings.Builder
	frames := runtime.CallersFrames(t.counters[:t.count])
	for {
		frame, more := frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			if text.Len() > 0 {
				text.WriteString(" < ")
			}
			text.WriteString(frame.Function[strings.LastIndexByte(frame.Function, '/')+1:])
			text.WriteByte(':')
			text.WriteString(strconv.Itoa(frame.Line))
		}
		if !more {
			return text.String()
		}
	}
}

// MarshalText renders the trace, so that it can stand in JSON.
func (t *Trace) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

func traceOf(exit supervision.Exit) *Trace {
	t, _ := exit.Trace.(*Trace)
	return t
}
