// Package disk keeps what was last known to be good across restarts: the
// snapshots of views, in files.
//
// # The model
//
// A [Store] is a folder. [Store.Save] writes one snapshot as a new file, beside
// the older ones of the same directory, of which a few are kept. [Store.Load]
// returns the newest that is whole and young enough, with its rows marked as
// [registry.OriginDisk], ready for [registry.View.Restore].
//
// It is a fallback, and never a source of its own: the owner of a view loads it
// only when the registry has been silent for a while after the start, and what
// the registry then says replaces it.
//
// # Guarantees
//
//  1. A file is there whole or not at all: it is written beside, synced and
//     renamed.
//  2. A file that is cut, changed, foreign, of another version, of another
//     directory or too old is refused, with an error that says so; the next
//     older one is tried. Nothing in a file makes Load panic.
//  3. Every instance in a file is decoded as one from the registry is.
//  4. A snapshot of a view with an engaged guard is not saved: what is doubted
//     now must not be believed after a restart.
//  5. Files are bounded in size and in number.
//
// # Who may call what
//
// A Store belongs to one goroutine, its folder to one process.
package disk
