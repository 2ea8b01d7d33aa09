// Package admin serves what a runtime is doing over HTTP, for operators and
// for programs that follow it.
//
//	GET /admin/events  every event as a JSON line: the recent past, then live
//	GET /admin/state   the runtime's status as one JSON document
//	GET /admin/tree    the tree of supervisors as one: states, budgets, the last
//	                   decisions
//	GET /admin/why     ?service=&key=: why an instance is, or is not, picked
//	GET /admin/export  ?service=&key=: what the registry holds there, raw
//	POST /admin/command/<name>  a [Command] in JSON: release, quarantine, ban,
//	                   unban, pin, unpin, hold, thaw, accept
//
// What a page of another site asks is refused. Commands are taken on loopback, or
// with a token (see [Config]); what reads is not protected otherwise, so keep the
// listener on loopback or behind an authentication.
package admin
