package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// childSpec is a process that plays a part of the test binary's.
func childSpec(t *testing.T, boot time.Duration, part ...string) spec {
	t.Helper()
	return spec{
		Name: "child", Role: roleNode, Boot: boot,
		Args: append([]string{"child"}, part...), Log: filepath.Join(t.TempDir(), "child.log"),
	}
}

// start supervises a real child and returns its events.
func start(t *testing.T, s spec) (*process, <-chan event) {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan event, 100)
	p := supervise(t.Context(), s, spawn(own), func(e event) { events <- e })
	t.Cleanup(func() { p.stop(0) })
	return p, events
}

// nextOf skips events until one of the wanted type comes.
func nextOf[E event](t *testing.T, events <-chan event) E {
	t.Helper()
	for {
		if e, ok := next(t, "event", events).(E); ok {
			return e
		}
	}
}

func logged(s spec, line string) bool { return slices.Contains(tail(s.Log), line) }

func TestChildExitCodeIsSeenAndTheChildComesBack(t *testing.T) {
	s := childSpec(t, time.Millisecond, "exit", "70")
	_, events := start(t, s)
	for life := 1; life <= 2; life++ {
		started, exited := nextOf[processStarted](t, events), nextOf[processExited](t, events)
		if started.Life != life || started.PID <= 0 {
			t.Errorf("start %d: got life %d, pid %d", life, started.Life, started.PID)
		}
		if exited.Life != life || exited.Code != 70 || exited.Asked {
			t.Errorf("exit of life %d: got life %d, code %d, asked %v, want code 70, not asked", life, exited.Life, exited.Code, exited.Asked)
		}
	}
	if got := tail(s.Log); len(got) < 2 || got[0] != "leaving with 70" {
		t.Errorf("log of two lives: got %q, want both lives' lines", got)
	}
}

func TestBinaryThatCannotRunIsAFailedStart(t *testing.T) {
	s := childSpec(t, time.Hour)
	_, err := spawn(filepath.Join(t.TempDir(), "nothing"))(s)
	if err == nil || !strings.Contains(err.Error(), "child") {
		t.Errorf("starting a missing binary: got %v, want an error that names the process", err)
	}
	if got := tail(s.Log); len(got) == 0 || !strings.Contains(got[len(got)-1], "nothing") {
		t.Errorf("log of a process that never ran: got %q, want the reason", got)
	}
}

func TestChildEnvironmentHoldsNoFlags(t *testing.T) {
	got := childEnvironment([]string{"HOME=/root", "FIREBREAK_SEED=7", "FIREBREAK_LOG_LEVEL=debug", "FIREBREAKS=1"})
	want := []string{"HOME=/root", "FIREBREAK_LOG_LEVEL=debug", "FIREBREAKS=1"}
	if !slices.Equal(got, want) {
		t.Errorf("environment: got %q, want %q", got, want)
	}
}

func TestExitReasons(t *testing.T) {
	for code, want := range map[int]string{
		0: "it ended by itself", 1: "it failed", 2: "it refused its flags", 70: "restart intensity exceeded",
		137: "killed", 143: "terminated", 139: "signal 11", 44: "unknown", codeNotBegun: "it could not be started",
	} {
		if got := exitReason(code); got != want {
			t.Errorf("reason of code %d: got %q, want %q", code, got, want)
		}
	}
}
