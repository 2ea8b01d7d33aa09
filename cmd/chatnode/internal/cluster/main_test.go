package cluster

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestMain lets the test binary be the children of the supervisor's tests: with
// "child" as its first argument it plays a part instead of running tests.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "child" {
		os.Exit(playChild(os.Args[2], os.Args[3:]))
	}
	if dir := os.Getenv(fakeRoles); dir != "" && len(os.Args) > 1 {
		os.Exit(playRole(os.Args[1], dir))
	}
	os.Exit(m.Run())
}

// fakeRoles names the variable that makes the test binary play the cluster's
// roles; its value is a folder where each leaves its process ID.
const fakeRoles = "CLUSTER_TEST_FAKE_ROLES"

// playRole is a cluster that does not come up: its store fails, if the folder
// says so, and nobody else ever becomes ready.
func playRole(role, dir string) int {
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s.%d.pid", role, os.Getpid())), nil, 0o600); err != nil {
		return 1
	}
	if _, err := os.Stat(filepath.Join(dir, "fail")); err == nil && role == "store" {
		fmt.Println("opening the database")
		fmt.Println("chatnode: --listen 127.0.0.1:1: the port is in use")
		return 1
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func playChild(part string, args []string) int {
	switch part {
	case "exit": // with a code, after a word
		fmt.Println("leaving with", args[0])
		var code int
		_, _ = fmt.Sscan(args[0], &code)
		return code
	case "lifeline": // until standard input ends
		_, _ = io.Copy(io.Discard, os.Stdin)
		return 0
	case "polite": // until SIGTERM, whatever happens to standard input
		terms := make(chan os.Signal, 1)
		signal.Notify(terms, syscall.SIGTERM)
		fmt.Println("listening")
		<-terms
		return 0
	case "stubborn": // no SIGTERM moves it
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("listening")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return 0
	case "controller": // holds a child of its own, says its process ID, and waits to be killed
		return playController(args[0], len(args) > 1)
	}
	return 3
}

// playController pauses its child if it is told to.
func playController(log string, pauses bool) int {
	own, err := os.Executable()
	if err != nil {
		return 1
	}
	c, err := spawn(own)(spec{Name: "grandchild", Log: log, Args: []string{"child", "lifeline"}})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if pauses && c.pause() != nil {
		return 1
	}
	fmt.Println("pid", c.pid)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// within fails the test unless ok becomes true in time.
func within(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// next receives one value in time.
func next[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: nothing came within 20s", what)
		panic("unreachable")
	}
}

// instant is a moment, s seconds into a test's own time.
func instant(s float64) time.Time {
	return time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC).Add(time.Duration(s * float64(time.Second)))
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
