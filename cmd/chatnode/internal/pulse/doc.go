// Package pulse is what a chat node tells the demo's controller of itself: how
// many sessions it has and how its directory of API nodes stands, in one line of
// JSON whenever that has changed, at most twice a second.
//
// A controller follows hundreds of nodes with it, where each node's every event
// would be too much: ten thousand keys that turn bad are one line.
package pulse
