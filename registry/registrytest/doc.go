// Package registrytest has a registry in memory, so that whoever embeds
// discovery can test it without one over the network.
//
// A [Memory] keeps to the semantics of etcd's v2 store, which the library's
// rules are made for: one index for the whole keyspace, which every write, renewal and
// expiry moves; one bounded history of changes, in which renewals take room
// but wake nobody; a watch that is told when the history no longer reaches back;
// TTLs in whole seconds; hidden keys (beginning with '_') in no listing.
//
// It reads the time from package time and works in a testing/synctest bubble.
// It starts no goroutine. All methods may be called from any goroutine.
package registrytest
