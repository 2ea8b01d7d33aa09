package supervision_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// interpreter is the shell of a scenario: it feeds events to a machine and writes down the actions.
//
// In auto mode it answers a start with "started" and a stop with "exited, shutdown" at once, as a well-behaved shell
// would; `refuse ID N` makes the next N starts of a child fail.
type interpreter struct {
	spec     supervision.Spec
	machine  *supervision.Machine
	now      time.Duration
	auto     bool
	requests uint64 // every request bears its number
	refuse   map[string]int
	refs     map[string][]supervision.Ref // every Ref of a child's starts, in order
	retries  map[string][]supervision.Ref // every Ref of a child's retries, in order
	out      strings.Builder
}

func (in *interpreter) takeOutput() string {
	text := in.out.String()
	in.out.Reset()
	if text == "" {
		return "(nothing)\n"
	}
	return text
}

// do runs one command. Those before the first event describe the supervisor:
//
//	spec STRATEGY [intensity=N/PERIOD] [grain=D] [costs] [exhaustion=E] [probe=BASE..CAP] [healthy=D] [max=N] [auto=any|all]
//	child ID [RESTART] [backoff=BASE..CAP] [healthy=D] [shutdown=D|infinite|abandon] [supervisor] [significant]
//	at TIME | auto | refuse ID N | show
//	start | up ID | fail ID EXIT | ignore ID | exit ID[@N] EXIT | retry ID[@N] | wake ID | stop
//	add ID ... | terminate ID[@N] | restart ID | delete ID
//
// EXIT is KIND[/CLASS] [REASON]. ID@N means the child's Nth start or retry, else its last.
func (in *interpreter) do(words []string) error {
	if len(words) == 1 {
		words = append(words, "")
	}
	command, arg, rest := words[0], words[1], words[2:]
	switch command {
	case "spec":
		*in = interpreter{refuse: map[string]int{}, refs: map[string][]supervision.Ref{}, retries: map[string][]supervision.Ref{}}
		return parseSpec(&in.spec, words[1:])
	case "child":
		child, err := parseChild(words[1:])
		in.spec.Children = append(in.spec.Children, child)
		return err
	case "at":
		now, err := time.ParseDuration(arg)
		in.now = now
		return err
	case "auto":
		in.auto = true
	case "refuse":
		n, err := strconv.Atoi(strings.Join(rest, ""))
		in.refuse[arg] = n
		return err
	case "show":
		in.show()
	default:
		return in.event(command, arg, rest)
	}
	return nil
}

func (in *interpreter) event(command, arg string, rest []string) error {
	if in.machine == nil {
		var err error
		if in.machine, err = supervision.New(in.spec, nil); err != nil {
			return err
		}
	}
	ev, err := in.parseEvent(command, arg, rest)
	if err != nil {
		return err
	}
	in.feed(ev)
	return nil
}

func (in *interpreter) parseEvent(command, arg string, rest []string) (supervision.Event, error) {
	ev := supervision.Event{ID: arg}
	var err error
	switch command {
	case "add", "terminate", "restart", "delete":
		in.requests++
		ev.Request = in.requests
	}
	switch command {
	case "start":
		ev.Kind = supervision.EventStart
	case "stop":
		ev.Kind = supervision.EventStop
	case "wake":
		ev.Kind = supervision.EventWake
	case "terminate":
		ev.Kind = supervision.EventTerminateChild
		if strings.Contains(arg, "@") {
			ev.ID = ""
			ev.Ref, err = pick(in.refs, arg)
		}
	case "restart":
		ev.Kind = supervision.EventRestartChild
	case "delete":
		ev.Kind = supervision.EventDeleteChild
	case "ignore":
		ev.Kind = supervision.EventStartIgnored
		ev.Ref, err = pick(in.refs, arg)
	case "add":
		child, parseErr := parseChild(append([]string{arg}, rest...))
		ev.Kind, ev.Child, err = supervision.EventAddChild, &child, parseErr
	case "up":
		ev.Kind = supervision.EventChildStarted
		ev.Ref, err = pick(in.refs, arg)
	case "fail":
		ev.Kind = supervision.EventStartFailed
		ev.Ref, err = pick(in.refs, arg)
		ev.Exit = parseExit(rest)
	case "exit":
		ev.Kind = supervision.EventChildExited
		ev.Ref, err = pick(in.refs, arg)
		ev.Exit = parseExit(rest)
	case "retry":
		ev.Kind = supervision.EventRetryDue
		ev.Ref, err = pick(in.retries, arg)
	default:
		err = errors.New("unknown command")
	}
	return ev, err
}

func (in *interpreter) feed(ev supervision.Event) {
	var answers []supervision.Event
	for _, a := range in.machine.Step(in.now, ev) {
		in.out.WriteString(describe(a) + "\n")
		if a.Kind == supervision.ActionStartChild {
			in.refs[a.ID] = append(in.refs[a.ID], a.Ref)
			answer := supervision.Event{Kind: supervision.EventChildStarted, Ref: a.Ref}
			if in.refuse[a.ID] > 0 {
				in.refuse[a.ID]--
				answer.Kind = supervision.EventStartFailed
				answer.Exit = supervision.Exit{Kind: supervision.ExitError, Reason: "refused"}
			}
			answers = append(answers, answer)
		}
		if a.Kind == supervision.ActionStopChild {
			exit := supervision.Exit{Kind: supervision.ExitShutdown}
			answers = append(answers, supervision.Event{Kind: supervision.EventChildExited, Ref: a.Ref, Exit: exit})
		}
		if a.Kind == supervision.ActionRetry {
			in.retries[a.ID] = append(in.retries[a.ID], a.Ref)
		}
	}
	if !in.auto {
		return
	}
	for _, answer := range answers {
		if answer.Kind == supervision.EventStartFailed {
			in.out.WriteString("  (start refused)\n")
		}
		in.feed(answer)
	}
}

func (in *interpreter) show() {
	used, allowed := in.machine.Window(in.now)
	n := in.machine.Counts()
	fmt.Fprintf(&in.out, "window %v of %v; specs %d, active %d, supervisors %d, workers %d\n",
		used, allowed, n.Specs, n.Active, n.Supervisors, n.Workers)
	for c := range in.machine.Children() {
		fmt.Fprintf(&in.out, "%s #%d %v", c.ID, c.Incarnation, c.State)
		if c.Until != 0 {
			fmt.Fprintf(&in.out, " until %v", c.Until)
		}
		fmt.Fprintf(&in.out, ", restarts %d, last exit %v\n", c.Restarts, c.LastExit)
	}
}

func describe(a supervision.Action) string {
	text := a.Kind.String()
	if a.ID != "" {
		text += fmt.Sprintf(" %s #%d", a.ID, a.Incarnation)
	}
	waits := a.Kind == supervision.ActionRetry || a.Kind == supervision.ActionBackoff || a.Kind == supervision.ActionParked
	switch {
	case a.Kind == supervision.ActionStopChild:
		text += ", shutdown " + a.Shutdown.String()
	case waits:
		text += fmt.Sprintf(", in %v", a.Delay)
	}
	if a.Exit != (supervision.Exit{}) {
		text += ", " + a.Exit.String()
	}
	if a.Err != nil {
		text += ", " + a.Err.Error()
	}
	if a.Request != 0 {
		text += fmt.Sprintf(" (request %d)", a.Request)
	}
	return text
}
