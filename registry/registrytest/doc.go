// Package registrytest has what whoever embeds discovery needs to test it: a
// registry in memory instead of one over the network, the conformance suite
// that every registry passes, and a proof for decoders.
//
// [Certify] damages good values in every way that a registry does by accident,
// and holds a decoder to a valid value or a classified fault.
//
// A [Memory] keeps to the semantics of etcd's v2 store, which the library's
// rules are made for: one index for the whole keyspace, which every write, renewal and
// expiry moves; one bounded history of changes, in which renewals take room
// but wake nobody; a watch that is told when the history no longer reaches back;
// TTLs in whole seconds; hidden keys (beginning with '_') in no listing.
//
// It reads the time from package time and works in a testing/synctest bubble.
// It starts no goroutine. All methods may be called from any goroutine.
//
// [Run] and [RunInBubble] put a [Registry], which is any implementation of
// registry.Source and registry.Writer, through the cases that a caller counts
// on. They hold a backend to the contract, not to etcd: what it does with a
// directory used as a key, whether it announces hidden keys to a watch, and what
// its error texts say is left to it.
package registrytest
