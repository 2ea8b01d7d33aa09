// Package gateway serves a chat node's WebSocket sessions in the shapes of Discord's public Gateway: JSON payloads,
// versions 9 and 10.
//
// Every session is a pure machine, in session.go, messages.go, opcode.go and payload.go: it is told what happened and
// when, and answers with actions. A conn feeds it what its socket, its timer and its loader bring, and carries out what it
// answers; the [Server] admits, counts and stops the conns. The machine's states:
//
//	new --Identify--> loading --user--> ready
//	 |                   |                |
//	 +-------------------+----------------+--> closed
//
// On connecting the client gets Hello. Heartbeats are answered in every state. Identify loads the user through the
// [Loader] and leads to READY with the user's guilds, all of them unavailable. Resume is answered by Invalid Session (not
// resumable), after which the client identifies on the same connection. Presence Update, Voice State Update, Request Guild
// Members and Request Soundboard Sounds are accepted after Identify and have no effect yet. The address may leave out v
// (10) and encoding (json); a compressed stream is refused.
//
// Where Discord's documentation leaves the close code open, this is what clients see:
//   - 4009 when nobody has identified within 30 s: there is no session, and the code says to start a new one;
//   - 4000 when heartbeats stay away for 1.5 intervals, when the user cannot be loaded from any API node, and when the
//     client does not read: clients answer it by coming back, trying to resume first;
//   - 1001 when the node stops.
//
// Guarantees:
//   - no input stops the server: a session that breaks the rules ends with its close code, alone;
//   - a client that never reads costs a bounded queue, then its session;
//   - a parked session owns one goroutine, no timer goroutine and no read buffer of ours;
//   - the number of sessions and of loads in flight is bounded, and so is the time that a load or a goodbye may take;
//   - after the context of Serve ends, all sessions are told and gone within 2 s, whatever their clients do.
//
// [New] starts nothing. Serve may be called once; Stats from anywhere.
package gateway
