// Package page serves the live page of the demo: what broke, how it spread and
// what held, while it happens.
//
// The model. A [Fold] is pure: it takes observations (observation.go) in the
// order of what happened and answers with a [Frame], what is true at one moment,
// with a verdict in words (verdict.go). A [Recorder] feeds it, asks it for a
// frame five times a second, and publishes that in a [Feed]. The feed numbers
// what it is given, keeps the newest of it for readers that come back, sums it up
// for readers that come late, and hands it to a recording. A [Server] shows a
// feed over HTTP: the page itself, its frames as server-sent events, the details
// behind them, and commands.
//
// A run that was recorded ([ReadRecording]) is played into a feed by [Replay]:
// the same page shows it.
//
// Guarantees:
//
//   - A verdict follows from the frame beside it; nothing in it is remembered
//     that has stopped being true.
//   - No reader slows the run: one that does not read is dropped, and resumes
//     where it was, by its last event's number, if that is still kept.
//   - Registry values leave as JSON strings, cut and with control characters
//     escaped. The page's policy lets no script run but its own files.
//   - Everything has a named limit (limits.go).
package page
