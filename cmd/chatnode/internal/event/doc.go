// Package event puts what the store keeps into the words in which sessions and the
// clients of REST are told it.
//
// The objects are Discord's: users, members, channels, messages, guilds. An
// [wire.Event] is a dispatch on its way from the API node that committed something
// to the sessions that hear of it: its text is encoded here, once, and goes through
// all nodes unread; what those need to know of it (which guild, which revision, who
// joined) stands beside the text. [Dispatch] is its other end.
//
// Everything here is a plain function of its arguments.
package event
