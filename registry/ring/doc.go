// Package ring places keys on the instances of a service: the same key on the
// same instance, in every process, and with as few moves as can be when
// instances come and go.
//
// # The model
//
// The keyspace is cut into parts of equal size, 65,536 unless told otherwise. On
// it lie points, 512 for each instance of weight 100, in proportion for others:
// its virtual nodes. A part belongs to the instance whose point is the first in
// the part, or in the next part that has one. Where a point lies follows from the
// instance's ID alone, so an instance that comes takes parts from all the others,
// and one that goes leaves its parts to all the others.
//
// A [Ring] follows a directory's snapshots and makes a [Table] of each: immutable,
// for everybody to look keys up in.
//
//	registry.Snapshot ──Follow──┐
//	overrides ──────────────────┼──> Ring ──> Table ──Owner(key)──> *registry.Row
//	time ──────────────Tick─────┘
//
// # Moves
//
// What a part holds has to be fetched and warmed where it moves to. So parts move
// within a budget, by default a sixteenth of all within any second, and those
// beyond it stay where they were until there is budget again. A part whose
// instance is gone cannot stay: it moves at once, and what moves so uses up the
// budget of the others. A draining instance takes no more parts and loses its own
// within the budget. One in limbo keeps its own: what is doubted is not moved.
//
// Processes that follow the same directory agree on where each part is to be, and
// differ on what has moved by as much as they heard the news apart. The last two
// placements before the present one can be asked too ([Table.Previous]): whoever
// does not find a key where it is asks where it was.
//
// # Guarantees
//
//  1. Where parts belong depends on the instances' IDs and weights, and on
//     nothing else: not on order, process, build or machine.
//  2. An instance that comes moves parts to itself only, one that goes moves its
//     own only.
//  3. While anybody can own, each part has an owner that is in the directory.
//  4. A look-up allocates nothing, and takes the same steps in a directory of any
//     size.
//
// # Memory
//
// A point takes 8 bytes, and slack; a part 32, and 4 more for each placement that
// has changed. With 1,000 instances that is about 8 MB, most of it for the 512,000
// points. Directories of more than a few thousand want fewer virtual nodes, and
// those of more than a few hundred want more parts: some 200 for each instance.
//
// # Who may call what
//
// A [Ring] belongs to one goroutine. A [Table] may be read by everybody.
package ring
