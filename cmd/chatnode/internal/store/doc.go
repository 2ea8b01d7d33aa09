// Package store is the database process of a chat cluster: it owns the users,
// their tokens, the guilds and what is said in them, and serves them to API nodes
// by gRPC.
//
// One process owns one folder. [New] checks the configuration, [Server.Serve]
// opens the database, adds the users and guilds that are missing, and answers
// [wire.StoreServer] calls until its context ends; [Run] is both. Reads run
// side by side, each in a transaction of its own. Writes that come at the same
// time share a transaction, and with it an fsync.
//
// The database is bbolt, because an acknowledged write must survive a kill -9
// and nothing else here needs more than a sorted map: bbolt is one file holding
// a copy-on-write B+tree, so that a crash leaves the last committed state by
// construction and there is no log to replay; readers never wait for the
// writer; it is pure Go; and it is in the binary anyway, since the embedded
// etcd's own server keeps its data in it.
//
// Guarantees:
//   - A write is answered when it is on the disk: a kill -9 loses nothing that
//     was acknowledged. A write that is refused changes nothing.
//   - Ids of one kind grow, also within a millisecond, over restarts and when the
//     clock goes back; hence the messages of a channel are ordered by their ids.
//   - Who owned a guild until another one claimed it writes nothing more to it.
//   - A guild's revision counts the writes that its members can see, in the
//     transaction of each: no two writes share one and none is passed over. The
//     newest 1,024 can be read again; who asks for older ones is told that there is
//     a gap.
//   - What is seeded is a function of the seed and the numbers of users and
//     guilds. Starting with more users adds the missing ones and changes
//     nothing else; the result is the same as starting with all of them.
//   - What is in the folder is never seeded again, and never taken away: with
//     smaller numbers the store serves what it has.
//   - Seeding is cut into transactions; a process killed in between goes on
//     where the last one ended.
//   - A folder that is locked, not writable, damaged, seeded from another seed or
//     written by a newer version is one error that says so.
//   - Calls beyond the limit are refused at once, and stopping takes at most 2 s.
//
// The buckets: users (id -> user), tokens (SHA-256 of the token -> user id, so
// that a copied folder lets nobody log in), guilds (id -> guild without
// members), members (guild id, user id -> member: one more member is one more
// row, however large the guild), channels (id -> guild id), messages (channel id,
// message id -> message), epochs (guild id -> the newest owner's epoch), changes
// (guild id, revision -> what kind of change, of which row), meta (schema version,
// seed, counts, the last id). A file of schema 1, which has no rows for channels,
// or 2, which has none for changes, is upgraded when it is opened. Guilds that are
// seeded, or older than their log, begin at revision 1 with no row for it; seeding
// more users into them tells nobody.
package store
