// Package pick chooses among the instances of a service.
//
// # The model
//
// A [Pool] follows the snapshots of one directory and is told how calls ended.
// From both it makes a [Table]: immutable, read by everybody, and asked for an
// instance with random numbers that the caller hands in.
//
//	registry.Snapshot ──Follow──┐
//	NoteError, NoteSuccess ─────┼──> Pool ──> Table ──Random(word)──> Candidate
//	time ──────────────Tick─────┘
//
// A pool decides, (state, event, now) -> table; what counts calls, draws random
// numbers and keeps the newest table at hand is its owner's: in this module the
// Picker of package actors.
//
// # Guarantees
//
//  1. A draining instance is never picked.
//  2. An instance that is in limbo, or that was ejected because calls to it
//     failed, is set aside: it is not picked while enough others are there.
//  3. When fewer than half would be left, nothing is set aside: everything that
//     does not drain is picked. A guard or a fault of the caller's own network
//     must not send everything to the few that happen to look well.
//  4. At most a tenth of the live instances, but always one, is ejected at a time.
//  5. A pick allocates nothing, looks at a bounded number of places whatever the
//     size of the directory, and waits for nobody.
//  6. A table costs what changed since the last one, and a word for each 256
//     instances.
//
// # Who may call what
//
// A [Pool] belongs to one goroutine. A [Table] may be read by everybody.
package pick
