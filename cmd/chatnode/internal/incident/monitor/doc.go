// Package monitor watches a cluster from outside and keeps its incident log: what
// package incident decides, it does.
//
// The model: a [Monitor] asks every target's admin endpoints in rounds (/admin/metrics,
// /admin/ready, and where they are there /admin/admission and /admin/repairs), follows
// the chat nodes' event streams, hands all of it to an incident.Fleet and an
// incident.Log, and carries out the steps: the log is saved, webhooks are called, the
// newest view is published.
//
// Guarantees:
//   - One goroutine owns the decisions. Nothing that is slow can stop it: a target that
//     hangs costs its own question, a webhook that hangs its own queue, a disk that
//     hangs the saving.
//   - Everything is bounded: targets, bytes and time of an answer, what waits for a
//     webhook, tries, the log's file. What is over a limit is counted, and said once.
//   - A log file that is damaged is said, set aside and started anew; it is written
//     whole and moved into place, so that a crash leaves the old one or the new one.
//   - Times are this observer's own, and steady: a clock that is set back, or ahead by
//     less than five seconds, moves none of them.
//   - What targets say is used as numbers and kinds of events only. No text of theirs is
//     kept, shown or passed on.
//
// A Monitor is made by [New], which reads the log, and runs once. View, Find and Stats
// may be called from any goroutine at any time. One process keeps a folder.
package monitor
