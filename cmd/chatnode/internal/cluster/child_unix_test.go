//go:build unix

package cluster

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// alive says whether a process runs; one that only waits to be collected does not.
func alive(pid int) bool {
	if stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil {
		_, rest, _ := strings.Cut(string(stat), ") ")
		return !strings.HasPrefix(rest, "Z")
	}
	return syscall.Kill(pid, 0) == nil
}

func TestKilledChildComesBack(t *testing.T) {
	_, events := start(t, childSpec(t, time.Millisecond, "lifeline"))
	first := nextOf[processStarted](t, events)
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if e := nextOf[processExited](t, events); e.Code != 137 || e.Asked {
		t.Errorf("exit after kill -9: got code %d, asked %v, want 137, not asked", e.Code, e.Asked)
	}
	if second := nextOf[processStarted](t, events); second.Life != 2 || second.PID == first.PID {
		t.Errorf("after kill -9: got life %d with pid %d, want life 2 with a pid other than %d", second.Life, second.PID, first.PID)
	}
}

func TestStopIsGracefulFirst(t *testing.T) {
	for _, row := range []struct {
		part  string
		grace time.Duration
		code  int
	}{
		{"polite", time.Minute, 0},
		{"stubborn", 50 * time.Millisecond, 137},
	} {
		t.Run(row.part, func(t *testing.T) {
			s := childSpec(t, time.Millisecond, row.part)
			p, events := start(t, s)
			within(t, 20*time.Second, "child to listen", func() bool { return logged(s, "listening") })
			p.stop(row.grace)
			if e := nextOf[processExited](t, events); e.Code != row.code || !e.Asked {
				t.Errorf("exit after stop: got code %d, asked %v, want %d, asked", e.Code, e.Asked, row.code)
			}
			if len(events) > 0 {
				t.Errorf("after stop: got %#v, want no further life", <-events)
			}
		})
	}
}

// The promise to a machine whose controller was killed: nothing stays behind, not
// even a child that was paused and hears of nothing.
func TestChildEndsWithItsController(t *testing.T) {
	for _, pause := range []string{"", "pause"} {
		t.Run("child"+pause, func(t *testing.T) { killController(t, pause) })
	}
}

func killController(t *testing.T, pause string) {
	t.Helper()
	parts := []string{"controller", filepath.Join(t.TempDir(), "grandchild.log")}
	if pause != "" {
		parts = append(parts, pause)
	}
	s := childSpec(t, time.Hour, parts...)
	_, events := start(t, s)
	controller := nextOf[processStarted](t, events)
	var grandchild int
	within(t, 20*time.Second, "controller to have a child", func() bool {
		for _, line := range tail(s.Log) {
			if pid, ok := strings.CutPrefix(line, "pid "); ok {
				grandchild = atoi(t, pid)
			}
		}
		return grandchild > 0
	})
	if !alive(grandchild) {
		t.Fatal("grandchild: gone before its controller was killed")
	}
	if err := syscall.Kill(controller.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	within(t, 2*time.Second, "grandchild to follow its controller", func() bool { return !alive(grandchild) })
}
