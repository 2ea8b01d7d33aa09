package actors

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// Config says what a runtime works on. The zero value is usable where nothing
// is announced or watched.
type Config struct {
	// Source reads the registry; needed to watch and to announce.
	Source registry.Source
	// Writer writes it; needed to announce.
	Writer registry.Writer
	// Prefix is the directory above all services. Empty means
	// [registry.DefaultPrefix]. Two clusters in one registry differ by it.
	Prefix string
	// Policy is what supervision does; nil means [Isolated].
	Policy *Policy
	// Cursor tunes how directories are followed. Its Random is replaced.
	Cursor registry.CursorConfig
	// View tunes what is believed of a directory: the guards' thresholds, and
	// whether a bad key serves its last good value or, with FailClosed, nothing.
	// Its Random is replaced.
	View registry.Config
	// Prober finds out whether an instance that is held lives. Nil means
	// [TCPProber].
	Prober Prober
	// Keeper keeps what is published beyond the life of the process. Nil means
	// that nobody does.
	Keeper Keeper
	// Restart tunes the question whether a restart now would be safe.
	Restart RestartConfig
	// Consumer is this process's name where it says of a value that it cannot read
	// it, for the writer and the other consumers; see docs/OPERATING.md. It is a
	// name (see [registry.Directory]), another one for each process. Empty means a
	// random one. Mute says nothing, and listens to nobody.
	Consumer string
	Mute     bool
	// System is the actor system to run in. Nil makes one that logs nothing.
	System *actor.ActorSystem
	// Seed makes the jitter of a run reproducible; 0 is a seed like any other.
	Seed uint64
	// Observe is called with every event, in the turn of the actor that caused
	// it: it must neither block nor end its goroutine (runtime.Goexit, a test's
	// FailNow). A panic in it is dropped. Nil means that nobody listens.
	Observe func(Event)
}

// Runtime watches directories and announces instances, under supervisors.
// New, Watch and Announce prepare it, in one goroutine; everything else may be
// called from any.
type Runtime struct {
	// Fixed once Start was called.
	config        Config
	policy        Policy
	kernel        *kernel
	services      []*service
	byName        map[string]*service
	announcements []*announcement
	fleet         *fleetState
	restart       atomic.Pointer[restartRound] // nil before the first answer

	mu    sync.Mutex
	state runtimeState
	root  *process

	started  chan struct{} // closed when the root is up
	finished chan struct{} // closed when the root is gone
	failed   chan struct{} // closed when that was not asked for
	exit     supervision.Exit
}

type runtimeState uint8

const (
	prepared runtimeState = iota
	begun
	stopping
)

// ErrGaveUp is why a runtime failed: its root supervisor's budget is spent.
// It cannot happen under [Isolated].
var ErrGaveUp = errors.New("actors: the root supervisor gave up")

// New checks the configuration and starts nothing.
func New(cfg Config) (*Runtime, error) {
	policy := Isolated()
	if cfg.Policy != nil {
		policy = *cfg.Policy
	}
	if cfg.Prefix == "" {
		cfg.Prefix = registry.DefaultPrefix
	}
	if cfg.Prober == nil {
		cfg.Prober = TCPProber{}
	}
	if cfg.Consumer == "" {
		cfg.Consumer = rand.Text()
	}
	if cfg.System == nil {
		cfg.System = quietSystem()
	}
	r := &Runtime{
		config:   cfg,
		policy:   policy,
		kernel:   newKernel(cfg.System, "firebreak"+cfg.System.ProcessRegistry.NextId()+"/", cfg.Seed, cfg.Observe),
		byName:   make(map[string]*service),
		fleet:    newFleetState(),
		started:  make(chan struct{}),
		finished: make(chan struct{}),
		failed:   make(chan struct{}),
	}
	return r, r.validate()
}

// quietSystem is an actor system without protoactor's own log: it would print
// message bodies, and those hold registry values.
func quietSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
}

func (r *Runtime) validate() error {
	if _, err := registry.NewFleet(registry.FleetConfig{Prefix: r.config.Prefix, Consumer: r.config.Consumer}); err != nil {
		return fmt.Errorf("actors: %w", err)
	}
	if err := r.config.Restart.Validate(); err != nil {
		return err
	}
	for name, limits := range map[string]Limits{
		"root": r.policy.Root, "service": r.policy.Service, "entries": r.policy.Entries, "announcers": r.policy.Announcers,
	} {
		spec := limits.spec(supervision.OneForOne)
		spec.Children = []supervision.ChildSpec{limits.child("any", false)}
		if err := spec.Validate(); err != nil {
			return fmt.Errorf("actors: policy of %s: %w", name, err)
		}
	}
	return nil
}

// Watch makes the runtime follow the instances of a service. Call it before Start.
func (r *Runtime) Watch(name string) error { return r.Follow(Directory{Service: name}) }

// Follow makes the runtime follow a directory, for a consumer of its own or with
// settings of its own. Call it before Start.
func (r *Runtime) Follow(d Directory) error {
	if err := r.preparing(); err != nil {
		return err
	}
	if r.config.Source == nil {
		return fmt.Errorf("actors: follow %s: Config.Source is nil", d.Service)
	}
	if err := d.Validate(); err != nil {
		return err
	}
	path, err := registry.Directory(r.config.Prefix, d.Service)
	if err != nil {
		return fmt.Errorf("actors: follow: %w", err)
	}
	if _, twice := r.byName[d.Service]; twice {
		return fmt.Errorf("actors: follow %s: it is followed already", d.Service)
	}
	s := newService(r.kernel, path, d)
	r.byName[d.Service] = s
	r.services = append(r.services, s)
	return nil
}

func (r *Runtime) preparing() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != prepared {
		return errors.New("actors: the runtime was started already")
	}
	return nil
}

// Start brings the tree up and returns when it is. It does not wait for the
// registry: see [Runtime.WaitReady].
func (r *Runtime) Start(ctx context.Context) error {
	if err := r.begin(); err != nil { //nolint:contextcheck // the tree outlives the call that starts it
		return err
	}
	select {
	case <-r.started:
		return nil
	case <-r.finished:
		return r.Err()
	case <-ctx.Done():
		return fmt.Errorf("actors: start: %w", ctx.Err())
	}
}

func (r *Runtime) begin() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != prepared {
		return errors.New("actors: the runtime was started already")
	}
	root, err := newSupervisor(r.kernel, rootName, r.rootPlan())
	if err != nil {
		return fmt.Errorf("actors: start: %w", err)
	}
	r.state = begun
	r.root = r.kernel.host(overseerFunc(r.noticed), rootName, func() behaviour { return root })
	r.root.begin(supervision.Ref{}, nil)
	return nil
}

// noticed is the root's supervisor: what it tells happens once each.
func (r *Runtime) noticed(message control) {
	switch m := message.(type) {
	case childStarted:
		close(r.started)
	case childStartFailed:
		r.ended(m.exit)
	case childExited:
		r.ended(m.exit)
	default: // is only ever sent to supervisors below
	}
}

func (r *Runtime) ended(exit supervision.Exit) {
	r.mu.Lock()
	asked := r.state == stopping
	r.exit = exit
	r.mu.Unlock()
	if !asked {
		close(r.failed)
	}
	r.kernel.close()
	close(r.finished)
}

// Stop withdraws what is announced, stops the tree in reverse order and waits
// until it is gone or ctx ends. A runtime that was stopped stays stopped.
func (r *Runtime) Stop(ctx context.Context) error {
	r.mu.Lock()
	if r.state == prepared {
		r.state = stopping
		r.kernel.close()
		close(r.finished)
	}
	if r.state == begun {
		r.state = stopping
		r.root.tell(shutDown{}, nil)
	}
	r.mu.Unlock()
	select {
	case <-r.finished:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("actors: stop: the tree is still stopping: %w", ctx.Err())
	}
}

// watching is what the watchers have in common.
func (r *Runtime) watching() watching {
	return watching{
		isolation: r.policy.Isolation, view: r.config.View, prober: r.config.Prober, keeper: r.config.Keeper,
		services: r.services,
	}
}

// Hold serves what is believed of a service now, whatever the registry says,
// until [Runtime.Thaw]: for an operator who knows of something that no guard can
// see. Good values of keys that serve still pass, and so do new keys.
func (r *Runtime) Hold(name string) error { return r.command(name, heldByOperator{}) }

// Thaw accepts what the registry says of a service now, and ends every guard: for
// an operator who knows that a guard is wrong. The registry is listed first; one
// that does not answer is accepted when it does.
func (r *Runtime) Thaw(name string) error { return r.command(name, thawed{}) }

func (r *Runtime) command(name string, message watched) error {
	s, ok := r.byName[name]
	if !ok {
		return fmt.Errorf("actors: %.128q: %w", name, ErrNotWatched)
	}
	watcher := s.watcher.Load()
	if watcher == nil {
		return fmt.Errorf("%w: %s", ErrNotRunning, name)
	}
	watcher.post(message)
	return nil
}

// Failed is closed when the runtime ended without having been asked to. What
// it published stays readable; nothing updates it any more.
func (r *Runtime) Failed() <-chan struct{} { return r.failed }

// Err is why the runtime failed, or nil while it has not.
func (r *Runtime) Err() error {
	select {
	case <-r.failed:
		r.mu.Lock()
		defer r.mu.Unlock()
		return fmt.Errorf("%w: %s", ErrGaveUp, r.exit.Reason)
	default:
		return nil
	}
}
