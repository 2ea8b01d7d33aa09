package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident/monitor"
)

// fakeNode is a chat node's admin listener.
func fakeNode(t *testing.T) (url string, sessions *atomic.Int64) {
	t.Helper()
	sessions = new(atomic.Int64)
	sessions.Store(500)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /admin/metrics", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "chatnode_sessions %d\n", sessions.Load())
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, sessions
}

// TestWatchTellsAndCtlShows runs the command over a node of which half the sessions
// go, with a webhook that says when to go on.
func TestWatchTellsAndCtlShows(t *testing.T) {
	node, sessions := fakeNode(t)
	notices := make(chan monitor.Notice, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n monitor.Notice
		_ = json.NewDecoder(r.Body).Decode(&n)
		notices <- n
	}))
	defer hook.Close()

	logs, written := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() {
		done <- Run(ctx, Process{
			Args: []string{
				"watch", "--listen=127.0.0.1:0", "--no-find", "--node-admin=" + node, "--every=100ms", "--hold=300ms",
				"--webhook=" + hook.URL, "--data-dir=" + t.TempDir(), "--log-format=json",
			},
			Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: written,
		})
		_ = written.Close()
	}()
	var first struct {
		Status string `json:"status"`
	}
	if err := json.NewDecoder(logs).Decode(&first); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, logs) }()
	base := strings.TrimSuffix(first.Status, "/status")

	ready := func() bool { // five readings make a level
		var v incident.View
		got := execution(t, nil, "ctl", "status", "--json", "--url="+base)
		return json.Unmarshal([]byte(got.stdout), &v) == nil && v.State == incident.Operational
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		<-tick.C
	}
	sessions.Store(250)
	if n := <-notices; n.Event != "opened" || n.Severity != incident.SEV1 {
		t.Errorf("notice: got %s %s, want an opening of SEV1", n.Event, n.Severity)
	}
	sessions.Store(500)
	if n := <-notices; n.Event != "closed" {
		t.Errorf("notice: got %s, want the end", n.Event)
	}
	// What is shown may be a second old.
	for !strings.Contains(execution(t, nil, "ctl", "incidents", "--url="+base).stdout, "closed") {
		<-tick.C
	}
	for _, row := range []struct{ args, want string }{
		{"ctl status", "Connected sessions  500"},
		{"ctl incidents", "1   SEV1      closed"},
		{"ctl incidents 1", "Paged, SEV1: sessions were lost"},
		{"ctl incidents 1", "Connected sessions: 250 at worst, from 500"},
		{"ctl incidents --json", `"kind":"paged"`},
		{"ctl incidents 1 --json", `"severity":"SEV1"`},
	} {
		got := execution(t, nil, append(strings.Fields(row.args), "--url="+base)...)
		if got.code != 0 || !strings.Contains(got.stdout, row.want) {
			t.Errorf("%s: got %d, %q and %q, want %q", row.args, got.code, got.stdout, got.stderr, row.want)
		}
	}
	if got := execution(t, nil, "ctl", "incidents", "7", "--url="+base); got.code != 1 || !strings.Contains(got.stderr, "refused: no such incident is kept") {
		t.Errorf("an incident that is not there: got %d and %q, want a line about it", got.code, got.stderr)
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("exit code: got %d, want 0", code)
	}
}

// TestAnnouncedAdmin: nobody is told of a listener that he cannot reach.
func TestAnnouncedAdmin(t *testing.T) {
	for _, row := range []struct{ listen, host, want string }{
		{"127.0.0.1:0", "127.0.0.1", "http://127.0.0.1:PORT"},
		{"127.0.0.1:0", "10.0.0.7", ""},
		{"127.0.0.1:0", "api.example", ""},
		{"0.0.0.0:0", "10.0.0.7", "http://10.0.0.7:PORT"},
		{"0.0.0.0:0", "fd00::7", "http://[fd00::7]:PORT"},
	} {
		a, err := role{Admin: address(row.listen)}.openAdmin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		port := a.url()[strings.LastIndexByte(a.url(), ':')+1:]
		if got, want := a.announced(row.host)[adminMeta], strings.ReplaceAll(row.want, "PORT", port); got != want {
			t.Errorf("%s of %s: got %q, want %q", row.listen, row.host, got, want)
		}
		a.stop(t.Context())
	}
}

// TestWebhookIsNotShown: the path of a webhook is often all the secret there is.
func TestWebhookIsNotShown(t *testing.T) {
	var c watchCommand
	c.Webhook = []webhookURL{"https://hooks.example/T00/secret"}
	if got := written(reflect.ValueOf(c.Webhook)); strings.Contains(got, "secret") || !strings.Contains(got, "hooks.example") {
		t.Errorf("setting: got %q, want the host only", got)
	}
	got := execution(t, nil, "watch", "--webhook=htp://hooks.example/secret")
	if got.code != 2 || strings.Contains(got.stderr, "secret") || !strings.Contains(got.stderr, "--webhook: that is no webhook") {
		t.Errorf("a bad one: got %d and %q, want a line without it", got.code, got.stderr)
	}
}

// TestEveryWatchMetricIsInTheManual as those of the runtime are.
func TestEveryWatchMetricIsInTheManual(t *testing.T) {
	m, err := monitor.New(monitor.Config{Targets: func() []monitor.Target { return nil }, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	manual := readManual(t)
	for _, r := range newWatchMetrics(m).rows {
		if name := metricName(t, r.desc.String()); !strings.Contains(manual, "`"+name+"`") {
			t.Errorf("docs/OPERATING.md: got no %s, want a row for it", name)
		}
	}
	for _, name := range []string{"chatnode_sessions", "chatnode_api_calls_total", "chatnode_api_calls_failed_total"} {
		if !strings.Contains(manual, "`"+name+"`") {
			t.Errorf("docs/OPERATING.md: got no %s, want a row for it", name)
		}
	}
}

func readManual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "OPERATING.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func metricName(t *testing.T, desc string) string {
	t.Helper()
	name := regexp.MustCompile(`fqName: "([a-z_]+)"`).FindStringSubmatch(desc)
	if name == nil {
		t.Fatalf("metric %s: got no name, want one", desc)
	}
	return name[1]
}
