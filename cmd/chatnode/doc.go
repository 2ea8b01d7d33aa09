// Chatnode is a chat cluster to study cascades on: every role of it, and the
// demo that runs them all on one machine, in one binary.
//
// "chatnode --help" lists the commands, "chatnode demo" is the one to start with.
package main
