// Package gateway serves a chat node's WebSocket sessions in the shapes of Discord's public Gateway: JSON payloads, versions
// 9 and 10, plain or compressed. docs/PROTOCOL.md says what is there, what is not, and what differs.
//
// What is said to whom is decided by the pure machines of package protocol; this package carries it out. A conn feeds one
// machine what its socket, its timer and its loader bring. A seat holds a session and the conn that it has at the moment: a
// session outlives its connections, and waits in the directory for [Config.ResumeWindow] when it has none. Package frame
// encodes.
//
//	Dispatch* --> directory --> seat: filter, number, keep for a resume --> conn: queue --> drainer: encode, write
//	client    --> reader    --> conn: machine --> actions --> loads, sessions, members, presences, the other node
//
// Locks are taken in that order: a seat's, a conn's, the directory's, the server's and the gate's. No call leaves the package under one.
//
// The seams to what supplies guilds: [Guilds] hears which sessions there are, and answers requests for members; whoever
// hears of something tells it by [Server.DispatchGuild], [Server.DispatchUser] or [Server.DispatchSession]; [Peers] says
// where the node of a foreign session is. With neither, guilds stay unavailable and foreign sessions are lost.
//
// Where Discord's documentation leaves the close code open, this is what clients see:
//   - 4009 when nobody has identified within 30 s, and on a connection whose session was resumed on another one;
//   - 4000 when heartbeats stay away for 1.5 intervals, when the user cannot be loaded from any API node, when an Identify
//     or a Resume has waited too long for its turn at the gate, and when the client does not read: clients answer it by
//     coming back, and the session waits for them;
//   - 1001 when the node stops.
//
// Guarantees:
//   - no input stops the server: a connection that breaks the rules ends with its close code, alone;
//   - a client that never reads costs a bounded queue, then its connection; nobody waits for it;
//   - what one goroutine dispatches arrives in its order, once, over however many connections;
//   - a dispatch is encoded once, and compressed once for all sessions that want it compressed;
//   - a parked connection owns one goroutine, no timer goroutine, no compressor and no read buffer of ours;
//   - the number of connections, of waiting sessions and of loads in flight is bounded, and so is the time that a load, a
//     write or a goodbye may take;
//   - after the context of Serve ends, all sessions are told and gone within 2 s, whatever their clients do.
//
// [New] starts nothing. Serve may be called once; the other methods from anywhere, while it serves.
package gateway
