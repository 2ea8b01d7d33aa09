// Package replica decides how a guild is carried from the node that owns it to the nodes whose sessions have it.
//
// What happens in a guild is a log in the store: every committed change has the next revision. The [Owner], on the node that
// the ring names, is told each change by whoever committed it, and passes it on. A [Follower], one on each node with
// sessions of the guild, keeps the guild as it is at a revision and tells the sessions what comes after.
//
//	API node --Tell--> Owner --GuildState, Changes--> Follower --> sessions
//	store <--Claim, Read-- Owner <--Follow, Seen, Unfollow-- Follower
//
// Nothing on the way has to be reliable. A change that comes before its predecessor shows a hole, which is read from the
// store; one that nobody told shows when the owner compares its revision with the store's; a follower asks for what came
// after the revision that it has, from whomever the ring names next; and what comes twice has an old revision. Hence a
// session that stays connected is told every change once, in the order in which the store committed them, whatever
// happens to owners, and to messages between nodes. The exception is told: a follower that missed more than the store keeps
// gets the guild anew, and its sessions see it go and come.
//
// An owner claims its guild before it reads it, and the claim gives it an epoch that is greater than all before. Two nodes
// that both think they own a guild are told apart by it: the older one learns at the next comparison that it is stale, and
// sends its followers away.
//
// What has no revision (who types, who is online) is told once, to whoever is not behind, and not repeated.
//
// Guarantees:
//   - pure: no clock, goroutine, lock, logger or global source of random numbers. Methods take what happened and the time,
//     and answer with steps for the caller to carry out, in their order; call Tick at Due;
//   - at most one Claim or Read of an owner is under way, however many follow or tell;
//   - changes kept for who is behind, changes that wait for their predecessors, and changes that were sent and not yet seen
//     are bounded ([Config]); beyond a bound they are read from the store, or the guild is sent anew;
//   - what is sent is shared and never written to again.
//
// A machine belongs to one goroutine.
package replica
