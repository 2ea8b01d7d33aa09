// Package cluster tests the built binary as its users run it: the demo's two
// acts and what they show, bad input, and what is left behind when a process or
// the controller ends.
//
// The binary is built once, with the flags of the test run: under the race
// detector every process of every cluster runs under it too. The demo runs on
// Linux and macOS, and so do these tests.
package cluster
