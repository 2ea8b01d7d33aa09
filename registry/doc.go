// Package registry decides what a node believes about the instances of a
// service, given hostile values, repeated news and a registry that forgets.
//
// # The model
//
// A directory of a registry holds one key per instance:
// <prefix>/<service>/<id>. Its value is one JSON record, which [Encode] writes
// and [Decode] reads, strictly: a value is an [Instance] or a [Fault] with a
// [Class], nothing between. A [View] is fed a [Listing], then every [Change],
// and answers with steps: which value to judge, which instance came, changed or
// went. Whoever decodes tells the view the verdict, [View.Accept] or
// [View.Reject]. [View.Snapshot] is what may be picked from. On the announcing
// side a [Lease] decides, in the same manner, how one instance gets into the
// directory, stays there, and leaves. A [Fleet] decides what is said of bad values
// to those who write them, and hears what other consumers say.
//
//	Listing, Change ──> View ──> Judge{entry} ──> Decode ──┐
//	                     ^                                 │
//	                     └──── Accept(instance) ───────────┤
//	                     └──── Reject(fault) ──────────────┘
//
// What leaves the registry leaves the view past the guards: against many keys
// that go or turn bad at once, and against a registry that forgot. What they
// hold is served on, in limbo, with a [Hold] as its reason. [View.Tick] does what
// time brings, and asks the owner for a [Reread], a [Probe] or a [Relist].
//
// An operator may say something else of a single key, see [Order]: that changes
// what is shown of it, and nothing of what is believed.
//
// Everything here is a decision, (state, event, now) -> answer: no clock, no
// goroutine, no lock, no log, no random number, and no result that depends on
// the order of a map. The same code runs under the actors, in a test and in a
// simulator.
//
// # Guarantees
//
//  1. A bad value changes its own key's row and no other.
//     But a guard that many bad values engaged may hold what leaves elsewhere.
//  2. A key whose value turned bad keeps its last good instance in service,
//     marked [StatusQuarantinedCached], for as long as the key exists. A view
//     that fails closed serves nothing instead.
//  3. One write (key, index, bytes) that was rejected is not judged again, unless
//     an operator releases it.
//  4. News older than what is known of a key changes nothing.
//  5. A snapshot never changes, and is the same pointer while nothing did.
//  6. The quarantine table is bounded; what does not fit is counted.
//  7. The instances that take work never become none unless each was deleted,
//     was draining, was proved dead, or an operator accepted it. New instances
//     and good values of the same identity never wait, but for keys that flap.
//  8. Time in which this process slept is held against nobody.
//  9. A lease has at most one call under way, compares every echo with what it
//     sent, never writes over somebody else's readable record, and never writes
//     anything after [Lease.Withdraw] but that it drains, and a deletion.
//  10. A process complains of a bad key once a minute at most, and of none while a
//     guard against corruption is engaged or it suspects itself.
//
// # Who may call what
//
// [Decode], [Encode] and the key functions may be called from anywhere. A
// [View], a [Cursor], a [Lease] and a [Fleet] belong to one goroutine each. A [Snapshot]
// may be read by everybody.
//
// Package disk, below this one, saves what was last known good. Package registrytest, beside this one, has a registry in memory for tests, and
// Certify, which proves a decoder.
package registry
