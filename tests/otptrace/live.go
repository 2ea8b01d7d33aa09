package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
)

// runLive prints the trace that the supervisors of package actors make of the scenario. It takes a test, because nobody
// else may enter virtual time.
func runLive(t *testing.T, in io.Reader, out io.Writer) error {
	t.Helper()
	sc, err := parse(in)
	if err != nil {
		return err
	}
	if err := sc.validateLive(); err != nil {
		return err
	}
	var trace string
	synctest.Test(t, func(*testing.T) { trace, err = play(sc) })
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, trace)
	return err
}

// live is a tree of real supervisors, whose workers are actors, while it runs.
type live struct {
	system *actor.ActorSystem
	tree   *actors.Supervisor
	over   chan struct{} // closed when the trace is complete: workers that never stop go on

	mu sync.Mutex // over all below, which the turns of supervisors and workers change
	ledger
	living map[string]int        // what lives under a path: the number of the incarnation
	taken  map[string]*actor.PID // names that somebody else has, so that a supervisor cannot start
	letGo  chan struct{}         // closed when the supervisor that is held may go on
}

func newLive(sc *scenario) (*live, error) {
	l := &live{
		system: actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
			return slog.New(slog.DiscardHandler)
		})),
		over: make(chan struct{}), ledger: newLedger(sc), living: map[string]int{}, taken: map[string]*actor.PID{},
	}
	var err error
	l.tree, err = actors.NewSupervisor(actors.SupervisorConfig{
		Name: rootPath, SupervisorSpec: l.supervisorSpec(sc.nodes[rootPath]), System: l.system, Clock: l.clock, Observe: l.observe,
	})
	return l, err
}

// play is called in a bubble.
func play(sc *scenario) (string, error) {
	l, err := newLive(sc)
	if err != nil {
		return "", err
	}
	ctx := context.Background()
	l.starts(rootPath)
	failed := l.tree.Start(ctx)
	l.settle(ctx)
	if failed != nil && l.rootExit == "" {
		return "", failed
	}
	for _, c := range sc.commands {
		l.at(c.at)
		l.execute(ctx, c)
		l.settle(ctx)
	}
	for _, n := range sc.tree {
		l.write("state %s", l.state(ctx, n))
	}
	l.mu.Lock()
	l.recordEnd()
	text := l.text()
	l.mu.Unlock()
	return text, l.close(ctx)
}

// close waits for all that the bubble may not be left with: workers that took too long, and the system's timers.
func (l *live) close(ctx context.Context) error {
	close(l.over)
	err := l.tree.Stop(ctx)
	for pause := l.system.Config.DeadLetterThrottleInterval; ; {
		left := l.tree.Abandoned()
		time.Sleep(2 * pause)
		if left == 0 {
			return err
		}
	}
}

// settle waits until nothing moves: no mailbox holds anything, every supervisor has come to the end of what it was at,
// however much virtual time that takes, and two looks have found nothing new.
func (l *live) settle(ctx context.Context) {
	for quiet, before := 0, -1; quiet < 2; quiet++ {
		synctest.Wait()
		for _, n := range l.scenario.tree {
			_, _ = l.branch(n.path).Counts(ctx)
		}
		synctest.Wait()
		if after := l.lines(); after != before {
			quiet, before = 0, after
		}
	}
}

func (l *live) lines() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.trace)
}

func (l *live) at(now time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = now
}

// clock is what the restart windows read.
func (l *live) clock() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *live) write(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.record(format, args...)
}

// validateLive refuses what cannot be done to a real supervisor.
func (sc *scenario) validateLive() error {
	for _, c := range sc.commands {
		if n := sc.nodes[c.path]; c.verb == "ignore" && n != nil && n.branch != nil {
			return fmt.Errorf("ignore %s: it is a supervisor: only workers ignore their start", c.path)
		}
	}
	return nil
}
