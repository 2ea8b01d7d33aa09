//go:build unix

package cluster

import (
	"bufio"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestOperatorsHands uses the registry commands on a real node and a real etcd.
func TestOperatorsHands(t *testing.T) {
	at := freeAddresses(t, 4)
	etcdAt, gateway, nodeAdmin, etcdAdmin := at[0], at[1], at[2], at[3]
	etcd := start(t, nil, "etcd", "--listen="+etcdAt, "--data-dir="+t.TempDir(), "--fast", "--admin="+etcdAdmin)
	node := start(t, nil, "node", "--id=n", "--listen="+gateway, "--etcd=http://"+etcdAt, "--admin="+nodeAdmin)
	becomes(t, etcdAdmin, http.StatusOK, "true")
	put(t, etcdAt, "/services/api/a", `{"v":1,"service":"api","id":"a","host":"10.0.0.7","port":50051}`)
	put(t, etcdAt, "/services/api/b", `{"v":1,"service":"api","id":"b","host":"10.0.0.8","port":50051}`)
	becomes(t, nodeAdmin, http.StatusOK, "true")

	run := func(code int, want string, args ...string) {
		t.Helper()
		got := start(t, nil, append([]string{"registry"}, args...)...).wait(t)
		if got.code != code || !strings.Contains(got.stdout+got.stderr, want) || strings.Contains(got.stdout+got.stderr, "\x1b") {
			t.Errorf("registry %v: got %+v, want code %d, %q and no escape sequence", args, got, code, want)
		}
	}
	store, admin := "--etcd=http://"+etcdAt, "--admin="+nodeAdmin
	run(0, "directories below /services: 0 bad", "lint", store)
	put(t, etcdAt, "/services/api/b", "{\x1b[31m")
	run(3, `/services/api/b  syntax`, "lint", store)
	run(3, `"verdict":"syntax"`, "lint", store, "--json")
	within(t, changeLimit, "the quarantine", func() bool {
		_, body := get(t, "http://"+nodeAdmin+"/admin/why?service=api&key=b")
		return strings.Contains(body, "last good value")
	})
	run(0, "picked, with its last good value", "why", "api/b", admin)
	within(t, changeLimit, "the watches of the node's directories", func() bool {
		// One for each directory, and one for what other consumers complain of.
		watchers := start(t, nil, "registry", "watchers", store, "--json").wait(t).stdout
		return strings.Contains(watchers, `"watchers":2`) || strings.Contains(watchers, `"watchers":3`)
	})
	run(0, "WATCHERS", "watchers", store)
	run(1, "does not say how many watch it", "watchers", "--etcd=http://"+gateway)
	run(0, `verdict syntax`, "export", "api/b", store)
	run(0, `"value":"extbMzFt"`, "export", "/services/api/b", admin, "--json")
	run(0, "done", "ban", "api/a", admin, "--reason=a \x1b[1m")
	run(0, "an operator has banned it", "why", "api/a", admin)
	run(1, "is banned, which is stronger", "pin", "api/a", admin)
	run(0, "order: /services/api/a is banned", "ls", "api", admin)
	for _, command := range []string{"unban", "pin", "unpin", "quarantine", "release"} {
		run(0, "done", command, "api/a", admin)
	}
	for _, command := range []string{"hold", "thaw", "accept"} {
		run(0, "done", command, "api", admin)
	}
	run(0, "good", "get", "api/a", store)
	run(1, "is not in etcd", "get", "api/z", store)

	for name, flag := range map[string]string{"etcd": store, "node": admin} {
		put(t, etcdAt, "/services/api/c-"+name, "")
		watch := exec.CommandContext(t.Context(), chatnode(t), "registry", "watch", "api", flag, "--json")
		out, err := watch.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := watch.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		told := false
		for !told && lines.Scan() {
			told = strings.Contains(lines.Text(), "c-"+name)
		}
		if !told {
			t.Errorf("watch of the %s: ended without the bad key", name)
		}
		if err := watch.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, out)
		if err := watch.Wait(); err != nil {
			t.Errorf("watch of the %s, interrupted: got %v, want it to end well", name, err)
		}
	}
	node.stopped(t)
	etcd.stopped(t)
}
