// Package etcdtest has etcd's own v2 keys API in process, for tests of what
// speaks to it. Only tests import it, since it brings etcd's server.
//
// A [Server] is etcd's HTTP handler over etcd's store, with nothing between the
// two: no raft, no disk, no port. It starts in less than a millisecond, and what it
// answers is what one healthy member answers, error texts and torn forms included.
// What needs a cluster, a restart, authentication or the v3 API is not here.
//
// It is an http.RoundTripper (etcdv2.Config.Transport, with [Endpoint] as the
// endpoint) and an http.Handler (for an httptest.Server). As the first it
// works in a testing/synctest bubble.
//
// Guarantees:
//   - TTLs run on package time's clock, so a bubble's virtual time expires keys.
//     What is due is gone before the next request is answered, and a waiting
//     watch hears of it within [SweepInterval].
//   - Requests through RoundTrip end with their context, and no goroutine outlives
//     a request whose answer was read or closed.
//   - Paths other than /v2/keys are not found.
package etcdtest
