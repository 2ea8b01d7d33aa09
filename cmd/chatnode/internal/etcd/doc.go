// Package etcd runs a real etcd 3.5 inside the process, v2 and v3 APIs on, in one
// of three modes that differ only in what stands in front of the v2 keys handler.
//
//   - plain: nothing. A form that is cut is refused; a form without its
//     Content-Type is not read at all and stores an empty value, as in any etcd.
//   - incident: one call of http.Request.FormValue, which swallows the error of a
//     cut form. Etcd then finds the form parsed and stores an empty value without
//     a TTL: the write of 2020, made by etcd itself.
//   - guard: the body is read and parsed first; one that is cut, or whose value
//     would be empty, is refused in etcd's own words. A form without a
//     Content-Type is taken for the form it is. What arrives well framed but short
//     (a body that says it ends too early) is beyond any guard: only the record's
//     own checksum tells.
//
// [Run] is the whole life: it says when etcd serves, and it ends within
// [StopLimit] after its context does, also with watchers connected, which
// etcd's own Close waits 5 s for, or without end for a connection that never sent
// a byte. Every write that reached the keys handler is one debug line with
// method, key and status ("v2 write").
//
// The tests here cover the modes' handlers and the start and stop of one member;
// tests/etcd replays the measured requests against the built binary.
package etcd
