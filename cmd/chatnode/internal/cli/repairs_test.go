package cli

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
)

// repairing is a store with repairs, and its admin listener.
func repairing(t *testing.T, share float64) (*store.Server, *admin) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := store.New(store.Config{
		Listener: listener, DataDir: filepath.Join(t.TempDir(), "store"), Users: 10, Guilds: 1,
		RepairShare: share, RepairEvery: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	task := background(t.Context(), server.Serve)
	t.Cleanup(func() { _ = task.stop() })
	a, err := role{Admin: "127.0.0.1:0"}.openAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a.showRepairs(server.Repairs(), actorsadmin.Config{Loopback: true})
	a.showLoad(func() any { return server.Load() }, server.Lane())
	a.serve(&session{log: zerolog.Nop()}, server.Ready)
	t.Cleanup(func() { a.stop(context.Background()) })
	return server, a
}

func TestCtlRepairs(t *testing.T) {
	server, a := repairing(t, 0.5)
	ctl := func(args string, code int, want ...string) {
		t.Helper()
		got := execution(t, nil, strings.Fields("ctl repairs "+args+" --admin "+a.url())...)
		for _, w := range want {
			if got.code != code || !strings.Contains(got.stdout+got.stderr, w) {
				t.Errorf("ctl repairs %s: got %+v, want %d and %q", args, got, code, w)
			}
		}
	}
	ctl("pause --reason=look --for=1h", 0, "repairs: paused", "held by    operator", ": look")
	if err := server.Repairs().Pause("brake", "level 2", 0); err != nil {
		t.Fatal(err)
	}
	ctl("resume", 0, "repairs: paused", "held by    brake")
	ctl("resume --all", 0, "repairs: ", "in all")
	if got := server.Repairs().Status(); len(got.HeldBy) != 0 {
		t.Errorf("after resume --all: got %+v, want nobody", got.HeldBy)
	}
	ctl("status --json", 0, `"rows_total":`)
	ctl("pause --for=soon", 1, `a pause of "soon"`)
	if code, body := ask(t, a, "/admin/load"); code != http.StatusOK || !strings.Contains(body, `"limit":`) {
		t.Errorf("/admin/load: got %d %s, want the load", code, body)
	}
	if code, body := ask(t, a, "/admin/metrics"); code != http.StatusOK || !strings.Contains(body, `chatnode_work_limit{lane="store"}`) ||
		!strings.Contains(body, "chatnode_repairs_passes_total") {
		t.Errorf("/admin/metrics: got %d %.200s, want the lane's and the repairs'", code, body)
	}
}

func TestRepairCommands(t *testing.T) {
	_, a := repairing(t, 0.5)
	_, off := repairing(t, 0)
	for _, row := range []struct {
		name, body string
		at         *admin
		header     string
		want       int
	}{
		{"pause", `{"action":"pause","by":"brake"}`, a, "", 200},
		{"resume", `{"action":"resume","by":"brake"}`, a, "", 200},
		{"another action", `{"action":"stop"}`, a, "", 400},
		{"another member", `{"action":"pause","force":true}`, a, "", 400},
		{"no JSON", `pause`, a, "", 400},
		{"from another site", `{"action":"pause"}`, a, "http://else.example", 403},
		{"of a store without any", `{"action":"pause"}`, off, "", 400},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, row.at.url()+"/admin/repairs", strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if row.header != "" {
			request.Header.Set("Origin", row.header)
		}
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		if reply.StatusCode != row.want {
			t.Errorf("%s: got %d, want %d", row.name, reply.StatusCode, row.want)
		}
	}
}

func TestRepairsAreDescribed(t *testing.T) {
	at := time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)
	got := describeRepairs(store.RepairStatus{
		State: store.RepairsPaused, Share: 0.5, Workers: 4, Progress: 0.42, Passes: 1, Rows: 30, Found: 3, Repaired: 1,
		HeldBy: []store.Hold{{By: "brake", Reason: "level\n2", Since: at, Until: at.Add(time.Minute)}},
		Pass:   &store.Pass{Rows: 10},
		LastPass: &store.Pass{Rows: 20, Found: 3, Repaired: 1, Findings: []store.Finding{
			{Bucket: "guilds", Key: "7", What: "its channel 9 does not lead to it", Repaired: true},
			{Bucket: "messages", Key: "9/1", What: "it does not decode"},
		}},
	})
	want := `repairs: paused
  share      50 % of the store's workers (4) while they run
  held by    brake since 14:18:00, until 14:19:00: "level\n2"
  this pass  42 %: 10 rows read, 0 damaged, 0 of them repaired
  last pass  20 rows read, 3 damaged, 1 of them repaired
    guilds 7: its channel 9 does not lead to it (repaired)
    messages 9/1: it does not decode
    and 1 more
  in all     passes 1, rows 30, damaged 3, repaired 1
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
