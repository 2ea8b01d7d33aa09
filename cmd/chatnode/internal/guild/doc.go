// Package guild runs a chat node's guilds: those that the node owns, and those that its sessions have. Package replica
// decides; this package carries it out.
//
// Every guild is one or two actors, under a supervisor: its owner, on the node that the ring names, and its follower, on
// each node whose sessions have it. They come when they are needed and go when they are not. Nodes talk by protoactor's
// remote; who is where, the ring and the directory tell ([Config]).
//
//	guilds (one-for-one)
//	├── owners     (dynamic)  one for each owned guild that somebody follows; never restarted: followers ask again
//	├── followers  (dynamic)  one for each guild of a session here; restarted, its sessions see the guild go and come
//	├── reception  takes what other nodes send to guilds here
//	├── auditor    compares the owned guilds with the store every 2 s
//	└── ringwatch  tells followers when guilds have moved
//
// [Node] is what a gateway gets its guilds from. A [Teller] is the other end: an API node tells what it has committed to
// the owner, at the owner's [Node.Doorstep].
//
// What remoting brings and what is done about it: it listens in its own way and panics when it cannot, so the address is
// tried first and the panic is caught; whoever connects could stop any actor by name or end the process by an unknown type,
// so a stream is cut that carries anything but our messages to anyone but the reception; it waits two seconds after a failed
// connection, so a node that is gone is told to the guilds at once and once; and its queues have no bound, so what is under
// way is bounded by replica's window.
//
// Guarantees:
//   - New starts nothing, Start returns when the node can be reached, and after Stop nothing of it runs;
//   - a guild is loaded by one call however many ask for it;
//   - no call of a gateway, of the store or of a peer is waited for by a guild's actor;
//   - a guild's failure costs that guild.
package guild
