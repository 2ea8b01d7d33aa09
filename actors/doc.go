// Package actors runs discovery under supervision: it follows directories of a
// registry, announces instances in it, and keeps one bad value from costing
// more than its own key.
//
// # The model
//
// A [Runtime] is a tree of supervisors. Every watched service has three
// children: a reader, which makes one blocking call to the registry at a time;
// a watcher, which owns the view of the directory and publishes immutable
// snapshots; and the entries, one actor per key, which decode. What each of
// them decides is decided by the pure packages registry (cursor, view, lease)
// and supervision (the machine); the actors feed them events and carry out the
// answers. protoactor is the mailbox kernel underneath, not the supervisor.
//
//	root (one-for-one)
//	├── service/<name> (rest-for-one)
//	│   ├── reader
//	│   ├── watcher
//	│   ├── entries (dynamic one-for-one)
//	│   │   └── one per key
//	│   └── shadow, where asked for
//	├── fleet
//	├── rehearsal
//	└── announcers (one-for-one)
//	    └── one per announced instance
//
// # Guarantees
//
// Under the policy [Isolated]:
//
//  1. A value that does not decode, or makes the decoder panic, changes its own
//     key's row and nothing else; the last good value of the key stays in
//     service.
//  2. Nothing escalates past its own supervisor. A spent restart budget parks
//     the child that spent it, visibly, and probes it with backoff.
//  3. A registry that does not answer removes nothing from a snapshot.
//  4. A value that was found bad is not decoded again; the key is read again
//     with backoff, and decided at once when it is written.
//  5. Nothing waits without end for an actor that does not stop: it is
//     abandoned after its shutdown time, counted and reported.
//  6. An announced record is written with its TTL and its precondition in one
//     request, its echo is compared, and it is never written again after Stop
//     has withdrawn it. What a consumer cannot read of it is looked at when it
//     says so, and repaired.
//
// # Reading
//
// [Runtime.Snapshot] is what is believed now, [Runtime.Next] waits for the next,
// and [Runtime.Age] says how long ago the registry confirmed it. A [Picker] chooses
// an instance for each call, a [Placement] tells which instance a key is on; both
// follow the snapshots, wait for nobody and allocate nothing (packages
// registry/pick and registry/ring decide). A gRPC client follows by package
// registry/grpcresolver.
//
// # Supervision by itself
//
// [Supervisor] is the same supervision for an embedder's own actors: ordinary
// ones of protoactor, and plain functions. Its decisions are Erlang/OTP's, see
// package supervision and docs/SUPERVISION.md. Beyond 5. above, it holds that
//
//  7. each incarnation's end is one exit, whatever caused it, with a reason of at
//     most 4 KiB and the frames of a panic;
//  8. a message queued for one incarnation is never handled by another;
//  9. nothing that a child does, and no panic of an observer, a template or a
//     subscriber, ends its supervisor, other than by the rules of its spec.
//
// The policy [Naive] is the counter-example of 2020, with the same code: no
// isolation, Elixir's default intensity, escalation to the root. When the root
// gives up, [Runtime.Failed] is closed; the process is expected to end.
//
// # Who may call what
//
// New, Watch and Announce prepare a runtime and belong to one goroutine. After
// Start every method may be called from any goroutine. [Runtime.Snapshot] is
// one atomic load.
//
// # Events
//
// Everything that happens is an [Event]. Package observe prints them, package
// admin serves them, and [Runtime.Subscribe] delivers them.
//
// For tests, package registry/registrytest has a registry in memory; everything
// here works in a testing/synctest bubble with it.
package actors
