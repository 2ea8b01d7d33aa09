package actors_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/supervision"
)

// TestChaos lets random trees of three levels suffer for a while. However they
// were treated, every permanent child is up again when it is over, the events
// have no gap, the tree stops in time and nothing of it is left. A failure
// prints the seed, which CHAOS_SEED repeats.
func TestChaos(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("CHAOS_SEED"); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("CHAOS_SEED: %v", err)
		}
		seed = given
	}
	for round := range uint64(20) {
		t.Run(fmt.Sprintf("seed %d", seed+round), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { suffer(t, seed+round) })
		})
	}
}

// chaos is what happens to one tree.
type chaos struct {
	random   *rand.Rand
	tree     *grove
	release  chan struct{} // for all that blocks
	calm     atomic.Bool   // nobody misbehaves
	children []string      // paths of all workers
	branches []string      // paths of all supervisors
	forks    []string      // of those, the dynamic ones
}

func suffer(t *testing.T, seed uint64) {
	t.Helper()
	c := &chaos{random: rand.New(rand.NewPCG(seed, 0)), release: make(chan struct{})}
	spec := c.spec("root", 3)
	c.tree = prepare(t, actors.SupervisorConfig{SupervisorSpec: spec, Seed: seed, StartTimeout: time.Second})
	c.calm.Store(true)
	if err := c.tree.Start(t.Context()); err != nil {
		t.Fatalf("Start: got %v, want no error", err)
	}
	c.calm.Store(false)
	for range 300 {
		c.hurt(t.Context())
		if c.random.IntN(3) == 0 {
			time.Sleep(time.Duration(c.random.IntN(1000)) * time.Millisecond)
		}
	}
	c.calm.Store(true)
	settle()
	c.mend(t)
	settle()
	root, err := c.tree.Tree(t.Context())
	if err != nil {
		t.Fatalf("Tree: got %v, want no error", err)
	}
	expectRunning(t, root)
	limit := time.Duration(len(c.children)+len(c.forks)) * time.Second // one after another; those of a fork at once
	begin := time.Now()
	if err := c.tree.Stop(context.Background()); err != nil {
		t.Fatalf("Stop: got %v, want no error", err)
	}
	if took := time.Since(begin); took > limit {
		t.Errorf("Stop of %d children took: got %v, want at most %v", len(c.children), took, limit)
	}
	close(c.release)
	settle()
	c.tree.expectAbandoned(t, "when all have come back", 0)
	if got := c.tree.names(); len(got) != 0 {
		t.Errorf("names in the system: got %v, want none", got)
	}
	for i, e := range c.tree.all() {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d: got number %d, want no gap", i+1, e.Seq)
		}
	}
}

// spec is a random supervisor. None gives up, so that what is down in the end
// was lost.
func (c *chaos) spec(path string, levels int) actors.SupervisorSpec {
	c.branches = append(c.branches, path)
	strategies := []supervision.Strategy{supervision.OneForOne, supervision.OneForAll, supervision.RestForOne, supervision.Dynamic}
	spec := actors.SupervisorSpec{Spec: supervision.Spec{Strategy: strategies[c.random.IntN(len(strategies))], Intensity: unlimited()}}
	if path == "root" {
		spec.Strategy = supervision.OneForOne
	}
	if spec.Strategy == supervision.Dynamic {
		c.forks = append(c.forks, path)
		spec.Template = func(id string) actors.Child { return c.worker(id, len(id)%2 == 0, false) }
		return spec
	}
	for i := range 2 + c.random.IntN(3) {
		id := string(rune('a' + i))
		if levels > 1 && i > 0 && c.random.IntN(2) == 0 {
			below := c.spec(path+"/"+id, levels-1)
			spec.Children = append(spec.Children, actors.Child{ChildSpec: supervision.ChildSpec{ID: id}, Supervisor: &below})
			continue
		}
		c.children = append(c.children, path+"/"+id)
		spec.Children = append(spec.Children, c.worker(id, c.random.IntN(3) > 0, c.random.IntN(3) == 0))
	}
	return spec
}

// worker is an actor, or a function, that misbehaves when it is told to, and
// now and then without.
func (c *chaos) worker(id string, isActor, backsOff bool) actors.Child {
	child := child(id, nil)
	child.Shutdown = supervision.ShutdownWithin(time.Second)
	if backsOff {
		child.Backoff.Base, child.Backoff.Cap = time.Second, 5*time.Second
	}
	if !isActor {
		child.Run = func(ctx context.Context) error {
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(time.Duration(1+rand.IntN(20)) * time.Second):
					if !c.calm.Load() {
						if err := c.misbehave(nil, rand.IntN(5)); err != nil {
							return err
						}
					}
				}
			}
		}
		return child
	}
	child.Props = actor.PropsFromProducer(func() actor.Actor {
		if !c.calm.Load() && rand.IntN(20) == 0 {
			panic("in the producer")
		}
		return actor.ReceiveFunc(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case int:
				_ = c.misbehave(ctx, m)
			case *actor.Started, *actor.Restarting, *actor.Stopping, *actor.Terminated:
				if !c.calm.Load() && rand.IntN(20) == 0 {
					_ = c.misbehave(ctx, rand.IntN(5))
				}
			case *actor.Stopped: // and never late: an abandoned one has its successor's name then
				if !c.calm.Load() && rand.IntN(20) == 0 {
					_ = c.misbehave(ctx, rand.IntN(2))
				}
			}
		})
	})
	return child
}

// misbehave is one way to fail.
func (c *chaos) misbehave(ctx actor.Context, how int) error {
	switch how {
	case 0:
		panic(errBench)
	case 1:
		runtime.Goexit()
	case 2:
		<-c.release
	case 3:
		time.Sleep(1500 * time.Millisecond)
	case 4:
		if ctx == nil {
			return errBench
		}
		actors.End(ctx, errBench)
	case 5:
		ctx.Spawn(script{}.props())
	case 6:
		ctx.Stop(ctx.Self())
	}
	return nil
}

// hurt does something bad, or asks for something, at random.
func (c *chaos) hurt(ctx context.Context) {
	path := c.children[c.random.IntN(len(c.children))]
	branch, id := c.branch(path)
	switch pid := branch.PID(id); c.random.IntN(8) {
	case 0:
		go func() { _ = branch.Terminate(ctx, id) }()
	case 1:
		go func() { _, _ = branch.Restart(ctx, id) }()
	case 2:
		go func() { _, _ = c.tree.Tree(ctx) }()
	case 3:
		if len(c.forks) > 0 {
			fork := c.tree.Branch(ids(c.forks[c.random.IntN(len(c.forks))])...)
			name := strings.Repeat("x", 1+c.random.IntN(6))
			go func() { _, _ = fork.Spawn(ctx, name) }()
			c.tree.system.Root.Send(fork.PID(name), c.random.IntN(7))
		}
	case 4:
		c.tree.system.Root.Stop(c.tree.Branch().PID(strings.TrimPrefix(c.branches[c.random.IntN(len(c.branches))], "root/")))
	default:
		c.tree.system.Root.Send(pid, c.random.IntN(7))
	}
}

// mend starts again what was terminated by request, and what had been stopped
// for a group restart whose cause was terminated before it succeeded.
func (c *chaos) mend(t *testing.T) {
	t.Helper()
	for _, path := range append(c.branches[1:], c.children...) {
		branch, id := c.branch(path)
		if _, err := branch.Restart(t.Context(), id); err != nil && !isOneOf(err, []error{supervision.ErrRunning}) {
			t.Errorf("Restart of %s: got %v, want it up", path, err)
		}
	}
}

func (c *chaos) branch(path string) (branch *actors.Branch, id string) {
	last := strings.LastIndexByte(path, '/')
	return c.tree.Branch(ids(path[:last])...), path[last+1:]
}

// ids leads from the root to the supervisor at the path.
func ids(path string) []string { return strings.Split(path, "/")[1:] }

func expectRunning(t *testing.T, node actors.Node) {
	t.Helper()
	if node.State != "running" {
		t.Errorf("%s: got %s, want running, since %s", node.Path, node.State, node.LastExit)
	}
	if node.Supervisor == nil {
		return
	}
	for _, below := range node.Supervisor.Children {
		expectRunning(t, below)
	}
}
