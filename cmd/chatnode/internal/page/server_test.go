package page

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// nothing has no details.
type nothing struct{}

func (nothing) Node(context.Context, string) (NodeDetail, error) { return NodeDetail{}, ErrUnknown }
func (nothing) Key(_ context.Context, key string) (KeyDetail, error) {
	return KeyDetail{Key: key, History: []Write{{Value: `<img onerror=x>`}}}, nil
}

func (nothing) Incident(context.Context, string) (IncidentDetail, error) {
	return IncidentDetail{}, errors.New("the log is damaged")
}

func testServer(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	cfg := Config{
		Feed: NewFeed(Run{Nodes: []string{"node-1"}, Commands: []CommandSpec{{Name: "kill"}}}, nil), Details: nothing{}, Loopback: true,
		Command: func(_ context.Context, c Command) (string, error) {
			if c.Name != "kill" {
				return "", fmt.Errorf("%w: no such command", ErrBadCommand)
			}
			return "killed " + c.Args["target"], nil
		},
	}
	if change != nil {
		change(&cfg)
	}
	s, err := NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(s *Server, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestCommandsAreGuarded(t *testing.T) {
	const kill = `{"name":"kill","args":{"target":"node-1"}}`
	asJSON := []string{"Content-Type", "application/json"}
	token := func(c *Config) { c.Token = "secret" }
	open := func(c *Config) { c.Loopback = false }
	for _, row := range []struct {
		name    string
		change  func(*Config)
		body    string
		headers []string
		status  int
		text    string
	}{
		{"fine", nil, kill, asJSON, 200, "killed node-1"},
		{"own page", nil, kill, append([]string{"Origin", "http://127.0.0.1:8080", "Sec-Fetch-Site", "same-origin"}, asJSON...), 200, "killed"},
		{"other page", nil, kill, append([]string{"Origin", "http://evil.example"}, asJSON...), 403, "another site"},
		{"other page without a name", nil, kill, append([]string{"Origin", "null"}, asJSON...), 403, "another site"},
		{"other page that hides", nil, kill, append([]string{"Sec-Fetch-Site", "cross-site"}, asJSON...), 403, "another site"},
		{"rebound name", nil, kill, append([]string{"Host", "evil.example"}, asJSON...), 403, "loopback"},
		{"form", nil, kill, []string{"Content-Type", "text/plain"}, 415, "application/json"},
		{"no type", nil, kill, nil, 415, "application/json"},
		{"not JSON", nil, "kill", asJSON, 400, "no command"},
		{"more than it", nil, kill + kill, asJSON, 400, "no command"},
		{"unknown member", nil, `{"name":"kill","sudo":true}`, asJSON, 400, "no command"},
		{"number for text", nil, `{"name":"kill","args":{"target":1}}`, asJSON, 400, "no command"},
		{"nothing", nil, "", asJSON, 400, "no command"},
		{"too big", nil, `{"name":"` + strings.Repeat("x", maxCommandBytes) + `"}`, asJSON, 413, "bytes"},
		{"unknown", nil, `{"name":"dance"}`, asJSON, 400, "no such command"},
		{"no token", token, kill, asJSON, 401, "token"},
		{"wrong token", token, kill, append([]string{"Authorization", "Bearer guess"}, asJSON...), 401, "token"},
		{"token", token, kill, append([]string{"Authorization", "Bearer secret"}, asJSON...), 200, "killed"},
		{"token, other page", token, kill, append([]string{"Authorization", "Bearer secret", "Origin", "http://evil.example"}, asJSON...), 403, "another site"},
		{"open to all", open, kill, asJSON, 403, "no token"},
		{"a recording", func(c *Config) { c.Command = nil }, kill, asJSON, 409, "recorded"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := ask(testServer(t, row.change), http.MethodPost, "/api/command", row.body, row.headers...)
			if w.Code != row.status || !strings.Contains(w.Body.String(), row.text) {
				t.Errorf("answer: got %d %s, want %d with %q", w.Code, w.Body, row.status, row.text)
			}
		})
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	s := testServer(t, nil)
	for _, target := range []string{"/", "/assets/index.html", "/api/run", "/api/series?act=0", "/api/node/node-1", "/api/key/services/api/a", "/nowhere", "/assets/../server.go"} {
		w := ask(s, http.MethodGet, target, "")
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		} {
			if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s: got %q, want %q", target, name, got, want)
			}
		}
		if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: policy: got %q, want nothing unsafe", target, policy)
		}
	}
	for _, row := range []struct {
		target string
		status int
		text   string
	}{
		{"/api/node/node-9", 404, "not known"},
		{"/api/incident/1", 503, "damaged"},
		{"/api/series", 400, "which act"},
		{"/api/series?act=3", 404, "no such act"},
		{"/api/key/services/api/a%2Fb", 200, `"key":"/services/api/a/b"`},
		{"/api/key/services/api/a", 200, `\u003cimg onerror=x\u003e`},
		{"/assets/nowhere.js", 404, "no such file"},
	} {
		w := ask(s, http.MethodGet, row.target, "")
		if w.Code != row.status || !strings.Contains(w.Body.String(), row.text) {
			t.Errorf("%s: got %d %s, want %d with %q", row.target, w.Code, w.Body, row.status, row.text)
		}
	}
}

func TestFilesAreSentOnceAndCompressed(t *testing.T) {
	s := testServer(t, nil)
	first := ask(s, http.MethodGet, "/", "", "Accept-Encoding", "gzip")
	if first.Header().Get("Content-Encoding") != "gzip" || first.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("the page: got %v, want HTML in gzip", first.Header())
	}
	again := ask(s, http.MethodGet, "/", "", "Accept-Encoding", "gzip", "If-None-Match", first.Header().Get("ETag"))
	if again.Code != http.StatusNotModified {
		t.Errorf("asked again: got %d, want 304", again.Code)
	}
}

// TestReplayOverHTTP plays the recording beside this test to a reader, and checks
// what it holds.
func TestReplayOverHTTP(t *testing.T) {
	file, err := os.Open("testdata/run.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	player, err := OpenRecording(file)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	recording := NewRecording(&again, time.Now)
	feed := NewFeed(player.Run(), recording.Keep)
	server, err := NewServer(Config{Feed: feed, Details: player, Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	defer web.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seen := make(chan map[string]int, 1)
	connected := make(chan struct{})
	go func() { seen <- countEvents(ctx, web.URL, sync.OnceFunc(func() { close(connected) })) }()
	<-connected
	if err := player.Play(ctx, feed, 100); err != nil {
		t.Fatal(err)
	}
	if got := <-seen; got["frame"] != 302 || got["act"] != 6 || got["result"] != 1 {
		t.Errorf("events: got %v, want 302 frames, 6 changes of acts, a result", got)
	}
	if err := recording.Close(); err != nil || again.Len() < 100_000 {
		t.Errorf("recording of the replay: got %d bytes, %v", again.Len(), err)
	}
	for target, want := range map[string]string{
		"/api/key/services/api/api-2": `\u003cimg src=x onerror`, "/api/node/node-1": `"state":"parked"`, "/api/node/node-99": "nobody looked",
	} {
		if got := ask(server, http.MethodGet, target, "").Body.String(); !strings.Contains(got, want) {
			t.Errorf("%s: got %.200s, want %s in it", target, got, want)
		}
	}
}

// countEvents reads a stream until the result. As a browser would, it comes back
// when it was too slow and was dropped.
func countEvents(ctx context.Context, url string, connected func()) map[string]int {
	kinds, last, whole := make(map[string]int), "", true
	for ctx.Err() == nil && kinds["result"] == 0 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/events", http.NoBody)
		if err != nil {
			return kinds
		}
		request.Header.Set("Last-Event-ID", last)
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			continue
		}
		connected()
		lines := bufio.NewScanner(reply.Body)
		lines.Buffer(nil, maxLine)
		for lines.Scan() && kinds["result"] == 0 {
			if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				whole, last = id == last, id
			}
			if kind, ok := strings.CutPrefix(lines.Text(), "event: "); ok && !whole {
				kinds[kind]++
			}
		}
		_ = reply.Body.Close()
	}
	return kinds
}

func TestBadRecordingsAreRefused(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"empty", "", "it is empty"},
		{"no JSON", "hello\n", "line 1 is not JSON"},
		{"no run", `{"at":0,"kind":"frame","data":{}}` + "\n", "first line"},
		{"cut off", `{"at":0,"kind":"run","data":{"acts":[{}]}}` + "\n" + `{"at":0,"ki`, "line 2 is not JSON"},
		{"wrong type", `{"at":0,"kind":"run","data":{"acts":[{}]}}` + "\n" + `{"kind":"frame","data":7}`, "line 2"},
		{"act that is not there", `{"at":0,"kind":"run","data":{"acts":[{}]}}` + "\n" + `{"kind":"frame","data":{"act":1000000000}}`, "no act 1000000000"},
		{"negative act", `{"at":0,"kind":"run","data":{"acts":[{}]}}` + "\n" + `{"kind":"act","data":{"index":-1}}`, "no act -1"},
		{"long line", `{"at":0,"kind":"run","data":{"acts":[{}]}}` + "\n" + strings.Repeat(" ", maxLine+1), "line 2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			player, err := OpenRecording(strings.NewReader(row.text))
			if err == nil {
				err = player.Play(t.Context(), NewFeed(player.Run(), nil), 1000)
			}
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error: got %v, want one with %q", err, row.want)
			}
		})
	}
	newer := `{"at":0,"kind":"run","data":{"acts":[{}],"weather":"fine"}}` + "\n" + `{"at":1,"kind":"weather","data":"rain"}`
	player, err := OpenRecording(strings.NewReader(newer))
	if err != nil {
		t.Fatal(err)
	}
	if err := player.Play(t.Context(), NewFeed(player.Run(), nil), 1000); err != nil {
		t.Errorf("recording of a later version: got %v, want it played", err)
	}
}

func TestRecordingSaysThatTheDiskIsFull(t *testing.T) {
	r := NewRecording(writerFunc(func([]byte) (int, error) { return 0, errors.New("no space left") }), time.Now)
	r.Keep("run", Run{})
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("close: got %v, want the disk's error", err)
	}
	r.Keep("run", Run{}) // after the end: nothing
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

var _ io.Writer = writerFunc(nil)
