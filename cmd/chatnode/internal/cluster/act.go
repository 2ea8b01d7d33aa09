package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/fault"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/load"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

// act is one cluster, from its first process to its last.
type act struct {
	cfg     Config
	profile string
	dir     string
	start   starter
	layout  layout
	maker   maker
	journal *journal
	teller  *teller
	ports   *ports
	proxy   *fault.CuttingProxy

	added added                  // API nodes that the autoscaler brought
	links map[string]*fault.Link // the chat nodes' ways to etcd, by name
	show  *show
	// shownAt is when the act began, for the page.
	shownAt time.Time

	processes processes
	monitors  sync.WaitGroup
	releases  []context.CancelFunc // each ends one monitor

	serving time.Time
	settled bool // everything was back in time
	notes   []string
	read    load.Check // of the acknowledged messages
}

// newAct lays an act out in a folder of its own; nothing runs yet.
func newAct(ctx context.Context, cfg Config, profile, dir string, p *ports, t *teller, start starter) (*act, error) {
	l, err := newLayout(ctx, p, cfg)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, fmt.Errorf("folder of act %s: %w", profile, err)
	}
	a := &act{cfg: cfg, profile: profile, dir: dir, start: start, layout: l, ports: p, teller: t}
	a.journal = newJournal(names(l.nodes), a.tell)
	a.maker = maker{cfg: cfg, profile: profile, dir: dir, layout: l, report: a.journal.add}
	return a, nil
}

// play runs the act to its end and computes what it showed. The cluster still
// runs afterwards, whatever the outcome: close stops it.
func (a *act) play(ctx context.Context) (ActResult, error) {
	for _, step := range []func(context.Context) error{a.boot, a.connect, a.awaitGuilds, a.poison, a.settle, a.readBack} {
		if err := step(ctx); err != nil {
			return ActResult{}, a.explain(ctx, err)
		}
	}
	a.teller.silence()
	r := record{
		profile: a.profile, target: a.cfg.Target, key: a.layout.key, users: a.cfg.Users, nodes: names(a.layout.nodes),
		serving: a.serving, ended: time.Now(), events: a.journal.finish(), settled: a.settled, notes: a.notes, read: a.read,
	}
	return r.result(), nil
}

// boot starts the servers and waits until every chat node knows every API node.
func (a *act) boot(ctx context.Context) error {
	if err := errors.Join(a.openProxy(ctx), a.openLinks(ctx)); err != nil {
		return err
	}
	a.show.enter(ctx, a)
	a.say("starting etcd, the store, %s and %s", count(len(a.layout.apis), "API node"), count(len(a.layout.nodes), "chat node"))
	a.launch(ctx, a.maker.etcd())
	a.launch(ctx, a.maker.store())
	if err := a.awaitReady(ctx, a.layout.etcd, a.layout.store); err != nil {
		return err
	}
	if err := a.watchKey(ctx); err != nil {
		return err
	}
	apis := slices.Clone(a.layout.apis)
	for _, s := range a.layout.apis {
		a.launch(ctx, a.maker.api(s))
	}
	a.monitor(ctx, a.measure)
	if a.cfg.Target == TargetExisting {
		apis = append(apis, a.layout.joiner)
		a.launch(ctx, a.maker.joiner(a.proxyURL()))
	}
	for _, s := range a.layout.nodes {
		a.launch(ctx, a.maker.node(s))
	}
	if err := a.awaitReady(ctx, append(apis, a.layout.nodes...)...); err != nil {
		return err
	}
	if a.cfg.Autoscale {
		a.monitor(ctx, a.manageAPIs)
	}
	err := a.journal.await(ctx, startLimit, func(b *board) bool { return b.allKnow(len(apis)) })
	if errors.Is(err, errTimeLimit) {
		return fmt.Errorf("not every chat node found all %d API nodes: %w", len(apis), err)
	}
	return err
}

// connect brings the users in.
func (a *act) connect(ctx context.Context) error {
	began := time.Now()
	a.launch(ctx, a.maker.load())
	if err := a.journal.await(ctx, startLimit, func(b *board) bool { return b.pids[a.layout.load.name] != 0 }); err != nil {
		return err
	}
	if err := a.writeReady(); err != nil {
		return err
	}
	a.monitor(ctx, a.keepReadyFresh)
	err := a.journal.await(ctx, connectLimit+a.cfg.connectTime(), func(b *board) bool { return b.load.Connected >= a.cfg.Users })
	if errors.Is(err, errTimeLimit) {
		connected := 0
		a.journal.look(func(b *board) { connected = b.load.Connected })
		return fmt.Errorf("only %s of %s users connected: %w", thousands(connected), thousands(a.cfg.Users), err)
	}
	if err != nil {
		return err
	}
	a.serving = time.Now()
	a.show.see(page.ServingSeen{At: a.serving})
	a.say("%s users are connected, after %s", thousands(a.cfg.Users), seconds(time.Since(began)))
	return nil
}

// poison cuts one announcement and waits until it was cut.
func (a *act) poison(ctx context.Context) error {
	a.journal.look(func(b *board) { b.before = b.load.Connected })
	a.proxy.CutNext()
	limit := cutLimit
	if a.cfg.Target == TargetExisting {
		a.say("%s has been announced for a while; its next announcement will be cut", a.layout.joiner.name)
		limit += existingTTL
	} else {
		a.say("%s joins, as the autoscaler would add it; its first announcement will be cut", a.layout.joiner.name)
		a.launch(ctx, a.maker.joiner(a.proxyURL()))
	}
	err := a.journal.await(ctx, limit, func(b *board) bool { return !b.poison.cut.IsZero() })
	if errors.Is(err, errTimeLimit) {
		return fmt.Errorf("%s made no announcement: %w", a.layout.joiner.name, err)
	}
	return err
}

// tell hands on what was seen, to the progress lines and to the page.
func (a *act) tell(e event) {
	a.teller.tell(e)
	a.show.tell(e)
	a.tellIncidents(e)
}

// launch starts one process of the act and keeps it alive until close.
func (a *act) launch(ctx context.Context, s spec) {
	a.processes.add(supervise(ctx, s, a.start, a.journal.add))
}

// monitor runs f beside the act until close: the end of ctx stops the acts'
// steps, and close stops the rest in its own order.
func (a *act) monitor(ctx context.Context, f func(context.Context)) {
	ctx, release := context.WithCancel(context.WithoutCancel(ctx))
	a.releases = append(a.releases, release)
	a.monitors.Go(func() { f(ctx) })
}

// awaitReady waits until the servers say that they are ready.
func (a *act) awaitReady(ctx context.Context, servers ...server) error {
	err := a.journal.await(ctx, startLimit, func(b *board) bool { return b.allReady(names(servers)...) })
	if !errors.Is(err, errTimeLimit) {
		return err
	}
	var late []server
	a.journal.look(func(b *board) {
		late = slices.DeleteFunc(slices.Clone(servers), func(s server) bool { return b.ready[s.name] })
	})
	if len(late) == 0 {
		return nil // ready in the last moment
	}
	why := unready(ctx, late[0].adminURL())
	return &startError{name: list(names(late)), log: late[0].name, reason: fmt.Sprintf("did not become ready (%s): %v", why, err)}
}

// explain puts the act's name and the last words of the process at fault to an error.
func (a *act) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &interruptedError{act: a.profile, cause: ctx.Err()}
	}
	if failed, ok := errors.AsType[*startError](err); ok {
		lines := tail(filepath.Join(a.dir, failed.log+".log"))
		a.say("the last lines of %s's log:\n%s", failed.log, indent(lines))
		if len(lines) > 0 {
			return fmt.Errorf("act %s: %w: %s", a.profile, err, lines[len(lines)-1])
		}
	}
	return fmt.Errorf("act %s: %w", a.profile, err)
}

// interruptedError is an act that was ended from outside.
type interruptedError struct {
	act   string
	cause error
}

func (e *interruptedError) Error() string { return "interrupted in act " + e.act }
func (e *interruptedError) Unwrap() error { return e.cause }

func (a *act) say(format string, args ...any) {
	a.teller.say(note{at: time.Now(), act: a.profile, text: fmt.Sprintf(format, args...)})
}

func indent(lines []string) string { return "    " + strings.Join(lines, "\n    ") }

// pids returns which processes run, by name.
func (a *act) pids() (pids map[string]int) {
	a.journal.look(func(b *board) { pids = maps.Clone(b.pids) })
	return pids
}
