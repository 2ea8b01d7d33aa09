package supervision_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// FuzzMachine feeds random events through a model of a shell and checks what must hold whatever happens. The seeds run
// with every go test; go test -fuzz FuzzMachine ./supervision goes on from there.
func FuzzMachine(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 400 {
		script := make([]byte, 20+rng.IntN(300))
		for i := range script {
			script[i] = byte(rng.Uint32())
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) { runScript(t, script) })
}

// TestRandomEvents is the same with scripts that differ from run to run.
func TestRandomEvents(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 3))
	for range 700 {
		script := make([]byte, 20+rng.IntN(300))
		for i := range script {
			script[i] = byte(rng.Uint32())
		}
		runScript(t, script)
	}
}

func runScript(t *testing.T, script []byte) {
	t.Helper()
	if len(script) < 4 {
		return
	}
	spec := scriptSpec(script[0], script[1])
	m, err := supervision.New(spec, func() float64 { return float64(script[2]) / 256 })
	if err != nil {
		t.Fatalf("new machine: %v", err)
	}
	w := &model{t: t, m: m, spec: spec, seen: map[supervision.Ref]bool{}, asked: map[uint64]bool{}, order: map[string]int{}, lastStop: int(^uint(0) >> 1)}
	for _, c := range spec.Children {
		w.adds++
		w.order[c.ID] = w.adds
	}
	w.feed(supervision.Event{Kind: supervision.EventStart})
	for i := 3; i+1 < len(script) && !w.over; i += 2 {
		w.act(script[i], int(script[i+1]))
	}
	w.wrapUp()
}

func scriptSpec(a, b byte) supervision.Spec {
	s := supervision.Spec{
		Strategy:   supervision.Strategy(a % 4),
		Exhaustion: supervision.Exhaustion(a / 4 % 3),
		Intensity:  supervision.Intensity{Restarts: int(b % 8), Period: 10 * time.Second},
		Grain:      []time.Duration{0, time.Second}[a/16%2],
	}
	if a >= 128 {
		s.Costs = supervision.CostsByClass()
	}
	if b >= 64 {
		s.AutoShutdown = supervision.AutoShutdown(a / 32 % 3)
	}
	for i := range int(b / 8 % 6) {
		c := supervision.ChildSpec{ID: string(rune('a' + i)), Restart: supervision.Restart((int(a) + i) % 3)}
		c.Significant = s.AutoShutdown != supervision.AutoShutdownNever && c.Restart != supervision.Permanent && i%2 == 0
		if b >= 128 && i%2 == 0 {
			c.Backoff = backoff.Policy{Base: 100 * time.Millisecond, Cap: time.Second, Healthy: 3 * time.Second}
		}
		s.Children = append(s.Children, c)
	}
	return s
}

// act turns two bytes into something that a shell may do at this moment.
func (w *model) act(op byte, n int) {
	exit := supervision.Exit{Kind: supervision.ExitKind(n % 5), Class: supervision.Class(n / 5 % 4)}
	id := string(rune('a' + n%8))
	switch op % 19 {
	case 0, 1, 2, 3, 4:
		w.answer(n)
	case 5, 6, 7:
		if len(w.alive) > 0 {
			w.end(w.alive[n%len(w.alive)], exit)
		}
	case 8, 9:
		if len(w.retries) > 0 {
			w.deliver(n % len(w.retries))
		}
	case 10:
		c := supervision.ChildSpec{ID: id, Restart: supervision.Restart(n / 8 % 3), Significant: n >= 128}
		w.request(supervision.Event{Kind: supervision.EventAddChild, Child: &c})
	case 11:
		w.request(supervision.Event{Kind: supervision.EventTerminateChild, ID: id})
	case 12:
		w.feed(supervision.Event{Kind: supervision.EventWake, ID: id})
		w.request(supervision.Event{Kind: supervision.EventInspect})
	case 16:
		w.request(supervision.Event{Kind: supervision.EventRestartChild, ID: id})
	case 17:
		w.request(supervision.Event{Kind: supervision.EventDeleteChild, ID: id})
	case 18:
		w.terminateIncarnation(n)
	case 13:
		w.now += time.Duration(n) * 50 * time.Millisecond
	case 14:
		w.lateWord(n, exit)
	case 15:
		if n < 16 {
			w.feed(supervision.Event{Kind: supervision.EventStop})
		}
	}
}

// answer gives the machine what it waits for.
func (w *model) answer(n int) {
	switch {
	case w.starting != nil && n%16 == 2:
		p := w.starting
		w.starting = nil
		w.feed(supervision.Event{Kind: supervision.EventStartIgnored, Ref: p.ref})
	case w.starting != nil && n%4 == 0:
		p := w.starting
		w.starting = nil
		kind := []supervision.EventKind{supervision.EventStartFailed, supervision.EventChildExited}[n/4%2]
		w.feed(supervision.Event{Kind: kind, Ref: p.ref, Exit: supervision.Exit{Kind: supervision.ExitError}})
	case w.starting != nil:
		p := w.starting
		w.starting = nil
		w.alive = append(w.alive, p)
		w.feed(supervision.Event{Kind: supervision.EventChildStarted, Ref: p.ref})
	case len(w.stopping) > 0:
		w.end(w.stopping[n%len(w.stopping)], supervision.Exit{Kind: supervision.ExitShutdown})
	}
}

func (w *model) end(p *process, exit supervision.Exit) {
	p.ended = true
	gone := func(other *process) bool { return other == p }
	w.alive, w.stopping = slices.DeleteFunc(w.alive, gone), slices.DeleteFunc(w.stopping, gone)
	w.dead = append(w.dead, p)
	w.feed(supervision.Event{Kind: supervision.EventChildExited, Ref: p.ref, Exit: exit})
}

// deliver brings a retry back. One that is no longer the child's current one must change nothing.
func (w *model) deliver(i int) {
	retry := w.retries[i]
	w.retries = slices.Delete(w.retries, i, i+1)
	child, _ := w.m.Child(retry.id)
	stale, idle := child.Ref != retry.ref, !w.busy()
	if got := w.feed(supervision.Event{Kind: supervision.EventRetryDue, Ref: retry.ref}); stale && idle && got > 0 {
		w.fail("stale retry %v of %s caused %d actions", retry.ref, retry.id, got)
	}
}

// lateWord says something about an incarnation that is not, or no longer, the case: nothing may come of it.
func (w *model) lateWord(n int, exit supervision.Exit) {
	about, kinds := w.dead, []supervision.EventKind{
		supervision.EventChildStarted, supervision.EventStartFailed, supervision.EventStartIgnored,
		supervision.EventChildExited, supervision.EventRetryDue,
	}
	if n%2 == 0 { // it runs: that it started, or did not, has been said
		about, kinds = w.alive, kinds[:3]
	}
	if len(about) == 0 {
		return
	}
	p, kind := about[n/8%len(about)], kinds[n/2%len(kinds)]
	if got := w.feed(supervision.Event{Kind: kind, Ref: p.ref, Exit: exit}); got > 0 {
		w.fail("%v about %v of %s caused %d actions", kind, p.ref, p.id, got)
	}
}

// request asks for something with a mark of its own: it is answered once.
func (w *model) request(ev supervision.Event) {
	w.requests++
	ev.Request = w.requests
	w.asked[ev.Request] = true
	w.feed(ev)
}

// terminateIncarnation means a process, dead or alive, rather than a name.
func (w *model) terminateIncarnation(n int) {
	about := w.dead
	if n%2 == 0 {
		about = w.alive
	}
	if len(about) > 0 {
		w.request(supervision.Event{Kind: supervision.EventTerminateChild, Ref: about[n/2%len(about)].ref})
	}
}

// wrapUp answers everything, then stops the supervisor: it must come to its end, and leave nobody alive.
func (w *model) wrapUp() {
	for round := 0; w.busy() && !w.over; round++ {
		if round > 10_000 {
			w.fail("machine still busy after %d answers", round)
		}
		w.answer(1)
	}
	if !w.over && len(w.asked) > 0 {
		w.fail("%d requests were never answered", len(w.asked))
	}
	w.feed(supervision.Event{Kind: supervision.EventStop})
	for w.busy() && !w.over {
		w.answer(1)
	}
	if !w.over {
		w.fail("told to stop and answered: not over")
	}
	for _, kind := range []supervision.EventKind{supervision.EventStart, supervision.EventStop, supervision.EventWake} {
		if got := w.feed(supervision.Event{Kind: kind, ID: "a"}); got > 0 {
			w.fail("%v after the end caused %d actions", kind, got)
		}
	}
}

func (w *model) busy() bool { return w.starting != nil || len(w.stopping) > 0 }

func (w *model) fail(format string, args ...any) {
	w.t.Helper()
	for _, line := range w.log {
		w.t.Log(line)
	}
	w.t.Fatalf(format, args...)
}
