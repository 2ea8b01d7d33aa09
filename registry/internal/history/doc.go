// Package history numbers the changes of a source that has no numbers of its
// own: files, or several registries taken together.
//
// A [History] is one count for all directories of a source, and the newest
// changes under it. It is what registry.Source promises of a watch: each change
// has an index above all before it, a reader who asks from an index gets the
// first change after it, and one who asks from too far back is told.
//
// It is plain data: no clock, no lock. It belongs to one goroutine at a time.
package history
