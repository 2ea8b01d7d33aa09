// Package cluster runs the demo: whole clusters of OS processes on one machine,
// in which the same bad registry record is written once per act.
//
// [Run] starts every process from the one binary, connects users, lets a new
// API node announce itself through a proxy that cuts its write in the middle,
// waits for the heal and the recovery, and reports. One act is one fresh
// cluster; acts differ only in the profile of their chat nodes.
//
// How it is put together:
//
//   - A process (process.go) is supervised as an instance manager would do it:
//     whatever ends it, it comes back on the same ports and folder.
//   - Everything that is seen (an exit, a node's event, a load figure, a record
//     in etcd) is an event (event.go) in the act's journal (journal.go). The
//     journal keeps them all, folds them into what is true now (board.go), and
//     hands them to the progress lines (story.go, progress.go).
//   - The figures (result.go) are a pure function of the recorded events: they
//     are measured, never assumed. The table (table.go) is printed from them.
//
// Guarantees: after Run no process and no folder is left, whatever ended it;
// every wait has a named limit; a process that cannot be started is one error
// line with the last lines of its log.
//
// Tests start the test binary itself as the child (process_test.go).
package cluster
