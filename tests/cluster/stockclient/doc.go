// Command stockclient is one session of an unmodified client library, for tests: it prints what the library's handlers hear,
// a line each, and does what its standard input says.
//
//	stockclient -library discordgo -rest http://127.0.0.1:8080 -token TOKEN
//	stockclient -library disgo -gateway ws://127.0.0.1:8081 -token TOKEN
//	stockclient -library discordgo-rest -rest http://127.0.0.1:8080 -token TOKEN -member USER
//
// It is a program of its own because the libraries have data races, which must not fail the race detector of a test, and
// because one of them keeps its addresses in variables of the process. Lines in: "members GUILD PREFIX" asks for members,
// "close" leaves; with discordgo "create NAME" makes a guild by REST and prints "created GUILD CHANNEL", "add GUILD USER" adds a
// member, "send CHANNEL CONTENT" prints "sent CONTENT" when it is acknowledged, and "read CHANNEL" prints "read CONTENT...",
// the newest first. Lines out: "ready", "resumed", "guild NAME MEMBERS CHANNEL", "message CONTENT", "members NAME...",
// "unavailable ID". When standard input ends, the session is dropped without a word.
// The third form opens no session: it makes a guild by REST, adds a member, writes, reads, changes and deletes messages, prints
// what it got, and ends.
package main
