// Package merge makes one registry of several: a [Source] is a registry.Source
// over an ordered list of others, each a [Member].
//
// # The model
//
// With [Union] a directory holds the keys of all members; where two have a key,
// the earlier one's value counts, and the later one's shows when the earlier one's
// key is gone. With [Fallback] the first member that ever answered serves alone: a
// later one only until then. What it knows is kept while it fails, as that of any
// source is, so a later one does not take over from it in the middle; this is what
// gRPC does with a list of xDS servers (its proposal A71).
//
// A Source remembers what each member said last of each directory that is asked for.
// It counts changes itself, since the members' indexes mean nothing beside each other.
//
// # Guarantees
//
//  1. A member that fails removes nothing: what it last said stays in, and
//     [Config.Report] is told when it begins to fail and when it answers again.
//  2. A listing is whole or an error. A member that has never answered makes it one,
//     unless the member is optional, or serves as a fallback only; so does a member
//     list of which nobody answers.
//  3. A value is handed on as it is. A bad one is its key's matter, and hides the
//     value of a later member as a good one does.
//  4. The members' identities are part of the Source's: when one is another cluster
//     than before, its index goes back or it is empty of a sudden, or a fallback's place
//     is taken, the Source's identity changes, and registry.View holds what is missing.
//  5. A call starts one goroutine a member at most, and has waited for all of them
//     when it returns. A member that panics has failed.
//
// # Watching
//
// Next watches all members that count, until the first change that shows. A member
// whose watch fails is left out for a while that grows to [Config.Backoff]'s cap; it
// takes all of them to make the call fail. One that lost its history makes the whole
// Source say so, and the listing that follows asks all. A member that answers for the
// first time, or an earlier one than the fallback that serves, is found by a listing,
// which a registry.Cursor makes once a minute.
//
// All methods may be called at the same time.
package merge
