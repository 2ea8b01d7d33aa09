//go:build unix

package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// changeLimit bounds how long a role may take to notice what changed: its
// backoff is capped at ten seconds.
const changeLimit = 20 * time.Second

// freeAddresses returns loopback addresses on which nobody listened a moment
// ago, each another one. They lie below the ports that systems give to clients,
// and below those of demos.
func freeAddresses(t *testing.T, n int) []string {
	t.Helper()
	const first, last = 10_000, 19_999
	var free []string
	port := first + rand.IntN(last-first)
	for range last - first {
		if len(free) == n {
			return free
		}
		if port++; port > last {
			port = first
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			free = append(free, address)
		}
	}
	t.Fatalf("free ports from %d to %d: got %d, want %d", first, last, len(free), n)
	return nil
}

// get returns what an endpoint answers, or status 0 when nothing does.
func get(t *testing.T, endpoint string) (status int, body string) {
	t.Helper()
	reply, err := http.Get(endpoint)
	if err != nil {
		return 0, ""
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return 0, ""
	}
	return reply.StatusCode, string(text)
}

// put writes one key through etcd's v2 API.
func put(t *testing.T, etcd, key, value string) {
	t.Helper()
	query := url.Values{"value": {value}}.Encode()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+etcd+"/v2/keys"+key+"?"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if reply.StatusCode/100 != 2 {
		t.Fatalf("put %s: got status %d, want 2xx", key, reply.StatusCode)
	}
}

// becomes waits until a role's readiness is the wanted status and says the words.
func becomes(t *testing.T, admin string, status int, words string) {
	t.Helper()
	within(t, changeLimit, "/admin/ready: "+http.StatusText(status)+" with "+words, func() bool {
		got, body := get(t, "http://"+admin+"/admin/ready")
		return got == status && strings.Contains(body, words)
	})
}

// stopped ends a role as an operator does, and wants it to end well.
func (r *running) stopped(t *testing.T) outcome {
	t.Helper()
	if err := r.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	got := r.wait(t)
	if got.code != 0 {
		t.Errorf("%v after SIGTERM: got code %d, want 0: %s", r.command.Args[1:2], got.code, got.stderr)
	}
	return got
}

// sourceOf says how a chat node stands to etcd, and since when it has not heard of it.
func sourceOf(t *testing.T, admin string) (source string, ageMS int64) {
	t.Helper()
	_, body := get(t, "http://"+admin+"/admin/state")
	var state struct {
		Services []struct {
			Service string `json:"service"`
			Source  string `json:"source"`
			AgeMS   int64  `json:"confirmed_age_ms"`
		} `json:"services"`
	}
	if err := json.Unmarshal([]byte(body), &state); err != nil || len(state.Services) != 2 || state.Services[0].Service != "api" {
		t.Fatalf("/admin/state: got %q (%v), want api and node", body, err)
	}
	return state.Services[0].Source, state.Services[0].AgeMS
}

// acked is how many messages of a load were acknowledged.
func acked(t *testing.T, admin string) int {
	t.Helper()
	_, body := get(t, "http://"+admin+"/admin/stats")
	var stats struct {
		Acked int `json:"messages_acked_total"`
	}
	if err := json.Unmarshal([]byte(body), &stats); err != nil {
		t.Fatalf("/admin/stats: got %q (%v)", body, err)
	}
	return stats.Acked
}

// TestRolesWaitForWhatTheyNeed starts a cluster by hand in the wrong order, then
// takes its etcd away.
func TestRolesWaitForWhatTheyNeed(t *testing.T) {
	at := freeAddresses(t, 8)
	etcdAt, storeAt, gateway := at[0], at[1], at[2]
	nodeAdmin, apiAdmin, etcdAdmin, loadAdmin := at[3], at[4], at[5], at[6]
	restAt, result := at[7], filepath.Join(t.TempDir(), "load.json")

	load := start(t, nil, "load", "--gateway=ws://"+gateway, "--users=5", "--admin="+loadAdmin,
		"--rest=http://"+restAt, "--messages=5/s", "--compress=zlib-stream", "--json="+result)
	node := start(t, nil, "node", "--id=n", "--listen="+gateway, "--etcd=http://"+etcdAt, "--admin="+nodeAdmin, "--admission=off")
	api := start(t, nil, "api", "--id=a", "--etcd=http://"+etcdAt, "--store="+storeAt, "--admin="+apiAdmin, "--rest="+restAt, "--gateway=ws://"+gateway)
	becomes(t, nodeAdmin, http.StatusServiceUnavailable, "waiting for etcd")
	becomes(t, apiAdmin, http.StatusServiceUnavailable, "store: ")
	becomes(t, loadAdmin, http.StatusServiceUnavailable, "nobody has been connected")

	folder := t.TempDir()
	etcdFlags := []string{"etcd", "--listen=" + etcdAt, "--data-dir=" + folder, "--fast", "--admin=" + etcdAdmin}
	etcd := start(t, nil, etcdFlags...)
	store := start(t, nil, "store", "--listen="+storeAt, "--data-dir="+t.TempDir(), "--users=5", "--guilds=1")
	becomes(t, etcdAdmin, http.StatusOK, "true")
	becomes(t, apiAdmin, http.StatusOK, "true")
	becomes(t, nodeAdmin, http.StatusOK, "true")
	becomes(t, loadAdmin, http.StatusOK, "true")

	listed := start(t, nil, "list", "--etcd=http://"+etcdAt, "api").wait(t)
	if listed.code != 0 || !strings.Contains(listed.stdout, "a ") || listed.stderr != "" {
		t.Errorf("list: got %+v, want code 0 and the instance a", listed)
	}
	put(t, etcdAt, "/services/api/bad", "{")
	listed = start(t, nil, "list", "--etcd=http://"+etcdAt, "api").wait(t)
	if listed.code != 3 || !strings.Contains(listed.stdout, "bad: ") || strings.Count(listed.stderr, "\n") != 1 {
		t.Errorf("list with a bad record: got %+v, want code 3, the record and one line", listed)
	}

	etcd.stopped(t)
	within(t, changeLimit, "a stale view", func() bool { source, _ := sourceOf(t, nodeAdmin); return source == "stale" })
	if _, age := sourceOf(t, nodeAdmin); age < 0 {
		t.Errorf("age of what the node knows: got %d ms, want it said", age)
	}
	if status, body := get(t, "http://"+nodeAdmin+"/admin/ready"); status != http.StatusOK {
		t.Errorf("node whose etcd went away: got %d %s, want it in service with what it last knew", status, body)
	}
	etcd = start(t, nil, etcdFlags...)
	within(t, changeLimit, "a live view", func() bool { source, _ := sourceOf(t, nodeAdmin); return source == "live" })

	within(t, changeLimit, "messages", func() bool { return acked(t, loadAdmin) > 0 })
	wrote := load.stopped(t)
	var report struct {
		Connected int                      `json:"connected"`
		Acked     int                      `json:"messages_acked_total"`
		Read      struct{ Read, Lost int } `json:"read_back"`
	}
	if text, err := os.ReadFile(result); err != nil || json.Unmarshal(text, &report) != nil || report.Read.Read != report.Acked || report.Acked == 0 || report.Read.Lost != 0 || report.Connected != 5 {
		t.Errorf("load's result: got %+v of %s (%v), want 5 connected and all messages read back", report, text, err)
	}
	if want := fmt.Sprintf("0 of %d\n", report.Acked); !strings.Contains(wrote.stdout, "acknowledged, lost ") || !strings.HasSuffix(wrote.stdout, want) {
		t.Errorf("load's table: got %q, want it to end with what is lost: %s", wrote.stdout, want)
	}
	got := node.stopped(t)
	for _, row := range []struct {
		line string
		want int
	}{
		{"the registry does not answer", 2},
		{"the registry answers again", 2},
		{"directory read", 1},
	} {
		n := 0
		for line := range strings.Lines(got.stderr) {
			if strings.Contains(line, row.line) && strings.Contains(line, "service=api") {
				n++
			}
		}
		if n != row.want {
			t.Errorf("node's log: got %q %d times, want %d: one line for each change of state\n%s", row.line, n, row.want, got.stderr)
		}
	}
	if got := api.stopped(t); strings.Count(got.stderr, "store is away") != 1 || strings.Count(got.stderr, "store answers") != 1 {
		t.Errorf("api's log: got %q, want one line that the store is away and one that it answers", got.stderr)
	}
	store.stopped(t)
	etcd.stopped(t)
}
