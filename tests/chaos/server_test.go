//go:build unix

package chaos

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is an etcd at one address: a process that can be killed, paused, started
// again, and made to forget. Its methods belong to the test's goroutine.
type server struct {
	t    *testing.T
	addr string
	data string

	name  int // of the member; another name is another cluster
	child *child
}

// child is one process of a server.
type child struct {
	cmd   *exec.Cmd
	line  io.Closer // its lifeline
	out   bytes.Buffer
	ended chan struct{}

	mu     sync.Mutex
	killed bool // by us
}

// startServer starts an etcd with the middleware of 2020, through which torn writes
// are stored.
func startServer(t *testing.T) *server {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	s := &server{t: t, addr: l.Addr().String(), data: t.TempDir()}
	s.start()
	t.Cleanup(s.kill)
	return s
}

// start runs a process on the server's data, and waits until it answers.
func (s *server) start() {
	s.t.Helper()
	c := &child{ended: make(chan struct{})}
	c.cmd = exec.Command(chatnode(s.t), "etcd", "--listen", s.addr, "--data-dir", s.data, "--mode", "incident",
		"--name", "etcd"+strconv.Itoa(s.name), "--fast", "--lifeline", "--log-level", "warn")
	c.cmd.Env = withoutFlags(os.Environ())
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.out
	line, err := c.cmd.StdinPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	c.line = line
	go func() {
		_ = c.cmd.Wait()
		close(c.ended)
	}()
	s.child = c
	s.awaitReady()
}

func (s *server) awaitReady() {
	s.t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(callLimit)
	for {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		err := send(ctx, http.MethodGet, s.url("/"), nil)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-s.child.ended:
			s.t.Fatalf("etcd process: ended before it was ready: %s", s.child.out.String())
		case <-deadline:
			s.t.Fatalf("etcd process: not ready after %v: %v", callLimit, err)
		}
	}
}

// kill ends the process as a power cut does, also a paused one.
func (s *server) kill() {
	c := s.child
	if died(c) {
		s.t.Errorf("etcd process: ended by itself, want it to end only when it is killed: %s", c.out.String())
	}
	c.mu.Lock()
	c.killed = true
	c.mu.Unlock()
	_ = c.cmd.Process.Kill()
	<-c.ended
	_ = c.line.Close()
}

// died reports whether a process ended and nobody had killed it.
func died(c *child) bool {
	select {
	case <-c.ended:
	default:
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.killed
}

// wipe starts the server again without its data; a new member is a new cluster, the
// same one comes back with its old cluster ID and an index that went back.
func (s *server) wipe(newMember bool) {
	s.t.Helper()
	if err := os.RemoveAll(s.data); err != nil {
		s.t.Fatal(err)
	}
	if newMember {
		s.name++
	}
	s.start()
}

// pause stops the process where it is; resume lets it go on.
func (s *server) pause()  { _ = s.child.cmd.Process.Signal(syscall.SIGSTOP) }
func (s *server) resume() { _ = s.child.cmd.Process.Signal(syscall.SIGCONT) }

// url is where etcd's keys API has a key, as it is: nothing is cleaned.
func (s *server) url(key string) string { return "http://" + s.addr + "/v2/keys" + key }
