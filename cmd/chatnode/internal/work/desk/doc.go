// Package desk decides which calls are worked on: a bounded number of workers, a
// bounded queue before them, deadlines, and how long a worker is held. It is a
// pure machine: it reads no clock, draws no number and waits for nobody. Package
// work runs it.
//
// The model is a counter with so many workers behind it. A call that comes finds
// a worker free and begins; or it waits, in order of arrival; or it is refused at
// once, with a time after which it is worth coming again. The longest that a call
// is expected to wait is its place in the queue times the mean time for which
// workers were held lately, divided by the workers (Little's law for a queue
// that never runs dry).
//
// A worker may be held for a drawn time, whatever the work itself takes: so a
// cluster on one small machine can be made to have a capacity of its own, and
// overload is a queue and not that machine's processor.
//
// Guarantees:
//   - at most Workers calls are worked on, less those that are set aside, and at
//     most Queue wait;
//   - a call that finds a worker free is never refused, so that a wrong mean can
//     refuse nobody for good;
//   - with [Refuse], nobody waits who is expected to wait beyond his deadline, and
//     no worker begins what can no longer end in time;
//   - with [Serve], deadlines and callers that went away change nothing: what was
//     queued is worked on. That is how queues keep overload alive;
//   - what is set aside is given back by [Desk.SetAside] alone, and one worker is
//     always left;
//   - every call ends in exactly one of the counts served, refused, late and gone.
package desk
