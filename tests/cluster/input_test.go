//go:build unix

package cluster

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBadInputIsOneLine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	inUse := taken.Addr().String()
	// Root may write anywhere, but nobody can make a folder under a file.
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := t.TempDir()

	for _, row := range []struct {
		name string
		env  []string
		args []string
		code int
		want string // what the line must name
	}{
		{"unknown flag", nil, []string{"node", "--id=n", "--colour"}, 2, "--colour"},
		{"unknown command", nil, []string{"serve"}, 2, "serve"},
		{"malformed URL", nil, []string{"node", "--id=n", "--etcd=nowhere"}, 2, `--etcd: "nowhere"`},
		{"malformed gateway", nil, []string{"load", "--gateway=http://127.0.0.1:1"}, 2, `--gateway: "http://127.0.0.1:1"`},
		{"messages to nobody", nil, []string{"load", "--messages=5/s"}, 2, "--rest"},
		{"a rate that is none", nil, []string{"load", "--messages=often"}, 2, "--messages"},
		{"load's result cannot be written", nil, []string{"load", "--json=" + file + "/below"}, 1, file + "/below"},
		{"more users than sockets", nil, []string{"load", "--users=900000000"}, 2, "users"},
		{"bad value in the environment", []string{"FIREBREAK_ETCD=nowhere"}, []string{"list", "api"}, 2, "FIREBREAK_ETCD"},
		{"bad number in the environment", []string{"FIREBREAK_NODES=many"}, []string{"demo"}, 2, "FIREBREAK_NODES"},
		{"node's port in use", nil, []string{"node", "--id=n", "--listen=" + inUse}, 1, inUse},
		{"api's port in use", nil, []string{"api", "--id=a", "--listen=" + inUse}, 1, inUse},
		{"store's port in use", nil, []string{"store", "--data-dir=" + fresh, "--listen=" + inUse}, 1, inUse},
		{"etcd's port in use", nil, []string{"etcd", "--data-dir=" + fresh, "--listen=" + inUse}, 1, inUse},
		{"admin port in use", nil, []string{"load", "--admin=" + inUse}, 1, inUse},
		{"store's folder is a file", nil, []string{"store", "--listen=127.0.0.1:0", "--data-dir=" + file}, 1, file},
		{"etcd's folder is under a file", nil, []string{"etcd", "--listen=127.0.0.1:0", "--data-dir=" + file + "/below"}, 1, file + "/below"},
		{"demo's result cannot be written", nil, []string{"demo", "--headless", "--json=" + file + "/below"}, 1, file + "/below"},
		{"demo's folder is a file", nil, []string{"demo", "--headless", "--dir=" + file}, 1, file},
		{"registry key", nil, []string{"registry", "why", "api", "--admin=127.0.0.1:1"}, 2, "service/id"},
		{"registry node is away", nil, []string{"registry", "ban", "api/a", "--admin=127.0.0.1:1"}, 1, "http://127.0.0.1:1"},
		{"registry lint without etcd", nil, []string{"registry", "lint", "--etcd=http://127.0.0.1:1"}, 1, "http://127.0.0.1:1"},
		{"etcd is away", nil, []string{"list", "--etcd=http://127.0.0.1:1", "api"}, 1, "http://127.0.0.1:1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := start(t, row.env, row.args...).wait(t)
			if got.code != row.code {
				t.Errorf("exit code: got %d, want %d", got.code, row.code)
			}
			if strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, row.want) {
				t.Errorf("stderr: got %q, want one line that names %s", got.stderr, row.want)
			}
			if got.stdout != "" {
				t.Errorf("stdout: got %q, want nothing", got.stdout)
			}
		})
	}
}
