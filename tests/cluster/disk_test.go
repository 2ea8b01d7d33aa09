//go:build unix

package cluster

import (
	"net/http"
	"strings"
	"testing"
)

// TestStartWithoutEtcd: a node that starts while etcd is down serves what it knew
// before, and says so; without a folder it waits.
func TestStartWithoutEtcd(t *testing.T) {
	at := freeAddresses(t, 4)
	etcdAt, gateway, nodeAdmin, etcdAdmin := at[0], at[1], at[2], at[3]
	data, folder := t.TempDir(), t.TempDir()
	startEtcd := func() *running {
		etcd := start(t, nil, "etcd", "--listen="+etcdAt, "--data-dir="+data, "--fast", "--admin="+etcdAdmin)
		becomes(t, etcdAdmin, http.StatusOK, "true")
		return etcd
	}
	startNode := func(more ...string) *running {
		args := []string{"node", "--id=n", "--listen=" + gateway, "--etcd=http://" + etcdAt, "--admin=" + nodeAdmin, "--restart-check=1s"}
		return start(t, nil, append(args, more...)...)
	}
	says := func(path, what string, status int, words ...string) {
		t.Helper()
		within(t, changeLimit, what, func() bool {
			got, body := get(t, "http://"+nodeAdmin+path)
			for _, word := range words {
				if !strings.Contains(body, word) {
					return false
				}
			}
			return got == status
		})
	}

	etcd := startEtcd()
	put(t, etcdAt, "/services/api/a", `{"v":1,"service":"api","id":"a","host":"10.0.0.7","port":50051}`)
	put(t, etcdAt, "/services/api/b", `{"v":1,"service":"api","id":"b","host":"10.0.0.8","port":50051}`)
	put(t, etcdAt, "/services/node/m", `{"v":1,"service":"node","id":"m","host":"10.0.0.9","port":8080}`) // n withdraws itself
	node := startNode("--state-dir=" + folder)
	becomes(t, nodeAdmin, http.StatusOK, "true")
	says("/admin/restart-safe", "a safe restart, by both", http.StatusOK, `"from": "registry"`, `"registry": 2`, `"disk": 2`)
	node.stopped(t)
	etcd.stopped(t)

	node = startNode("--state-dir=" + folder)
	becomes(t, nodeAdmin, http.StatusOK, "true")
	says("/admin/state", "both instances, from disk", http.StatusOK, `"10.0.0.7:50051"`, `"10.0.0.8:50051"`, `"origin": "disk"`, `"source": "syncing"`)
	says("/admin/restart-safe", "a safe restart, by the disk", http.StatusOK, `"from": "disk"`, `"registry": -1`, `"disk": 2`)
	etcd = startEtcd()
	says("/admin/state", "both instances, from etcd", http.StatusOK, `"10.0.0.7:50051"`, `"origin": "registry"`, `"source": "live"`)
	if log := node.stopped(t).stderr; !strings.Contains(log, `"snapshot_restored"`) && !strings.Contains(log, "serving what an earlier process saved") {
		t.Errorf("log of the start without etcd: got %s, want it to say what is served", log)
	}
	etcd.stopped(t)

	node = startNode()
	says("/admin/restart-safe", "no safe restart, for nothing is saved", http.StatusServiceUnavailable, `"registry": -1`, `"disk": -1`, "the registry is silent")
	becomes(t, nodeAdmin, http.StatusServiceUnavailable, "waiting for etcd")
	node.stopped(t)
}
