// Package etcd replays, against the built chatnode's own etcd, what was measured of
// etcd's v2 API: which torn write stores what, in each mode.
//
// rows_test.go is the table: one line a request, and what each mode must make of
// it. Mode plain is the measured behaviour of etcd 2.3 to 3.5. replay_test.go sends
// the requests over raw sockets, also to the etcd that FIREBREAK_ETCD names;
// clients_test.go sends what real clients do. story_test.go holds docs/INCIDENT.md
// to both tables. registry_test.go runs registry/etcdv2 against the same process,
// and conformance_test.go puts it through registrytest.Run, also on that other
// etcd. cluster_test.go does so with three processes that make one cluster, and
// kills its leader, its quorum and all of it; halfopen_test.go is about connections
// that nobody closed. announce_test.go announces 2,000 instances of all sizes
// through a proxy (cutter_test.go) that cuts their connections at every kind of
// byte, in each mode; FIREBREAK_ANNOUNCEMENTS and FIREBREAK_SEED change how many
// and which. The binary is built once a run, and its processes end with it.
package etcd
