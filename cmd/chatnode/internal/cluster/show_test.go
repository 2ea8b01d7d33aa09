package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
	"github.com/firebreak-go/firebreak/registry"
)

func testShow(t *testing.T, cfg Config) *show {
	t.Helper()
	s, err := openShow(t.Context(), cfg.withDefaults(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// begun is a show in the middle of an act of two nodes.
func begun(t *testing.T, cfg Config) *show {
	t.Helper()
	s := testShow(t, cfg)
	s.recorder.Begin(page.FoldConfig{Start: time.Now(), Nodes: []string{"node-1", "node-2"}, Users: 10, Intensity: 3, Window: time.Second}, page.Act{Name: ProfileNaive})
	return s
}

func TestWhatActsSeeIsShown(t *testing.T) {
	s := begun(t, Config{})
	now := time.Now()
	s.tell(processStarted{At: now, Name: "node-1", Role: roleNode, Life: 1})
	s.tell(processReady{At: now, Name: "node-1", Role: roleNode, Life: 1})
	s.tell(processStarted{At: now, Name: "etcd", Role: roleEtcd, Life: 1})
	s.tell(processExited{At: now, Name: "etcd", Role: roleEtcd, Life: 1, Code: 1})
	s.tell(putForwarded{At: now}) // an ordinary beat
	s.tell(putCut{At: now})
	s.tell(putForwarded{At: now})
	s.tell(putForwarded{At: now})
	s.record(registry.ChangePut, registry.Entry{Key: "/services/api/api-4", Index: 7})
	s.told("node-1", 1, actors.Event{Kind: actors.EventKeyQuarantined, Service: apiService, Key: "/services/api/api-4", Class: "empty", Index: 7})
	s.told("node-1", 1, actors.Event{Kind: actors.EventKeyQuarantined, Service: "node", Key: "/services/node/x", Class: "empty"})
	s.see(page.ActOver{At: now, Summary: "that was it"})

	f, err := s.feed.Last(0)
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for _, flag := range f.Flags {
		flags = append(flags, string(flag.Kind)+": "+flag.Text)
	}
	want := "exit: etcd exited with code 1 (it failed)|poison: the proxy cut an announcement between its headers and its body|" +
		"action: the announcer wrote its record again, in full|poison: etcd holds a bad record for api-4: empty"
	if got := strings.Join(flags, "|"); got != want {
		t.Errorf("flags:\n got %s\nwant %s", got, want)
	}
	if f.Nodes[0].State != page.NodeUp || f.Verdict.Text != "over: that was it" || f.Registry.BadTotal != 1 {
		t.Errorf("frame: got %+v", f)
	}
	if d, err := s.Key(t.Context(), "/services/api/api-4"); err != nil || fmt.Sprint(d.History[0].By.Refused) != "[node-1]" {
		t.Errorf("history of the key: got %+v, %v, want node-1 to have refused it", d, err)
	}
	if cut := s.feed.Run().Acts[0].Cut; cut == nil || *cut != now.UnixMilli() {
		t.Errorf("cut of the act: got %v, want the moment", cut)
	}
}

func TestWatchersAreFoundAmongMetrics(t *testing.T) {
	for _, row := range []struct {
		text  string
		n     int
		there bool
	}{
		{"# TYPE etcd_debugging_store_watchers gauge\netcd_debugging_store_watchers 12\nother 7\n", 12, true},
		{"a 1\netcd_debugging_store_watchers 1.2e+01", 12, true},
		{"a 1\netcd_debugging_store_watchers many\n", 0, false},
		{"# HELP etcd_debugging_store_watchers 5\n", 0, false},
		{"", 0, false},
	} {
		if n, there := watchersOf([]byte(row.text)); n != row.n || there != row.there {
			t.Errorf("%q: got %d, %v, want %d, %v", row.text, n, there, row.n, row.there)
		}
	}
}

func TestNobodyLooking(*testing.T) {
	var s *show // of the tests that play acts without one
	s.tell(putCut{})
	s.told("node-1", 1, actors.Event{Kind: actors.EventKeyQuarantined})
	s.record(registry.ChangePut, registry.Entry{})
	s.leave(&act{})
}

func TestNodeShowsItsTree(t *testing.T) {
	root := actors.Node{ID: "root", Path: "root", State: "running", Supervisor: &actors.SupervisorNode{
		Used: 1, Allowed: 3, PeriodMS: 5000, Omitted: 2,
		Decisions: []actors.Decision{{AgoMS: 10, Input: "start", Effects: []string{"start child a", "b"}, More: 4}},
		Children: []actors.Node{
			{ID: "a", Path: "root/a", State: "backing off", UntilMS: 700, Restarts: 2, LastExit: "error: x", Supervisor: &actors.SupervisorNode{
				Allowed: -1, Decisions: []actors.Decision{{AgoMS: 500, Input: "older"}},
			}},
		},
	}}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(root) }))
	defer web.Close()
	s := begun(t, Config{})
	s.act = &act{layout: layout{nodes: []server{
		{name: "node-1", admin: strings.TrimPrefix(web.URL, "http://")}, {name: "node-2", admin: "127.0.0.1:1"},
	}}}
	d, err := s.Node(t.Context(), "node-1")
	if err != nil || d.Tree == nil {
		t.Fatalf("node-1: got %+v, %v, want its tree", d, err)
	}
	child := d.Tree.Children[0]
	if d.Tree.Kind != "supervisor" || d.Tree.Used != 1 || d.Tree.Intensity != 3 || d.Tree.Omitted != 2 || child.BackoffMS != 700 || child.Intensity != -1 {
		t.Errorf("tree: got %+v", *d.Tree)
	}
	var texts []string
	for _, decision := range d.Decisions {
		texts = append(texts, decision.Text)
	}
	if got := strings.Join(texts, "|"); got != "root/a: older|root: start → start child a, b and 4 more" {
		t.Errorf("decisions: got %s, want both, the oldest first", got)
	}
	if d, err := s.Node(t.Context(), "node-2"); err != nil || d.Tree != nil || !strings.Contains(d.Note, "does not answer") {
		t.Errorf("node that is down: got %+v, %v, want a note", d, err)
	}
	if _, err := s.Node(t.Context(), "node-9"); err == nil {
		t.Error("unknown node: got no error, want one")
	}
}

// TestPageIsServedAndRecorded goes once round: over HTTP, into a file, and back.
func TestPageIsServedAndRecorded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "run.jsonl")
	cfg := Config{Page: PageConfig{Listener: l, RecordFile: file, ReportFile: filepath.Join(folder, "r.html"), CSVDir: filepath.Join(folder, "csv")}}.withDefaults()
	s, err := openShow(t.Context(), cfg, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.recorder.Begin(page.FoldConfig{Start: time.Now(), Nodes: []string{"node-1"}, Users: 10}, page.Act{Name: ProfileNaive})
	reply, err := http.Get("http://" + l.Addr().String() + "/api/events")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	lines := bufio.NewScanner(reply.Body)
	within(t, 20*time.Second, "the first frame", func() bool { return lines.Scan() && strings.HasPrefix(lines.Text(), "event: frame") })
	s.flag(time.Now(), page.FlagAction, "somebody did something")
	within(t, 20*time.Second, "the flag to reach the page", func() bool { return lines.Scan() && strings.Contains(lines.Text(), "somebody did") })
	s.ended(t.Context(), Results{Acts: []ActResult{{Profile: ProfileNaive}}}, false)
	if err := s.report(); err != nil {
		t.Error(err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	recorded, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer recorded.Close()
	player, err := page.OpenRecording(recorded)
	if err != nil {
		t.Fatal(err)
	}
	feed := page.NewFeed(player.Run(), nil)
	if err := player.Play(t.Context(), feed, 1000); err != nil {
		t.Fatal(err)
	}
	table := feed.Table()
	if table == nil || len(table.Rows) < 10 || len(table.Rows[0]) != 2 {
		t.Errorf("table of the recording: got %+v, want all rows of one act", table)
	}
	for _, path := range []string{"r.html", "csv/1-naive-series.csv", "csv/result.csv"} {
		if info, err := os.Stat(filepath.Join(folder, path)); err != nil || info.Size() == 0 {
			t.Errorf("%s: got %v, want it written", path, err)
		}
	}
}
