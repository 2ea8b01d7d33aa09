package etcd

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// lines is a log that tests read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// running is one member in this process.
type running struct {
	url  string
	log  *lines
	stop func() error
}

func start1(t *testing.T, cfg Config) running {
	t.Helper()
	if cfg.DataDir == "" {
		cfg.DataDir = t.TempDir()
	}
	log := &lines{}
	cfg.Listen, cfg.Fast, cfg.Log = "127.0.0.1:0", true, zerolog.New(log)
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- Run(ctx, cfg, func(addr string) { ready <- addr }) }()
	stop := sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	select {
	case addr := <-ready:
		return running{url: "http://" + addr, log: log, stop: stop}
	case err := <-done:
		t.Fatalf("etcd: got end %v, want it ready", err)
	case <-time.After(20 * time.Second):
		t.Fatalf("etcd: not ready after 20 s; log:\n%s", log)
	}
	return running{}
}

func send(t *testing.T, method, target, contentType, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// The stop must not wait for those who wait: a v2 long poll, a v3 watch, a write
// whose body never comes, and a connection that never spoke.
func TestStopWithLiveConnections(t *testing.T) {
	m := start1(t, Config{})
	addr := strings.TrimPrefix(m.url, "http://")
	poll, err := (&http.Client{Timeout: 20 * time.Second}).Get(m.url + "/v2/keys/services?wait=true&recursive=true")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = poll.Body.Close() }()
	v3, err := clientv3.New(clientv3.Config{Endpoints: []string{m.url}, DialTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v3.Close() }()
	if r := <-v3.Watch(t.Context(), "x", clientv3.WithCreatedNotify()); r.Err() != nil {
		t.Fatalf("v3 watch: got error %v, want it created", r.Err())
	}
	slow := dial(t, addr)
	fmt.Fprintf(slow, "PUT /v2/keys/slow HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n", formType)
	if line, err := bufio.NewReader(slow).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("slow write: got %q and error %v, want the server to wait for its body", line, err)
	}

	began := time.Now()
	if err := m.stop(); err != nil {
		t.Errorf("run: got end %v, want none", err)
	}
	took := time.Since(began)
	t.Logf("stop with a v2 long poll, a v3 watch and a half write: %v", took)
	if took > StopLimit/2 {
		t.Errorf("stop: took %v, want less than %v", took, StopLimit/2)
	}
	if text, err := io.ReadAll(poll.Body); err == nil {
		t.Errorf("long poll after the stop: got a whole answer %q, want a broken one", text)
	}
	if strings.Contains(m.log.String(), "left behind") {
		t.Errorf("log: got %s, want no connection left behind", m.log)
	}
}

// A connection that never sent a byte holds etcd's own Close without end.
func TestStopWithASilentConnection(t *testing.T) {
	m := start1(t, Config{})
	silent := dial(t, strings.TrimPrefix(m.url, "http://"))
	send(t, http.MethodGet, m.url+"/version", "", "")
	began := time.Now()
	if err := m.stop(); err != nil {
		t.Errorf("run: got end %v, want none", err)
	}
	took := time.Since(began)
	t.Logf("stop with a silent connection: %v", took)
	if took > StopLimit+time.Second/2 || !strings.Contains(m.log.String(), `"data_safe":true`) {
		t.Errorf("stop: took %v with log %s, want at most %v and the data safe", took, m.log, StopLimit)
	}
	_ = silent.Close()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRestartKeepsTheData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	m := start1(t, Config{DataDir: dir})
	if status, answer := send(t, http.MethodPut, m.url+"/v2/keys/a?value=kept", "", ""); status != http.StatusCreated {
		t.Fatalf("put: got %d %s, want 201", status, answer)
	}
	if err := m.stop(); err != nil {
		t.Fatalf("run: got end %v, want none", err)
	}
	m = start1(t, Config{DataDir: dir})
	if _, answer := send(t, http.MethodGet, m.url+"/v2/keys/a", "", ""); !strings.Contains(answer, "kept") {
		t.Errorf("get after a restart: got %s, want the value", answer)
	}
}

func TestBadConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	rows := []struct {
		name string
		cfg  Config
		want string
	}{
		{"port in use", Config{Listen: taken.Addr().String()}, taken.Addr().String()},
		{"peer port in use", Config{Peer: taken.Addr().String()}, taken.Addr().String()},
		{"not an address", Config{Listen: "nonsense"}, `"nonsense"`},
		{"no port", Config{Listen: "127.0.0.1"}, `"127.0.0.1"`},
		{"port too high", Config{Listen: "127.0.0.1:70000"}, "70000"},
		{"https", Config{Listen: "https://127.0.0.1:0"}, "https"},
		{"bad peer", Config{Peer: "http://x/y"}, "peer"},
		{"no folder", Config{DataDir: "-"}, "no data folder"},
		{"folder is a file", Config{DataDir: file}, file},
		{"folder below a file", Config{DataDir: filepath.Join(file, "x")}, "not writable"},
		{"mode", Config{Mode: "naive"}, `"naive"`},
		{"chatter", Config{Chatter: "loud"}, `"loud"`},
		{"cluster without me", Config{InitialCluster: "other=http://127.0.0.1:1"}, "other"},
		{"cluster that is no list", Config{InitialCluster: "x"}, `"x"`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			cfg := row.cfg
			if cfg.Listen == "" {
				cfg.Listen = "127.0.0.1:0"
			}
			if cfg.DataDir == "" {
				cfg.DataDir = t.TempDir()
			}
			cfg.DataDir = strings.TrimPrefix(cfg.DataDir, "-")
			cfg.Log = zerolog.Nop()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			err := Run(ctx, cfg, nil)
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("run: got error %v, want one line with %q", err, row.want)
			}
		})
	}
}

// Etcd itself would wait for the first one's end, without a limit.
func TestFolderInUse(t *testing.T) {
	dir := t.TempDir()
	m := start1(t, Config{DataDir: dir})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := Run(ctx, Config{DataDir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop()}, nil)
	if err == nil || !strings.Contains(err.Error(), "in use") || !strings.Contains(err.Error(), dir) {
		t.Errorf("run on a folder in use: got end %v, want an error that names it", err)
	}
	if status, answer := send(t, http.MethodPut, m.url+"/v2/keys/a?value=v", "", ""); status != http.StatusCreated {
		t.Errorf("put at the first one after that: got %d %s, want 201", status, answer)
	}
}
