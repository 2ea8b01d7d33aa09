package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeChild is a life that ends when its test says so.
type fakeChild struct {
	exited chan int
}

// fakeSystem starts fake children and writes down what happens, with the time.
type fakeSystem struct {
	mu       sync.Mutex
	began    time.Time
	happened []string
	children []*fakeChild
	// refuse is how many starts fail; polite children end when asked.
	refuse int
	polite bool
}

func (f *fakeSystem) log(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.happened = append(f.happened, fmt.Sprintf("%v %s", time.Since(f.began), what))
}

func (f *fakeSystem) start(spec) (*child, error) {
	if f.refuse > 0 {
		f.refuse--
		f.log("refused")
		return nil, errors.New("refused")
	}
	c := &fakeChild{exited: make(chan int, 1)}
	f.mu.Lock()
	f.children = append(f.children, c)
	pid := len(f.children)
	f.mu.Unlock()
	return &child{
		pid: pid, exited: c.exited,
		terminate: func() {
			f.log("SIGTERM")
			if f.polite {
				c.exited <- 0
			}
		},
		kill: func() {
			f.log("SIGKILL")
			c.exited <- 137
		},
	}, nil
}

// end makes the i-th child exit.
func (f *fakeSystem) end(i, code int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.children[i].exited <- code
}

// story is what has happened so far.
func (f *fakeSystem) story() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.happened)
}

func (f *fakeSystem) report(e event) {
	switch e := e.(type) {
	case processStarted:
		f.log(fmt.Sprintf("life %d", e.Life))
	case processExited:
		f.log(fmt.Sprintf("exit %d", e.Code))
	case processFailed:
		f.log("failed: " + e.Reason)
	case processReady, loadSampled, nodeReported, putCut, putForwarded, recordSeen, fleetScaled, clusterMeasured:
	}
}

func TestProcessInFakeTime(t *testing.T) {
	for _, row := range []struct {
		name   string
		refuse int
		play   func(f *fakeSystem)
		want   []string
	}{
		{
			name: "dead node comes back after the boot time, however it died",
			play: func(f *fakeSystem) {
				f.end(0, 70)
				time.Sleep(4 * time.Second)
				f.end(1, 137)
				time.Sleep(4 * time.Second)
			},
			want: []string{"0s life 1", "0s exit 70", "3s life 2", "4s exit 137", "7s life 3", "8s SIGTERM", "8s exit 0"},
		},
		{
			name:   "failed starts are retried soon, then given up",
			refuse: 9,
			play:   func(*fakeSystem) { time.Sleep(time.Minute) },
			want: []string{
				"0s refused", "0s exit -1", "250ms refused", "250ms exit -1", "750ms refused", "750ms exit -1",
				"750ms failed: it could not be started",
			},
		},
		{
			name:   "a failed start that ends well is no failure",
			refuse: 2,
			play:   func(*fakeSystem) { time.Sleep(time.Second) },
			want: []string{
				"0s refused", "0s exit -1", "250ms refused", "250ms exit -1", "750ms life 3", "1s SIGTERM", "1s exit 0",
			},
		},
		{
			name: "stop while it is away starts nothing",
			play: func(f *fakeSystem) {
				f.end(0, 70)
				time.Sleep(time.Second)
			},
			want: []string{"0s life 1", "0s exit 70"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeSystem{began: time.Now(), refuse: row.refuse, polite: true}
				p := supervise(t.Context(), spec{Name: "p", Role: roleNode, Boot: 3 * time.Second}, f.start, f.report)
				synctest.Wait()
				row.play(f)
				p.stop(stopGrace)
				if got := f.story(); !slices.Equal(got, row.want) {
					t.Errorf("what happened:\n got %q\nwant %q", got, row.want)
				}
			})
		})
	}
}

func TestStopKillsWhoDoesNotListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSystem{began: time.Now()}
		p := supervise(t.Context(), spec{Name: "p"}, f.start, f.report)
		synctest.Wait()
		p.stop(stopGrace)
		p.stop(stopGrace) // a second stop only waits
		want := []string{"0s life 1", "0s SIGTERM", "3s SIGKILL", "3s exit 137"}
		if got := f.story(); !slices.Equal(got, want) {
			t.Errorf("what happened:\n got %q\nwant %q", got, want)
		}
	})
}

// Whoever reads a life's last words must be done before the next life speaks on
// the same address.
func TestNextLifeWaitsForTheAttendant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSystem{began: time.Now(), polite: true}
		attend := func(ctx context.Context, life int) {
			<-ctx.Done()
			pause(context.WithoutCancel(ctx), drainLimit)
			f.log(fmt.Sprintf("attendant of %d done", life))
		}
		p := supervise(t.Context(), spec{Name: "p", Attend: attend}, f.start, f.report)
		synctest.Wait()
		f.end(0, 70)
		time.Sleep(2 * time.Second)
		p.stop(stopGrace)
		want := []string{
			"0s life 1", "0s exit 70", "1s attendant of 1 done", "1s life 2",
			"2s SIGTERM", "2s exit 0", "3s attendant of 2 done",
		}
		if got := f.story(); !slices.Equal(got, want) {
			t.Errorf("what happened:\n got %q\nwant %q", got, want)
		}
	})
}

func TestHistoryDecidesTheNextStart(t *testing.T) {
	const boot = 3 * time.Second
	failed := processExited{Code: 1}
	for _, row := range []struct {
		name     string
		exits    []processExited
		delay    time.Duration
		hopeless bool
	}{
		{"intensity exceeded before it was ready", []processExited{{Code: 70}}, boot, false},
		{"killed before it was ready", []processExited{{Code: 137}, {Code: 137}, {Code: 137}, {Code: 137}}, boot, false},
		{"failed when it was ready", []processExited{{Code: 1, WasReady: true}}, boot, false},
		{"first failed start", []processExited{failed}, firstRetry, false},
		{"second failed start", []processExited{failed, failed}, 2 * firstRetry, false},
		{"third failed start", []processExited{failed, failed, failed}, 0, true},
		{"a kill in between starts the count again", []processExited{failed, failed, {Code: 137}, failed}, firstRetry, false},
		{"once it was ready it is never given up", []processExited{{Code: 137, WasReady: true}, failed, failed, failed}, 4 * firstRetry, false},
		{"retries have a longest wait", append([]processExited{{Code: 0, WasReady: true}}, slices.Repeat([]processExited{failed}, 70)...), lastRetry, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var h history
			var delay time.Duration
			var hopeless bool
			for _, e := range row.exits {
				delay, hopeless = h.next(boot, e)
			}
			if delay != row.delay || hopeless != row.hopeless {
				t.Errorf("next start: got %v, hopeless %v, want %v, %v", delay, hopeless, row.delay, row.hopeless)
			}
		})
	}
}
