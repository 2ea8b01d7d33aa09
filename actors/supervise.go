package actors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// Child is one child of a supervisor: its spec, and exactly one way to run it.
// All ways may be given anew to each incarnation, so they must not be changed.
type Child struct {
	supervision.ChildSpec
	// Props makes an ordinary actor of protoactor. Its mailbox and dispatcher
	// are the supervisor's; everything else that the Props say holds. The actor
	// has started when it has handled Started, and its PID stays the same over
	// restarts.
	Props *actor.Props
	// Run is a plain function, which gets a goroutine of its own. It has started
	// with that, and is to return when ctx ends. What it returns is its
	// exit, see [End].
	Run func(ctx context.Context) error
	// Supervisor makes the child a supervisor itself.
	Supervisor *SupervisorSpec
}

// SupervisorSpec describes one supervisor of a tree.
type SupervisorSpec struct {
	// Spec holds the policy. Its own Children must be empty: they are below.
	supervision.Spec
	// Children are started in this order.
	Children []Child
	// Template makes the children of a Dynamic supervisor, which has no others:
	// it is called in the supervisor's turn at every start of a child, must not
	// block, and need not set the ID. All children share the spec that it returns
	// first.
	Template func(id string) Child
}

// SupervisorConfig says what a [Supervisor] is. The zero value of each field is
// usable.
type SupervisorConfig struct {
	// Name is the root's, and begins every path and the name of every actor of
	// the tree, as in "root/db/pool". Empty means "root". Two trees in one
	// system need two names.
	Name string
	SupervisorSpec
	// System is the actor system to run in. Nil makes one that logs nothing.
	System *actor.ActorSystem
	// StartTimeout is how long an actor may take to start before it is
	// abandoned. 0 means 5 s. OTP's has no limit.
	StartTimeout time.Duration
	// Clock is the monotonic time that the restart windows read. Nil is the
	// machine's. Timers run on the machine's in any case.
	Clock func() time.Duration
	// Observe is called with every event, in the turn of the supervisor that
	// caused it, so it must neither block nor end its goroutine (runtime.Goexit,
	// a test's FailNow). A panic in it is dropped. Nil means that nobody listens.
	Observe func(Event)
	// Seed makes the jitter of a run reproducible.
	Seed uint64
}

// Supervisor runs children under OTP's rules, with protoactor's mailboxes.
// Everything may be called from any goroutine, except from a turn of one of its
// own supervisors.
type Supervisor struct {
	// Fixed at construction.
	name   string
	kernel *kernel
	plan   plan

	mu    sync.Mutex
	state runtimeState
	root  *process

	started chan struct{} // closed when the root is up
	done    chan struct{} // closed when the root is gone
	exit    supervision.Exit
}

// DefaultStartTimeout is how long an actor may take to start.
const DefaultStartTimeout = 5 * time.Second

// NewSupervisor checks the configuration and starts nothing.
func NewSupervisor(cfg SupervisorConfig) (*Supervisor, error) {
	if cfg.Name == "" {
		cfg.Name = rootName
	}
	if cfg.System == nil {
		cfg.System = quietSystem()
	}
	s := &Supervisor{
		name:    cfg.Name,
		kernel:  newKernel(cfg.System, "", cfg.Seed, cfg.Observe),
		started: make(chan struct{}),
		done:    make(chan struct{}),
	}
	s.kernel.clock = cfg.Clock
	if cfg.StartTimeout > 0 {
		s.kernel.startLimit = cfg.StartTimeout
	}
	var err error
	if s.plan, err = cfg.plan(s.kernel, cfg.Name); err != nil {
		return nil, err
	}
	return s, nil
}

// plan checks the spec and all below it.
func (spec SupervisorSpec) plan(k *kernel, path string) (plan, error) {
	p := plan{spec: spec.Spec, recipes: make(map[string]recipe)}
	if len(spec.Spec.Children) > 0 {
		return p, fmt.Errorf("actors: %s: set SupervisorSpec.Children, not the Children of its Spec", path)
	}
	dynamic := spec.Strategy == supervision.Dynamic
	switch {
	case dynamic && spec.Template == nil:
		return p, fmt.Errorf("actors: %s: a dynamic supervisor needs a Template", path)
	case dynamic && len(spec.Children) > 0:
		return p, fmt.Errorf("actors: %s: a dynamic supervisor starts without children: use Branch.Spawn", path)
	case !dynamic && spec.Template != nil:
		return p, fmt.Errorf("actors: %s: only a dynamic supervisor has a Template: set its Strategy", path)
	case dynamic:
		p.template = func(id string) recipe {
			child := spec.Template(id)
			child.ID = id
			return child.recipe(k, path+"/"+id)
		}
		sample := guarded(func(id string) recipe {
			child := spec.Template(id)
			p.child = child.spec()
			return child.recipe(k, path+"/template")
		}, "")
		if sample.err != nil {
			return p, fmt.Errorf("actors: %s: the Template: %w", path, sample.err)
		}
	}
	for _, child := range spec.Children {
		r := child.recipe(k, path+"/"+child.ID)
		if r.err != nil {
			return p, r.err
		}
		p.append(child.spec(), r)
	}
	if err := p.validate(); err != nil {
		return p, fmt.Errorf("actors: %s: %w", path, err)
	}
	return p, nil
}

// validate asks the machine's rules, also about the children to come.
func (p plan) validate() error {
	spec := p.spec
	if p.template != nil {
		child := p.child
		child.ID = "template"
		spec.Children = []supervision.ChildSpec{child}
	}
	return spec.Validate()
}

func (c Child) spec() supervision.ChildSpec {
	spec := c.ChildSpec
	spec.Supervisor = c.Supervisor != nil
	return spec
}

// recipe checks how the child is made; what is wrong is in it.
func (c Child) recipe(k *kernel, path string) recipe {
	ways := 0
	for _, given := range []bool{c.Props != nil, c.Run != nil, c.Supervisor != nil} {
		if given {
			ways++
		}
	}
	switch {
	case ways != 1:
		return recipe{err: fmt.Errorf("actors: %s: set exactly one of Props, Run and Supervisor, not %d of them", path, ways)}
	case c.Supervisor == nil:
		return recipe{props: c.Props, run: c.Run}
	}
	nested, err := c.Supervisor.plan(k, path)
	if err != nil {
		return recipe{err: err}
	}
	return nested.recipe(k)
}

// Start brings the tree up and returns when it is, or says which child did not
// start; then what had started is down again. If ctx ends first the start goes
// on, until Stop.
func (s *Supervisor) Start(ctx context.Context) error {
	if err := s.begin(); err != nil {
		return err
	}
	select {
	case <-s.started:
		return nil
	case <-s.done:
		return fmt.Errorf("actors: start: %s", s.exit)
	case <-ctx.Done():
		return fmt.Errorf("actors: start: %w", ctx.Err())
	}
}

func (s *Supervisor) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != prepared {
		return errors.New("actors: the supervisor was started already")
	}
	s.state = begun
	s.root = s.kernel.host(overseerFunc(s.noticed), s.name, func() behaviour { return s.plan.recipe(s.kernel).behaviour(s.name) })
	s.root.begin(supervision.Ref{}, nil)
	return nil
}

// noticed is the root's supervisor: what it tells happens once each.
func (s *Supervisor) noticed(message control) {
	switch m := message.(type) {
	case childStarted:
		close(s.started)
	case childStartFailed:
		s.ended(m.exit)
	case childExited:
		s.ended(m.exit)
	default: // is only ever sent to supervisors below
	}
}

func (s *Supervisor) ended(exit supervision.Exit) {
	s.exit = exit // before done is closed, and after that never
	s.kernel.close()
	close(s.done)
}

// Stop stops the children in reverse order, each within its shutdown time, and
// returns when the tree is gone or ctx ends. A supervisor that was stopped stays
// stopped.
func (s *Supervisor) Stop(ctx context.Context) error {
	s.mu.Lock()
	switch s.state {
	case prepared:
		s.kernel.close()
		close(s.done)
	case begun:
		s.root.tell(shutDown{}, nil)
	case stopping:
	}
	s.state = stopping
	s.mu.Unlock()
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("actors: stop: the tree is still stopping: %w", ctx.Err())
	}
}

// Done is closed when the tree is gone: stopped, never come up, or given up.
func (s *Supervisor) Done() <-chan struct{} { return s.done }

// Exit is how the tree ended: an orderly shutdown that has no reason was asked
// for. It is the zero Exit before Done is closed.
func (s *Supervisor) Exit() supervision.Exit {
	select {
	case <-s.done:
		return s.exit
	default:
		return supervision.Exit{}
	}
}

// Subscribe returns a channel of events, see [Runtime.Subscribe].
func (s *Supervisor) Subscribe(buffer int) (<-chan Event, func()) {
	return s.kernel.events.subscribe(buffer)
}

// Abandoned is how many actors and functions were given up on, because they did
// not start or stop in time, and have not come to an end since.
func (s *Supervisor) Abandoned() int { return int(s.kernel.abandoned.Load()) }

// Tree reads the whole tree, see [Runtime.Tree].
func (s *Supervisor) Tree(ctx context.Context) (Node, error) {
	root, err := s.kernel.branch(s.name)
	if err != nil {
		return Node{}, err
	}
	return tree(ctx, s.name, s.name, root)
}

// Branch is the supervisor at the end of the IDs, from the root down; without
// any it is the root. It need not be there yet.
func (s *Supervisor) Branch(ids ...string) *Branch {
	return &Branch{kernel: s.kernel, path: strings.Join(append([]string{s.name}, ids...), "/")}
}

// overseerFunc is an overseer above the tree.
type overseerFunc func(control)

func (f overseerFunc) tell(message control, _ *worker) { f(message) }
