//go:build unix

package cluster

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stopped says whether a process is paused, where the system tells.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		t.Skip("this system does not tell the state of a process")
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "T")
}

func TestPausedProcessGoesOnAndStops(t *testing.T) {
	p, events := start(t, childSpec(t, time.Hour, "polite"))
	pid := nextOf[processStarted](t, events).PID
	if err := p.pause(); err != nil {
		t.Fatal(err)
	}
	within(t, 20*time.Second, "child to be paused", func() bool { return stopped(t, pid) })
	if err := p.resume(); err != nil {
		t.Fatal(err)
	}
	within(t, 20*time.Second, "child to go on", func() bool { return !stopped(t, pid) })
	if err := p.pause(); err != nil {
		t.Fatal(err)
	}
	p.stop(time.Minute) // it is let go on, to hear of it
	if e := nextOf[processExited](t, events); e.Code == 137 || !e.Asked {
		t.Errorf("exit of a paused child that is stopped: got %+v, want none by force", e)
	}
	if err := p.pause(); err == nil {
		t.Error("pause of a process that has ended: got no error, want one")
	}
}

func TestHeldProcessStaysAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := &fakeSystem{began: time.Now(), polite: true}
		p := supervise(t.Context(), spec{Name: "etcd", Boot: time.Second}, system.start, system.report)
		synctest.Wait()
		if err := p.hold(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(system.children); n != 1 {
			t.Errorf("lives while held: got %d, want the first alone", n)
		}
		if !p.release() || p.release() {
			t.Error("release: want it to say that the process was held, once")
		}
		synctest.Wait()
		if n := len(system.children); n != 2 {
			t.Errorf("lives after the release: got %d, want a second one", n)
		}
		if err := p.hold(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		p.stop(time.Second) // also while it is held
	})
}
