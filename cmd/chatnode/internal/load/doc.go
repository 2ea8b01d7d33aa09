// Package load keeps synthetic users connected to the gateways of a cluster and counts what they live through.
//
// Every user has a goroutine of its own that dials a gateway drawn at random, identifies, sends heartbeats and reads. What
// it says and when is decided by a pure machine, in client.go and payload.go, that behaves as Discord's documentation asks
// of a client library: the first heartbeat comes at a random part of the interval, a heartbeat that was not acknowledged
// when the next one is due means that the connection is dead, and a lost session is tried again after a capped delay that
// grows and is drawn at random. Unlike a client library, a user never gives up, not even when its token is refused: it
// is there to show what the cluster does.
//
// The counters, [Stats]:
//   - a user is connected from READY until its socket ends;
//   - a session is closed when the user ends it, at the stop or because the gateway asked it to reconnect; however else a
//     connected session ends, it is lost, also when the user hangs up because its heartbeats stay unanswered;
//   - every attempt ends in a READY or in a failure: once Run has returned, attempts = readies + failures and
//     readies = lost + closed;
//   - the connected time is the exact integral of the connected users, in whole nanoseconds.
//
// Guarantees:
//   - users begin at the configured rate, and no more than a bounded number dial at once;
//   - which gateways a user draws, and how its delays are drawn, depends on the seed and its number alone;
//   - when the context of Run ends, all sockets are closed with 1000 and gone within 2 s, and Run returns.
//
// [New] starts nothing. Run may be called once; Stats and Handler from anywhere.
package load
