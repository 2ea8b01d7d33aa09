//go:build unix

package cluster

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	serveLimit = time.Minute     // from the start to the ready file
	stopLimit  = 8 * time.Second // from SIGTERM to the controller's end
	orphanage  = 2 * time.Second // from the controller's death to its children's
	backLimit  = 20 * time.Second
)

// readyFile is what a demo says about its cluster.
type readyFile struct {
	Act      string         `json:"act"`
	Etcd     string         `json:"etcd"`
	Gateways []string       `json:"gateways"`
	APIs     []string       `json:"apis"`
	Admin    []string       `json:"admin"`
	PIDs     map[string]int `json:"pids"`
}

// readReady returns the file as it is now, or nothing while there is none. It is
// replaced atomically, so a file that is there is whole.
func readReady(t *testing.T, path string) (f readyFile, there bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return f, false
	}
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		t.Fatalf("ready file: %v", err)
	}
	return f, true
}

// awaitReady waits until the cluster serves.
func awaitReady(t *testing.T, path string) readyFile {
	t.Helper()
	var f readyFile
	within(t, serveLimit, "ready file", func() (there bool) {
		f, there = readReady(t, path)
		return there
	})
	for _, name := range []string{"etcd", "store", "load", "api-1", "api-2", "node-1", "node-2", "node-3"} {
		if f.PIDs[name] == 0 {
			t.Fatalf("pids: got %v, want one for %s", f.PIDs, name)
		}
	}
	if len(f.Gateways) != 3 || len(f.Admin) != 3 || len(f.APIs) < 2 || !strings.HasPrefix(f.Etcd, "http://") {
		t.Errorf("ready file: got %+v, want etcd, 3 gateways, 3 admin endpoints and 2 or more APIs", f)
	}
	return f
}

// alive says whether a process runs; one that ended and that nobody has waited
// for yet does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return !os.IsNotExist(err) || !onLinux()
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func onLinux() bool {
	_, err := os.Stat("/proc/self/stat")
	return err == nil
}

func living(pids map[string]int) map[string]int {
	left := maps.Clone(pids)
	maps.DeleteFunc(left, func(_ string, pid int) bool { return !alive(pid) })
	return left
}

func TestSignalsLeaveNothingBehind(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			folder, file := t.TempDir(), filepath.Join(t.TempDir(), "ready.json")
			demo := start(t, nil, small("--ready-file="+file, "--dir="+folder, "--poison=1h")...)
			cluster := awaitReady(t, file)
			if err := demo.command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			got := demo.wait(t)
			if took := time.Since(begin); took > stopLimit {
				t.Errorf("stop: got %v, want at most %v", took, stopLimit)
			}
			if got.code != 1 || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("interrupted demo: got code %d and stderr %q, want 1 and one line", got.code, got.stderr)
			}
			if left := living(cluster.PIDs); len(left) > 0 {
				t.Errorf("processes: got %v still running, want none", left)
			}
			wantEmpty(t, folder)
		})
	}
}

func TestChildrenEndWithTheirController(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ready.json")
	demo := start(t, nil, small("--ready-file="+file, "--dir="+t.TempDir(), "--poison=1h")...)
	cluster := awaitReady(t, file)
	if left := living(cluster.PIDs); len(left) != len(cluster.PIDs) {
		t.Fatalf("processes: got %v alive, want all of %v", left, cluster.PIDs)
	}
	if err := demo.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range living(cluster.PIDs) { // none, unless the test has failed
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	within(t, orphanage, "end of all children", func() bool { return len(living(cluster.PIDs)) == 0 })
}

func TestAKilledProcessComesBack(t *testing.T) {
	work := t.TempDir()
	ready, report := filepath.Join(work, "ready.json"), filepath.Join(work, "report.json")
	folder := t.TempDir()
	demo := start(t, nil, small("--profile=isolated", "--keep", "--ready-file="+ready, "--json="+report, "--dir="+folder)...)
	before := awaitReady(t, ready)
	within(t, runLimit, "end of the act", func() bool { _, err := os.Stat(report); return err == nil })

	for _, name := range []string{"store", "etcd", "api-1", "node-2", "load"} {
		t.Run(name, func(t *testing.T) {
			now, _ := readReady(t, ready)
			killed := now.PIDs[name]
			if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
				t.Fatalf("kill %s (%d): %v", name, killed, err)
			}
			within(t, backLimit, name+" with another process ID", func() bool {
				now, _ = readReady(t, ready)
				pid := now.PIDs[name]
				return pid != 0 && pid != killed && alive(pid)
			})
			if now.Etcd != before.Etcd || strings.Join(now.Gateways, " ") != strings.Join(before.Gateways, " ") {
				t.Errorf("addresses: got %+v, want those of %+v", now, before)
			}
			for other, pid := range now.PIDs {
				if other != name && !alive(pid) {
					t.Errorf("%s: got it dead after %s was killed, want it working", other, name)
				}
			}
		})
	}
	if err := demo.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := demo.wait(t); got.code != 0 {
		t.Errorf("demo --keep, stopped: got code %d, want 0: the acts ran\n%s", got.code, got.stderr)
	}
	wantEmpty(t, folder)
}
