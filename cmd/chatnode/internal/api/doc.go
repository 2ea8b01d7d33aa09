// Package api is the API node of a chat cluster, and the way by which chat nodes
// call API nodes.
//
// A [Node] is stateless: it answers [wire.LoaderServer] calls by asking the
// store, and the REST calls of client libraries (package rest) when it is given a
// listener for them. It has a number of workers for each kind: loads of users, what
// chat nodes ask about guilds, REST. A call that finds none free is refused at once,
// so that an overloaded node says so instead of answering late; and a kind whose
// workers all wait keeps no other kind from ending, so that nodes that wait for each
// other's calls cannot hold each other up for good. While the
// store is away calls fail at once, [Node.Ready] says why, and the log has one
// line for each change of that state.
//
// A [Pool] is the client: it draws an instance at random from the newest
// snapshot of the directory, and another one when that fails for a reason that
// another may not have. It keeps one connection per address, made with the first
// call and closed once the address is gone from the snapshot and its last call
// has ended.
//
// Guarantees:
//   - New and NewPool start nothing. [Node.Serve] returns when everything that it
//     started is gone, at most 2 s after its context ended.
//   - Nothing here announces: the listener is open before [Node.Serve] is called,
//     so a node may be announced at any time, and is withdrawn before the
//     context of Serve ends.
//   - A call of a Pool costs at most [Options.Tries] instances, never the same
//     one twice, and ends when its context does.
//   - Refusals that no other instance would take back ([ErrUnauthenticated],
//     [ErrNotFound]) are returned at once.
package api
