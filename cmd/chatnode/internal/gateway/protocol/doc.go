// Package protocol decides what a chat node says to a client: Discord's public Gateway, versions 9 and 10, as two pure
// machines without clock, goroutine, lock or logger.
//
// [Conn] is one connection. It is fed one [Event] at a time together with the current time, and answers with the [Action]s
// to carry out:
//
//	new --Identify--> loading --user--> ready
//	 | ^                 |                ^ |
//	 | +-- too often ----+                | |
//	 |                                    | |
//	 +--Resume--> resuming --accepted-----+ |
//	 | ^            | |                     |
//	 | +- invalid --+ +--elsewhere--> proxied (another node speaks, until it cannot: then new again)
//	 +--------------------------------------+--> closed --socket ended--> the session is kept, or over
//
// [Session] is what survives a connection: the intents, the guilds, the number of the last dispatch, and those that a
// client may ask for again. A dispatch goes to the Session, which filters and numbers it; what comes out is delivered
// through the connection that the session has at that moment, or through none. The shell holds both together: OpenSession
// and an accepted ResumeDecided attach a session, LeaveSession and Replaced detach it. Two connections never have the same
// session: before a ResumeDecided with [ResumeAccepted] the shell gives Replaced to the one that has it.
//
// A dispatch is encoded once for all sessions. The machines handle it as a [Body], which lacks only the sequence number, and
// never look inside; the object types and the New functions of this package make such bodies in Discord's shapes.
//
// Guarantees:
//   - a session's dispatches are numbered 1, 2, 3, ..., without a gap, over all its connections;
//   - an accepted Resume repeats exactly what the client has not seen, in order, and ends with RESUMED;
//   - a session keeps at most [MaxReplayEvents] dispatches of [MaxReplayBytes], and never fewer while both allow more;
//   - no input makes a machine panic, and each misuse has the close code that Discord documents for it;
//   - after CloseSocket a Conn asks for nothing more but, once the socket has ended, to leave its session.
//
// A Conn and a Session each belong to one goroutine at a time. [Settings], and every Body, may be shared.
package protocol
