// Package etcdv2 is the registry on etcd's v2 keys API: each method is one
// bounded request to one endpoint, and nothing here loops, retries or keeps state.
//
// A [Registry] implements registry.Source and registry.Writer. It speaks HTTP
// through the Do method of go.etcd.io/etcd/client/v2 with actions of its own,
// because that client's watcher panics on a reply without a node and spins on an
// empty one, and its setters repeat a write on the next endpoint by themselves.
//
// Guarantees:
//   - A call ends with the answer, with the context, or after Config.Timeout
//     (Next: Config.Wait). Answers are bounded by Config.MaxAnswer.
//   - A call asks one endpoint. One that fails is left: the next call, not this
//     one, asks the following endpoint. So ErrExists and ErrConflict are never
//     the echo of the same call's first attempt. They may still be the echo of an
//     earlier call of the caller's whose answer was lost: an error that is none
//     of registry's sentinels is ambiguous, and only a Get tells.
//   - A watch that ends in silence may have lost its peer without a word. So the next
//     call uses no connection that is open already, if the transport is the registry's
//     own, and asks the next endpoint if this one did not even begin to answer.
//   - List and Get read with quorum. Only etcd's own "key not found" makes an
//     empty listing; a page of a proxy or a foreign server is an error.
//   - A write up to [MaxRequestLine] has no body: value, TTL and precondition are
//     in the request line, which arrives whole or not at all. A longer one sends
//     its value as a form and keeps TTL and precondition in the request line, so
//     that a torn one still expires and still cannot overwrite another's record.
//   - TTLs are whole seconds, rounded up. A TTL of 0 writes a key that never expires.
//
// What the caller must know about [Registry.Next]: etcd v2 watches a directory
// recursively or not at all, so changes of nested keys are handed on like the
// others, under their own key; they move the cursor and nothing else. Etcd keeps
// 1,000 events for all keys together, renewals included, so ErrHistoryLost is a
// normal answer; and it waits silently for an index that it lost in a disaster, so
// a caller lists from time to time.
//
// All methods may be called at the same time. Tests run against httptest servers
// and, in process, etcd's own handler here (package etcdtest, for your tests too),
// and against a real etcd in tests/etcd.
package etcdv2
