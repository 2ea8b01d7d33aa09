// Package gate runs package admission in a process: goroutines that want to go on wait in [Gate.Enter] until it is their
// turn, or until they are refused.
//
// A [Gate] is a lock around a controller, a timer for when the controller has something to do next, and, while
// [Gate.Run] runs, a measurement of the granted work twice a second, which a measured ramp follows. Connections are let in
// by [Gate.Knock] before anything is known of them.
//
// Guarantees:
//   - nobody waits in Enter longer than the patience, or than its context;
//   - every grant has to be given back by [Pass.End], once; then and only then another one takes its place;
//   - no method calls anybody, so the gate's lock may be taken under any other.
//
// [New] starts nothing. All methods may be called from anywhere.
package gate
