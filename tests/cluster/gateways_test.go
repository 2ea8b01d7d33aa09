//go:build unix

package cluster

import (
	"net/http"
	"strings"
	"testing"
)

// TestRESTSendsClientsToListedNodes: where clients are sent follows the directory of
// chat nodes; a record that breaks keeps its last good value, and the flag stands in
// while nobody is listed.
func TestRESTSendsClientsToListedNodes(t *testing.T) {
	at := freeAddresses(t, 6)
	etcdAt, etcdAdmin, bare, flagged, bareAdmin, flaggedAdmin := at[0], at[1], at[2], at[3], at[4], at[5]
	etcd := start(t, nil, "etcd", "--listen="+etcdAt, "--data-dir="+t.TempDir(), "--fast", "--admin="+etcdAdmin)
	becomes(t, etcdAdmin, http.StatusOK, "true")
	// No store: where a gateway is, anybody may ask.
	first := start(t, nil, "api", "--id=a", "--etcd=http://"+etcdAt, "--store=127.0.0.1:1", "--rest="+bare, "--admin="+bareAdmin)
	second := start(t, nil, "api", "--id=b", "--etcd=http://"+etcdAt, "--store=127.0.0.1:1", "--rest="+flagged, "--admin="+flaggedAdmin,
		"--announce=incident", "--gateway=ws://10.0.0.1:1")
	// sends holds that each of the URLs is told within as many calls, and no other.
	sends := func(rest, what string, urls ...string) {
		t.Helper()
		within(t, changeLimit, what, func() bool {
			told := map[string]bool{}
			for range max(len(urls), 1) {
				status, body := get(t, "http://"+rest+"/api/v10/gateway")
				if status == http.StatusOK {
					told[strings.TrimSuffix(strings.TrimPrefix(body, `{"url":"`), `"}`)] = true
				} else if status != http.StatusServiceUnavailable {
					return false
				}
			}
			for _, url := range urls {
				if !told[url] {
					return false
				}
			}
			return len(told) == len(urls)
		})
	}
	record := func(id, more string) string {
		return `{"v":1,"service":"node","id":"` + id + `","host":"10.0.0.7","port":7001` + more + `}`
	}

	sends(bare, "nobody, while nobody is listed")
	sends(flagged, "the flag's, while nobody is listed", "ws://10.0.0.1:1")
	put(t, etcdAt, "/services/node/n1", record("n1", `,"meta":{"gateway":"ws://10.0.0.7:8080"}`))
	put(t, etcdAt, "/services/node/n2", record("n2", `,"meta":{"gateway":"wss://n2.example"}`))
	put(t, etcdAt, "/services/node/n3", record("n3", `,"meta":{"gateway":"http://n3.example"}`)) // no gateway at all
	put(t, etcdAt, "/services/node/n4", record("n4", ""))
	for _, rest := range []string{bare, flagged} {
		sends(rest, "both who are listed", "ws://10.0.0.7:8080", "wss://n2.example")
	}
	put(t, etcdAt, "/services/node/n2", "") // first, so that it is known when the other one is
	put(t, etcdAt, "/services/node/n1", record("n1", `,"state":"draining","meta":{"gateway":"ws://10.0.0.7:8080"}`))
	for _, rest := range []string{bare, flagged} {
		sends(rest, "the one that neither leaves nor is poisoned for good", "wss://n2.example")
	}
	for _, r := range []*running{first, second, etcd} {
		r.stopped(t)
	}
}
