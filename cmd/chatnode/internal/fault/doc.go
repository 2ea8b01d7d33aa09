// Package fault makes the incident's fault happen for real: a write that is cut
// between its headers and its body, on a socket, at a moment of one's choosing.
//
// [CuttingProxy] stands in front of an etcd and passes bytes through until it is
// armed; then the next PUT loses its body. [TornAnnouncer] is the announcer of
// 2020: it sends headers and form in two writes, repeats the whole write instead
// of renewing it, believes any answer, and repairs nothing. Neither knows a mode
// or writes a value by a side door: whether a cut PUT harms is up to the etcd behind.
//
// Their tests run both in front of an embedded etcd in mode incident.
package fault
