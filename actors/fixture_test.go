package actors_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// script is an ordinary actor that does on each message what its table says,
// and keeps a diary. The keys are protoactor's lifecycle messages without their
// package, as "Stopping", and the strings that it is sent.
type script struct {
	on     map[string]func(ctx actor.Context, incarnation int)
	diary  *diary
	before func(incarnation int) // called in the producer
}

// props makes actors that know which incarnation they are, from 1.
func (s script) props() *actor.Props {
	var produced atomic.Int64
	return actor.PropsFromProducer(func() actor.Actor {
		n := int(produced.Add(1))
		if s.before != nil {
			s.before(n)
		}
		return actor.ReceiveFunc(func(ctx actor.Context) {
			name := messageName(ctx.Message())
			s.diary.write("%d %s", n, name)
			if act := s.on[name]; act != nil {
				act(ctx, n)
			}
		})
	})
}

func messageName(message any) string {
	if text, ok := message.(string); ok {
		return text
	}
	return reflect.Indirect(reflect.ValueOf(message)).Type().Name()
}

// message is the present one, of which the caller knows the type.
func message[T any](ctx actor.Context) T {
	m, _ := ctx.Message().(T)
	return m
}

// diary is what happened, in order. A nil one keeps nothing.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) write(format string, args ...any) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, ", ")
}

func (d *diary) expect(t *testing.T, when, want string) {
	t.Helper()
	if got := d.String(); got != want {
		t.Errorf("%s: got [%s], want [%s]", when, got, want)
	}
}

// grove is a running tree under test.
type grove struct {
	*actors.Supervisor
	system *actor.ActorSystem
	events <-chan actors.Event
	seen   []actors.Event
}

// plant starts a tree in the bubble of the test. Unless the spec says how many
// restarts it allows, they are not bounded.
func plant(t *testing.T, spec actors.SupervisorSpec) *grove {
	t.Helper()
	g := prepare(t, actors.SupervisorConfig{SupervisorSpec: spec})
	if err := g.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	synctest.Wait()
	return g
}

func prepare(t *testing.T, cfg actors.SupervisorConfig) *grove {
	t.Helper()
	if cfg.System == nil {
		cfg.System = quietSystem()
	}
	if cfg.Intensity == (supervision.Intensity{}) {
		cfg.Intensity = unlimited()
	}
	s, err := actors.NewSupervisor(cfg)
	if err != nil {
		t.Fatalf("NewSupervisor: got %v, want no error", err)
	}
	g := &grove{Supervisor: s, system: cfg.System}
	g.events, _ = s.Subscribe(1 << 16)
	return g
}

// static is a one-for-one tree of these children.
func static(children ...actors.Child) actors.SupervisorSpec {
	return actors.SupervisorSpec{Children: children}
}

// child is a permanent child that is an actor.
func child(id string, props *actor.Props) actors.Child {
	return actors.Child{ChildSpec: supervision.ChildSpec{ID: id}, Props: props}
}

// function is a permanent child that is a plain function.
func function(id string, run func(context.Context) error) actors.Child {
	return actors.Child{ChildSpec: supervision.ChildSpec{ID: id}, Run: run}
}

// send gives a child of the root a message and lets everything settle.
func (g *grove) send(id string, message any) {
	g.system.Root.Send(g.Branch().PID(id), message)
	synctest.Wait()
}

// alive asks a child of the root, which must answer pings, for a sign of life.
func (g *grove) alive(t *testing.T, id string) {
	t.Helper()
	g.answers(t, g.Branch().PID(id))
}

func (g *grove) answers(t *testing.T, pid *actor.PID) {
	t.Helper()
	future := actor.NewFuture(g.system, time.Second)
	g.system.Root.Send(pid, ping{future.PID()})
	if _, err := future.Result(); err != nil {
		t.Errorf("%s: got %v, want an answer", pid.Id, err)
	}
}

// ping is answered by every script whose table has pong.
type ping struct{ from *actor.PID }

func pong(ctx actor.Context, _ int) {
	if m, ok := ctx.Message().(ping); ok {
		ctx.Send(m.from, "pong")
	}
}

// stop ends the tree, and fails the test if that takes longer than the limit or
// leaves more than so many abandoned.
func (g *grove) stop(t *testing.T, limit time.Duration, abandoned int) {
	t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := g.Stop(ctx); err != nil {
		t.Fatalf("Stop: got %v, want no error", err)
	}
	if took := time.Since(begin); took > limit {
		t.Errorf("Stop took: got %v, want at most %v", took, limit)
	}
	settle()
	if got := g.Abandoned(); got != abandoned {
		t.Errorf("abandoned after Stop: got %d, want %d", got, abandoned)
	}
}

// settle lets a minute pass, in which nothing may happen any more. Protoactor's
// own timers end.
func settle() {
	time.Sleep(time.Minute)
	synctest.Wait()
}

// all returns every event so far.
func (g *grove) all() []actors.Event {
	for {
		select {
		case e, ok := <-g.events:
			if !ok {
				return g.seen
			}
			g.seen = append(g.seen, e)
		default:
			return g.seen
		}
	}
}

// told returns the events of the kind so far.
func (g *grove) told(kind actors.EventKind) []actors.Event {
	return slices.DeleteFunc(slices.Clone(g.all()), func(e actors.Event) bool { return e.Kind != kind })
}

// expectTold compares how often events of the kind were told.
func (g *grove) expectTold(t *testing.T, kind actors.EventKind, want int) {
	t.Helper()
	if got := g.told(kind); len(got) != want {
		t.Errorf("events %s: got %d %v, want %d", kind, len(got), got, want)
	}
}

// names are those of the tree's actors and theirs that the system knows.
func (g *grove) names() []string {
	var names []string
	for _, bucket := range g.system.ProcessRegistry.LocalPIDs.LocalPIDs {
		if bucket.Count() > 0 {
			names = append(names, bucket.Keys()...)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "root") })
	slices.Sort(names)
	return names
}

func expectIs(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}
