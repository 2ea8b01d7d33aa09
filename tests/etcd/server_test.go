package etcd

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

const limit = 30 * time.Second

// binary is where the chatnode of this run is built; see build.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "firebreak-etcd-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "chatnode")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build compiles the binary for the first test that needs it.
var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/chatnode")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./cmd/chatnode: %w\n%s", err, out)
	}
	return nil
})

// logged is the line that etcd's process writes for each write it answered.
type logged struct {
	Message string `json:"message"`
	Key     string `json:"key"`
	Status  int    `json:"status"`
}

// server is one `chatnode etcd` process, or an etcd that somebody else runs.
type server struct {
	addr   string
	writes chan logged // nil when its log cannot be read
}

func (s *server) url() string { return "http://" + s.addr }

func start(tb testing.TB, mode string) *server {
	tb.Helper()
	return startLogging(tb, mode, "debug")
}

// startLogging starts one that says of its writes only at level debug.
func startLogging(tb testing.TB, mode, level string) *server {
	tb.Helper()
	if err := build(); err != nil {
		tb.Fatal(err)
	}
	s := &server{addr: freeAddr(tb), writes: make(chan logged, 4096)}
	cmd := exec.Command(binary, "etcd", "--listen", s.addr, "--data-dir", tb.TempDir(), "--mode", mode,
		"--fast", "--lifeline", "--log-format", "json", "--log-level", level)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.read(stderr)
		_ = cmd.Wait()
	}()
	tb.Cleanup(func() {
		_ = lifeline.Close()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			tb.Error("etcd process: still there 5 s after its lifeline was closed, want it gone within 2 s")
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	s.awaitReady(tb, ended)
	return s
}

// read keeps the lines about writes until the process ends.
func (s *server) read(log io.Reader) {
	in := bufio.NewScanner(log)
	for in.Scan() {
		var line logged
		if json.Unmarshal(in.Bytes(), &line) == nil && line.Message == "v2 write" {
			s.writes <- line
		}
	}
}

// status waits for the write of a key and says how etcd answered it.
func (s *server) status(t *testing.T, key string) int {
	t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case w := <-s.writes:
			if w.Key == key {
				return w.Status
			}
		case <-deadline:
			t.Fatalf("write of %s: etcd has not answered it after %v", key, limit)
		}
	}
}

func (s *server) awaitReady(tb testing.TB, ended <-chan struct{}) {
	tb.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(limit)
	for {
		resp, err := http.Get(s.url() + "/v2/keys")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-again.C:
		case <-ended:
			tb.Fatal("etcd process: ended before it was ready; run `chatnode etcd` by hand to see why")
		case <-deadline:
			tb.Fatalf("etcd process: not ready after %v: %v", limit, err)
		}
	}
}

func freeAddr(tb testing.TB) string {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
