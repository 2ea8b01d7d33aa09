package tests

import (
	"os/exec"
	"strings"
	"testing"
)

// module is the path that all our packages begin with.
const module = "github.com/firebreak-go/firebreak"

// TestEmbeddersCompileLittle holds what depguard cannot: what a package brings
// by way of the packages that it imports.
func TestEmbeddersCompileLittle(t *testing.T) {
	for _, row := range []struct {
		name, folder string
		// allowed are the path prefixes of what it may bring beside the standard library;
		// empty means anything.
		allowed []string
		// never are path prefixes that it must not bring.
		never []string
	}{
		{
			name: "supervision is the standard library alone", folder: "supervision/...",
			allowed: []string{module + "/supervision"},
		},
		{
			name: "registry adds one JSON module", folder: "registry",
			allowed: []string{module + "/registry", module + "/supervision/backoff", "github.com/go-json-experiment/json"},
		},
		{
			name: "the files of registry add none", folder: "registry/disk",
			allowed: []string{module + "/registry", module + "/supervision/backoff", "github.com/go-json-experiment/json"},
			never:   []string{module + "/registry/etcdv2"},
		},
		{
			name: "a registry in files adds none", folder: "registry/file",
			allowed: []string{module + "/registry", module + "/supervision/backoff", "github.com/go-json-experiment/json"},
			never:   []string{module + "/registry/etcdv2", module + "/registry/registrytest"},
		},
		{
			name: "several registries as one add none", folder: "registry/merge",
			allowed: []string{module + "/registry", module + "/supervision/backoff", "github.com/go-json-experiment/json"},
			never:   []string{module + "/registry/etcdv2", module + "/registry/registrytest"},
		},
		{
			name: "pickers add none", folder: "registry/pick",
			allowed: []string{module + "/registry", module + "/supervision/backoff", "github.com/go-json-experiment/json"},
			never:   []string{module + "/registry/etcdv2", module + "/registry/grpcresolver"},
		},
		{
			name: "the ring adds none", folder: "registry/ring",
			allowed: []string{module + "/registry", module + "/supervision/backoff", "github.com/go-json-experiment/json"},
			never:   []string{module + "/registry/etcdv2", module + "/registry/grpcresolver"},
		},
		{
			name: "the resolver for gRPC brings gRPC, and no runtime", folder: "registry/grpcresolver",
			never: []string{module + "/actors", module + "/registry/etcdv2", module + "/cmd", module + "/tests", "go.etcd.io/", "github.com/asynkron"},
		},
		{
			name: "etcdv2 brings etcd's client, not its server", folder: "registry/etcdv2",
			never: []string{"go.etcd.io/etcd/server", "go.etcd.io/etcd/raft", "go.etcd.io/bbolt", "google.golang.org/grpc", module + "/actors", module + "/cmd"},
		},
		{
			name: "the suite for backends brings none", folder: "registry/registrytest",
			allowed: []string{module + "/registry", module + "/supervision/backoff", "github.com/go-json-experiment/json"},
			never:   []string{module + "/registry/etcdv2"},
		},
		{
			name: "the etcd for tests brings etcd's server and nothing of ours", folder: "registry/etcdv2/etcdtest",
			never: []string{module + "/actors", module + "/cmd", module + "/tests", module + "/supervision"},
		},
		{
			name: "mains bring nothing that is for tests", folder: "cmd/...",
			never: []string{module + "/registry/registrytest", module + "/registry/etcdv2/etcdtest", module + "/tests"},
		},
		{
			name: "actors bring no backend, database, gateway or page", folder: "actors/...",
			never: []string{
				"go.etcd.io/", "google.golang.org/grpc", "github.com/coder/websocket", "github.com/alecthomas/kong",
				module + "/registry/etcdv2", module + "/cmd", module + "/tests",
			},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, path := range dependencies(t, row.folder) {
				if len(row.allowed) > 0 && !hasPrefix(path, row.allowed) {
					t.Errorf("%s brings %s: want only %v and the standard library", row.folder, path, row.allowed)
				}
				if hasPrefix(path, row.never) {
					t.Errorf("%s brings %s: want it to bring none of %v", row.folder, path, row.never)
				}
			}
		})
	}
}

// dependencies lists everything outside the standard library that a folder's
// packages bring, themselves included.
func dependencies(t *testing.T, folder string) []string {
	t.Helper()
	sources(t) // what go list reads, the test cache must know of
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./"+folder)
	list.Dir = root
	var stderr strings.Builder
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list %s: %v: %s", folder, err, stderr.String())
	}
	paths := strings.Fields(string(out))
	if len(paths) == 0 {
		t.Fatalf("go list %s: got no package, want some", folder)
	}
	return paths
}

func hasPrefix(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
