package actors

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// scripted is a behaviour that does what its hooks say.
type scripted struct {
	onStart   func() error
	onReceive func(message any) error
	onStop    func()
}

func (s scripted) start(*process) error {
	if s.onStart == nil {
		return nil
	}
	return s.onStart()
}

func (s scripted) receive(message any) error {
	if s.onReceive == nil {
		return nil
	}
	return s.onReceive(message)
}

func (s scripted) stop(supervision.Exit) {
	if s.onStop != nil {
		s.onStop()
	}
}

// bench is a supervisor under test, with what it told its own supervisor.
type bench struct {
	kernel *kernel
	root   *process
	told   chan control
	pids   chan *process // one per start of a child, in order
	events <-chan Event
}

func newBench(t *testing.T, spec supervision.Spec, children map[string]func() behaviour) *bench {
	t.Helper()
	b := &bench{
		kernel: newKernel(quietSystem(), "bench/", 0, nil),
		told:   make(chan control, 16), pids: make(chan *process, 64),
	}
	b.events, _ = b.kernel.events.subscribe(1024)
	p := plan{spec: spec, recipes: map[string]recipe{}}
	for _, child := range spec.Children {
		p.recipes[child.ID] = recipe{behaviour: func(string) behaviour { return announcing{children[child.ID](), b.pids} }}
	}
	root, err := newSupervisor(b.kernel, "root", p)
	if err != nil {
		t.Fatalf("newSupervisor: got %v, want no error", err)
	}
	b.root = b.kernel.host(overseerFunc(func(m control) { b.told <- m }), "root", func() behaviour { return root })
	b.root.begin(supervision.Ref{}, nil)
	t.Cleanup(b.kernel.close)
	return b
}

// announcing tells the test each incarnation's address.
type announcing struct {
	behaviour
	pids chan *process
}

func (a announcing) start(self *process) error {
	err := a.behaviour.start(self)
	a.pids <- self
	return err
}

func (b *bench) expect(t *testing.T, want control) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-b.told:
		if strings.Split(typeName(got), "{")[0] != strings.Split(typeName(want), "{")[0] {
			t.Fatalf("told its supervisor: got %T %+v, want %T", got, got, want)
		}
	default:
		t.Fatalf("told its supervisor: got nothing, want %T", want)
	}
}

func typeName(m control) string {
	switch m.(type) {
	case childStarted:
		return "childStarted"
	case childStartFailed:
		return "childStartFailed"
	case childExited:
		return "childExited"
	default:
	}
	return "other"
}

func (b *bench) stop(t *testing.T) {
	t.Helper()
	b.root.tell(shutDown{}, nil)
	b.expect(t, childExited{})
}

// registered reports whether protoactor knows the very process under its name.
func (b *bench) registered(p *process) bool {
	got, _ := b.kernel.system.ProcessRegistry.GetLocal(p.name)
	return got == actor.Process(p)
}

func (b *bench) kinds() map[EventKind]int {
	kinds := map[EventKind]int{}
	for {
		select {
		case e := <-b.events:
			kinds[e.Kind]++
		default:
			return kinds
		}
	}
}

func oneForOne(restarts int) supervision.Spec {
	return supervision.Spec{
		Intensity: supervision.Intensity{Restarts: restarts, Period: 5 * time.Second},
		Children:  []supervision.ChildSpec{{ID: "a"}},
	}
}

// TestChildIsRestartedHoweverItEnds sends a child one message that ends it, in
// each of the ways an actor can end, and expects the next incarnation.
func TestChildIsRestartedHoweverItEnds(t *testing.T) {
	var nilMap map[string]int
	tests := []struct {
		name string
		end  func() error
		exit string
	}{
		{"error", func() error { return errors.New("broken") }, "error"},
		{"panic with an error", func() error { panic(errors.New("broken")) }, "panic"},
		{"panic with nil", func() error { panic(nil) }, "panic"},
		{"runtime error", func() error { nilMap["x"] = 1; return nil }, "panic"},
		{"panic with a huge string", func() error { panic(strings.Repeat("x", 1<<20)) }, "panic"},
		{"Goexit", func() error { runtime.Goexit(); return nil }, "killed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, oneForOne(3), map[string]func() behaviour{
					"a": func() behaviour { return scripted{onReceive: func(any) error { return test.end() }} },
				})
				b.expect(t, childStarted{})
				first := <-b.pids
				first.post("end")
				synctest.Wait()
				if b.registered(first) {
					t.Error("the incarnation that ended: got it still registered, want it gone")
				}
				if len(b.pids) != 1 {
					t.Fatalf("incarnations after the end: got %d more, want 1", len(b.pids))
				}
				for len(b.events) > 0 {
					e := <-b.events
					if e.Kind != EventChildExited {
						continue
					}
					if e.Exit != test.exit || len(e.Reason) > maxReasonBytes {
						t.Errorf("exit: got %s with a reason of %d bytes, want %s and at most %d", e.Exit, len(e.Reason), test.exit, maxReasonBytes)
					}
				}
				b.stop(t)
			})
		})
	}
}

// TestTreeStopsWhateverChildrenDo covers the ways a stopping child of
// protoactor hangs its parent for ever.
func TestTreeStopsWhateverChildrenDo(t *testing.T) {
	tests := []struct {
		name      string
		child     scripted
		abandoned int
	}{
		{"nothing", scripted{}, 0},
		{"panic while stopping", scripted{onStop: func() { panic("in stop") }}, 0},
		{"Goexit while stopping", scripted{onStop: runtime.Goexit}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, oneForOne(3), map[string]func() behaviour{"a": func() behaviour { return test.child }})
				b.expect(t, childStarted{})
				b.root.tell(shutDown{}, nil)
				time.Sleep(supervision.DefaultShutdown + time.Second)
				b.expect(t, childExited{})
				if got := b.kinds()[EventChildAbandoned]; got != test.abandoned {
					t.Errorf("abandoned: got %d, want %d", got, test.abandoned)
				}
			})
		})
	}
}

func TestBlockedChildIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBench(t, oneForOne(3), map[string]func() behaviour{
			"a": func() behaviour { return scripted{onReceive: func(any) error { <-release; return nil }} },
		})
		b.expect(t, childStarted{})
		blocked := <-b.pids
		blocked.post("block")
		synctest.Wait()
		begin := time.Now()
		b.root.tell(shutDown{}, nil)
		select {
		case <-b.told:
		case <-time.After(time.Minute):
			t.Fatal("stop of a tree with a blocked child: still waiting after a minute")
		}
		if took := time.Since(begin); took != supervision.DefaultShutdown {
			t.Errorf("stop took: got %v, want %v", took, supervision.DefaultShutdown)
		}
		if b.registered(blocked) {
			t.Error("the abandoned actor: got it still registered, want it unreachable")
		}
		if got := b.kernel.abandoned.Load(); got != 1 {
			t.Errorf("abandoned: got %d, want 1", got)
		}
		close(release)
	})
}

func TestSlowStartFailsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBench(t, oneForOne(3), map[string]func() behaviour{
			"a": func() behaviour { return scripted{onStart: func() error { <-release; return nil }} },
		})
		time.Sleep(DefaultStartTimeout)
		b.expect(t, childStartFailed{})
		close(release)
		synctest.Wait()
		if len(b.told) != 0 {
			t.Errorf("after the late start: got %v, want silence", <-b.told)
		}
	})
}

func TestProducerThatPanicsIsAFailedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneForOne(3), map[string]func() behaviour{"a": func() behaviour { panic("no") }})
		b.expect(t, childStartFailed{})
	})
}

func TestExceededIntensityEscalates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, oneForOne(3), map[string]func() behaviour{
			"a": func() behaviour { return scripted{onReceive: func(any) error { return errors.New("bad") }} },
		})
		b.expect(t, childStarted{})
		for crash := range 4 {
			(<-b.pids).post("end")
			synctest.Wait()
			if crash < 3 && len(b.pids) != 1 {
				t.Fatalf("after crash %d: got %d incarnations, want 1", crash+1, len(b.pids))
			}
		}
		b.expect(t, childExited{})
		kinds := b.kinds()
		if kinds[EventSupervisorGaveUp] != 1 || kinds[EventChildRestarting] != 3 {
			t.Errorf("events: got %v, want 3 restarts and one supervisor that gave up", kinds)
		}
	})
}

// TestMessagesForTheDeadAreNotDelivered: what was queued for an incarnation
// dies with it, as in OTP.
func TestMessagesForTheDeadAreNotDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		received := make(chan any, 8)
		b := newBench(t, oneForOne(3), map[string]func() behaviour{
			"a": func() behaviour {
				return scripted{onReceive: func(m any) error {
					received <- m
					if m == "end" {
						return errors.New("bad")
					}
					return nil
				}}
			},
		})
		b.expect(t, childStarted{})
		first := <-b.pids
		first.post("end")
		first.post("late")
		synctest.Wait()
		(<-b.pids).post("new")
		synctest.Wait()
		if got := []any{<-received, <-received}; got[0] != "end" || got[1] != "new" {
			t.Errorf("received: got %v, want [end new]", got)
		}
		b.stop(t)
	})
}
