// Package work bounds how many calls a process works on, and makes its capacity a
// matter of configuration: a [Lane] has a number of workers, a queue before them,
// and service times for which a worker is held by a timer and not by the
// processor. What is decided is decided in package desk.
//
// A process has a lane for each kind of call that must not wait for another
// kind. Guarantees:
//   - [Lane.Do] calls the function at most once, and not at all once it has
//     returned;
//   - it returns soon after its context ended, whatever the lane is busy with;
//   - a refusal is a [*Refused]: gRPC sends it as RESOURCE_EXHAUSTED with
//     RetryInfo, REST as 503 with Retry-After.
package work
