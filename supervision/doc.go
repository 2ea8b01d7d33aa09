// Package supervision decides what a supervisor does when its children start, fail and end: the semantics of Erlang/OTP's
// supervisor as a pure state machine.
//
// The model: a [Spec] says which children there are, how they are restarted and how many restarts are allowed. A
// [Machine] made from it is fed one [Event] at a time together with the current time, and answers with the [Action]s to
// perform and the facts to report. It owns no clock, goroutine, channel, lock or logger: a wait is an [ActionRetry] that
// the shell delivers back later, a random number comes from the function given to [New].
//
//	actions := machine.Step(now, supervision.Event{Kind: supervision.EventChildExited, Ref: ref, Exit: exit})
//
// A supervisor's work is synchronous, as in OTP: children are started one at a time, each awaited, and stopped in reverse
// order, each awaited. While such a plan is in progress other events wait inside the machine and are taken in order when
// it ends. The shell therefore only has to answer every [ActionStartChild] with [EventChildStarted],
// [EventStartFailed] or [EventStartIgnored] and every [ActionStopChild] with [EventChildExited], each within a time of its choice.
//
// Guarantees:
//   - with the zero values of [ChildSpec.Backoff], [Spec.Costs] and [Spec.Exhaustion] the decisions are OTP's;
//   - one restart budget per supervisor, over all children, in a sliding window with an inclusive edge; a failed start
//     counts, a group restart counts once;
//   - a child is identified by a [Ref], which is new with every start and every retry: an event about an earlier one
//     changes nothing, so nothing has to be cancelled;
//   - every request ([EventAddChild], [EventTerminateChild], [EventRestartChild], [EventDeleteChild], [EventInspect]) is answered by exactly
//     one action, which bears its [Event.Request], unless the supervisor ends first;
//   - at most one retry of a child is in force at any time;
//   - after [ActionExit] or [ActionStartFailed] the machine is over and answers nothing;
//   - an exit followed by a restart allocates nothing and takes the same time at one and at 100,000 children;
//   - bad input (unknown refs, repeated events, time going back) changes nothing and panics never.
//
// Beyond OTP, all off by default: a backoff per child, a cost by class of fault, and parking, which keeps a child that
// used up the budget out of service and probes it, instead of taking its siblings down with it.
//
// A Machine belongs to one goroutine; no method may be called concurrently with another. Specs are values and may be
// shared. Tests of an embedding need no helper from here: feed events and compare actions, as the examples do.
package supervision
