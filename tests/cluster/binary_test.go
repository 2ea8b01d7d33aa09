//go:build unix

package cluster

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	root = "../.."
	// runLimit bounds one run of the binary; a demo of the size used here takes
	// about fifteen seconds, more where everything runs under the race detector.
	runLimit = 3 * time.Minute
	poll     = 20 * time.Millisecond
)

// built is the binary; its folder goes when all tests are over.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// chatnode returns the path of the binary and builds it when it is first asked for.
func chatnode(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		built.dir, built.err = os.MkdirTemp("", "firebreak-cluster-test-") //nolint:usetesting // outlives the test that asks first
		if built.err == nil {
			built.err = build(filepath.Join(built.dir, "chatnode"))
		}
	})
	touchSources(t)
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "chatnode")
}

func build(path string) error {
	command := exec.Command("go", "build", "-o", path, "./cmd/chatnode")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return nil
}

// touchSources looks at every source file: the test cache must know that the
// result depends on them, and sees only what the test itself opens.
func touchSources(t *testing.T) {
	t.Helper()
	for _, folder := range []string{"actors", "cmd", "registry", "supervision"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Fatal(err)
		}
	}
}

// outcome is what one run of the binary left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// running is a binary under way.
type running struct {
	command        *exec.Cmd
	stdout, stderr bytes.Buffer
}

// start begins one run. Whatever the test does, the run ends before the test's
// cleanup does.
func start(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	path := chatnode(t)
	races := filepath.Join(t.TempDir(), "race")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), runLimit)
	r := &running{command: exec.CommandContext(ctx, path, args...)}
	r.command.Env = append(withoutFlags(os.Environ()), env...)
	// For a binary under the race detector: what any process finds goes to a file,
	// and none lingers for a second at its end, which is promised within two.
	r.command.Env = append(r.command.Env, "GORACE=atexit_sleep_ms=0 log_path="+races)
	r.command.Stdout, r.command.Stderr = &r.stdout, &r.stderr
	r.command.Cancel = func() error { return r.command.Process.Signal(syscall.SIGTERM) }
	r.command.WaitDelay = 10 * time.Second
	if err := r.command.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if r.command.ProcessState == nil {
			_ = r.command.Wait()
		}
		wantNoRaces(t, races)
	})
	return r
}

// wantNoRaces fails the test for every data race that a process has reported.
func wantNoRaces(t *testing.T, prefix string) {
	t.Helper()
	files, err := filepath.Glob(prefix + ".*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		t.Errorf("data race in a process: got %s (%v), want none", text, err)
	}
}

// withoutFlags drops the variables that stand for flags.
func withoutFlags(env []string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, "FIREBREAK_") {
			kept = append(kept, v)
		}
	}
	return kept
}

// wait waits for the end of the run.
func (r *running) wait(t *testing.T) outcome {
	t.Helper()
	err := r.command.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatalf("%v: %v", r.command.Args, err)
	} else if ok && exit.ExitCode() < 0 {
		t.Logf("%v: ended by %v", r.command.Args, exit)
	}
	return outcome{r.command.ProcessState.ExitCode(), r.stdout.String(), r.stderr.String()}
}

// within polls until what holds, and fails the test when it does not in time.
func within(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: got nothing within %v, want it", what, limit)
		}
	}
}
