// Package admin serves what a runtime is doing over HTTP, for operators and
// for programs that follow it.
//
//	GET /admin/events  every event as a JSON line: the recent past, then live
//	GET /admin/state   the runtime's status as one JSON document
//	GET /admin/tree    the tree of supervisors as one: states, budgets, the last
//	                   decisions
//
// All only read. The handler may be mounted on a listener of the embedder's
// choice; it adds no authentication, so keep that on loopback or behind one.
package admin
