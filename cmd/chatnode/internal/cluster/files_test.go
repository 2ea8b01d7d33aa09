package cluster

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
)

// A reader that polls the ready file must never see half of it.
func TestReadyFileIsReplacedWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ready.json")
	l := testLayout(t)
	if err := writeJSON(path, newReadyFile("naive", "/tmp/x", l, map[string]int{"node-1": 1})); err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	done := make(chan struct{})
	writing.Go(func() {
		defer close(done)
		for i := range 300 {
			// Longer and shorter by turns, so that a part would show.
			pids := map[string]int{"node-1": i + 1}
			if i%2 == 0 {
				for _, s := range l.all() {
					pids[s.name] = i + 1
				}
			}
			if err := writeJSON(path, newReadyFile("naive", "/tmp/x", l, pids)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	reads := 0
	for running := true; running; reads++ {
		select {
		case <-done:
			running = false
		default:
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("read %d: %v", reads, err)
		}
		var got readyFile
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("read %d: %v in %q", reads, err, data)
		}
	}
	writing.Wait()
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("folder after %d reads: got %v, %v, want the ready file alone", reads, left, err)
	}
}

func TestReadyFileFormat(t *testing.T) {
	l := testLayout(t)
	pids := map[string]int{"etcd": 1, "api-1": 2, "node-1": 3, "node-2": 4}
	file := newReadyFile("naive", "/tmp/x", l, pids)
	file.Bots = []string{"a", "b"}
	got, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"act":"naive","etcd":"http://h:1","gateways":["ws://h:11","ws://h:13"],"apis":["h:7"],"rest":["http://h:16"],"bots":["a","b"],` +
		`"admin":["http://h:12","http://h:14"],"pids":{"api-1":2,"etcd":1,"node-1":3,"node-2":4},` +
		`"admins":{"api-1":"http://h:8","etcd":"http://h:2","node-1":"http://h:12","node-2":"http://h:14"},"folder":"/tmp/x"}`
	if string(got) != want {
		t.Errorf("ready file:\n got %s\nwant %s", got, want)
	}
}

// The bots are two users that the store knows, also in the smallest demo.
func TestBotsAreUsers(t *testing.T) {
	for _, users := range []int{2, 40, 2000} {
		c := Config{Users: users, Seed: 7}
		want := []string{store.Token(7, 0), store.Token(7, max(users/40, 1))} // home guilds go round
		if got := c.bots(); !slices.Equal(got, want) {
			t.Errorf("bots of %d users: got %v, want %v", users, got, want)
		}
	}
}

// testLayout is a small cluster with addresses that are easy to tell apart.
func testLayout(t *testing.T) layout {
	t.Helper()
	return layout{
		etcd:   server{name: "etcd", role: roleEtcd, listen: "h:1", admin: "h:2"},
		store:  server{name: "store", role: roleStore, listen: "h:3", admin: "h:4"},
		load:   server{name: "load", role: roleLoad, admin: "h:6"},
		apis:   []server{{name: "api-1", role: roleAPI, listen: "h:7", admin: "h:8", rest: "h:16"}},
		joiner: server{name: "api-2", role: roleAPI, listen: "h:9", admin: "h:10"},
		nodes: []server{
			{name: "node-1", role: roleNode, listen: "h:11", admin: "h:12"},
			{name: "node-2", role: roleNode, listen: "h:13", admin: "h:14"},
		},
		etcdPeer: "http://h:15", key: "/services/api/api-2",
	}
}

func TestWriteJSONNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "out.json")
	if err := writeJSON(path, 1); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("file in a missing folder: got %v, want an error that names %s", err, path)
	}
	if err := checkWritable(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("check of a file in a missing folder: got %v, want an error that names %s", err, path)
	}
}

func TestTailIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := tail(path); got != nil {
		t.Errorf("tail of no file: got %q, want none", got)
	}
	write("\n\n")
	if got := tail(path); got != nil {
		t.Errorf("tail of an empty file: got %q, want none", got)
	}
	write("one\ntwo\n")
	if got := tail(path); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("tail: got %q, want both lines", got)
	}
	write(strings.Repeat("old line\n", 100_000) + "the end\n")
	if got := tail(path); len(got) != tailLines || got[tailLines-1] != "the end" {
		t.Errorf("tail of a long file: got %d lines ending %q, want %d ending with the end", len(got), got[len(got)-1], tailLines)
	}
}
