// Package brake decides which background jobs may run while there is an incident: what can wait, such as a repair scan,
// makes room for what cannot.
//
// A [Machine] is fed one [Event] at a time together with the current time, and answers with [Step]s:
//
//	report: guards, capacity, restarts ──▶ level: none, watch, brake, stop ──▶ jobs: pause, release
//	                                         ▲ held by hand                      ▲ ordered by hand
//
// # Levels
//
// Each signal of a [Report] asks for a level; the highest counts. The level rises at once to what is asked for, and falls
// one level at a time, each after [Config.Hold] in which every report asked for less. While no reports come it stays: that
// nobody says anything is no sign of health.
//
// # Jobs
//
// A job registers with the level from which on it is to pause. Jobs pause at once, those of the lowest level first and
// among equals in the order of their registration; they are released in the reverse order, one after the other, each
// [Config.Pause] after the one before has acknowledged, so that what comes back finds out how much room there is. A job
// that does not acknowledge within [Config.AckTimeout] is said to be silent, and nobody waits for it any longer.
//
// # Guarantees
//
//  1. After each step, every job that should pause has been asked to, whatever other jobs do.
//  2. Between two releases by level there is at least the pause, and the job released is the last one of the order that
//     should run and does not.
//  3. A level falls by one at a time, and never within the hold time of a report that asked for it.
//  4. What is ordered by hand is carried out at once, and ends when it said so.
//  5. Memory is bounded by 64 jobs with names of 64 bytes.
//
// # Who may call what
//
// A Machine belongs to one goroutine. It reads no clock and starts nothing.
package brake
