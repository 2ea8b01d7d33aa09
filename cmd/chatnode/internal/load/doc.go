// Package load keeps synthetic users connected to the gateways of a cluster, lets them write, and counts what they live
// through.
//
// Every user has a goroutine of its own that dials a gateway, identifies or resumes, sends heartbeats and reads. What it says
// and when is decided by a pure machine, in client.go and payload.go, that behaves as Discord's documentation asks of a client
// library: the first heartbeat comes at a random part of the interval, a heartbeat that was not acknowledged when the next one
// is due means that the connection is dead, a session that was lost is followed by an Identify after one to five seconds, and
// a lost connection is tried again after a delay of the chosen policy. Unlike a client library, a user never gives up, not even
// when its token is refused: it is there to show what the cluster does.
//
// Users write by REST, at an even rate all together, into channels of their own guilds, one message at a time each; who is
// answered 429 keeps the wait. Every message says which one it is, so that whoever hears it can tell.
//
// The counters, [Stats]:
//   - a user is connected from READY or RESUMED until its socket ends;
//   - a connection is closed when the user ends it, at the stop or because the gateway asked it to reconnect; however else a
//     connected user's connection ends, it is lost, also when the user hangs up because its heartbeats stay unanswered, and
//     also when the session is resumed later;
//   - every attempt ends in a READY, a RESUMED or a failure: once Run has returned, attempts = readies + resumes + failures
//     and readies + resumes = lost + closed;
//   - the connected time is the exact integral of the connected users, in whole nanoseconds.
//
// What is lost:
//   - A message is acknowledged when its POST was answered with success. One that failed otherwise may be there or not, and is
//     neither lost nor undelivered, whatever becomes of it.
//   - It is lost when the API, asked for it afterwards by [Load.Check] or a [Reader], does not know it.
//   - A witness of a message is a session, of any user, that had the message's guild available (by GUILD_CREATE) since before
//     the POST was begun, and has it without a break until it hears the message or is asked for it. A session goes on while its
//     connection is broken, and ends when a Resume is refused or the user identifies anew: then it is a witness no more. So
//     "connected throughout" means: connected, or resumed without a break. Who came between the POST and its acknowledgement
//     is no witness, since the message may have been told before.
//   - A message is undelivered when a witness has not heard it 10 s after the acknowledgement, or, where the session was resumed
//     meanwhile, 10 s after that. A session that is without a connection is waited for, for two minutes.
//   - It is a duplicate when a session hears it once more, and out of order when a session has heard a later one before, of the
//     same author in the same channel, that was begun after the first one's acknowledgement.
//
// Guarantees:
//   - users begin at the configured rate, and no more than a bounded number dial at once;
//   - which gateways a user draws, and how its delays are drawn, depends on the seed and its number alone;
//   - when the context of Run ends, all sockets are closed with 1000 and gone within 2 s, and Run returns.
//
// [New] starts nothing. Run may be called once; Stats, Acked and Handler from anywhere.
package load
