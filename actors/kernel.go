package actors

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/registry"
)

// kernel is what all actors of one tree share. It is fixed at construction and
// safe for use by all of them.
type kernel struct {
	system *actor.ActorSystem
	events *stream
	pool   pool
	// functions has a goroutine for each function.
	functions pool
	// prefix is what the tree's names in the system begin with, before the
	// paths that events tell.
	prefix     string
	seed       uint64
	origin     time.Time
	clock      func() time.Duration // what machines read, unless it is nil
	startLimit time.Duration
	sequence   atomic.Uint64 // random sources handed out
	ghosts     ghosts
	branches   sync.Map // the processes of the supervisors that run, by path
	retries    retries

	// Counted for whoever asks.
	restarts  atomic.Uint64
	abandoned atomic.Int64
	stuck     atomic.Int64 // calls into other people's code that were left behind
}

func newKernel(system *actor.ActorSystem, prefix string, seed uint64, observe func(Event)) *kernel {
	return &kernel{
		system: system, events: newStream(observe), prefix: prefix, seed: seed, origin: time.Now(),
		startLimit: DefaultStartTimeout, functions: pool{unlimited: true},
	}
}

// retries is the budget of all announcers together.
type retries struct {
	mu        sync.Mutex
	allowance *registry.Allowance
}

// A process makes ten retries a second, and twenty at once: a registry that comes
// back is not met by all records of a process at one moment.
const retriesPerSecond, retriesAtOnce = 10, 20

func (r *retries) spend(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.allowance == nil {
		r.allowance = registry.NewAllowance(retriesPerSecond, retriesAtOnce)
	}
	return r.allowance.Spend(now)
}

// close is called when the tree is gone.
func (k *kernel) close() {
	k.events.close()
	k.pool.close()
	k.functions.close()
}

// branch finds a supervisor by its path.
func (k *kernel) branch(path string) (*process, error) {
	if p, runs := k.branches.Load(path); runs {
		return p.(*process), nil //nolint:errcheck,forcetypeassert // nothing else is stored there
	}
	return nil, fmt.Errorf("%w: %s", ErrNotRunning, path)
}

// monotonic is the time at that the pure machines are fed with.
func (k *kernel) monotonic(at time.Time) time.Duration {
	if k.clock != nil {
		return k.clock()
	}
	return at.Sub(k.origin)
}

// random returns a source of its own for one actor: reproducible from the
// seed where the order of spawns is, and never shared between goroutines.
func (k *kernel) random() func() float64 {
	return rand.New(rand.NewPCG(k.seed, k.sequence.Add(1))).Float64
}

// host returns a process for a behaviour. It runs when it is told to begin.
func (k *kernel) host(o overseer, path string, produce func() behaviour) *process {
	return &process{kernel: k, overseer: o, name: k.prefix + path, guest: &native{produce: produce}}
}

// register gives a behaviour's process its name.
func (k *kernel) register(p *process) error {
	pid, free := k.system.ProcessRegistry.Add(p, p.name)
	if !free {
		return fmt.Errorf("%w: %s", actor.ErrNameExists, p.name)
	}
	p.mu.Lock()
	p.pid = pid
	late := p.abandoned
	p.mu.Unlock()
	if late {
		k.unregister(pid)
	}
	return nil
}

// sendAfter gives a process a message when the delay has passed; at once,
// behind what is queued already, when there is none.
func (k *kernel) sendAfter(delay time.Duration, p *process, message any) *time.Timer {
	if delay <= 0 {
		p.post(message)
		return nil
	}
	return time.AfterFunc(delay, func() { p.post(message) })
}

// unregister makes an actor unreachable.
func (k *kernel) unregister(pid *actor.PID) { k.system.ProcessRegistry.Remove(pid) }

// reinstate gives a process back the name that a late predecessor has taken
// out of the registry: as protoactor does it, so that an address that remembers
// the process finds the next one after its end.
func (k *kernel) reinstate(p *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.pid == nil {
		return
	}
	var face actor.Process = p
	if _, ok := p.guest.(*hosted); ok {
		face = actor.NewActorProcess(p)
	}
	k.system.ProcessRegistry.Add(face, p.name) // which changes nothing where the name still stands
}

// returned is told of every abandoned actor that has come to its end after all.
func (k *kernel) returned(name string, o overseer) {
	k.abandoned.Add(-1)
	path := strings.TrimPrefix(name, k.prefix)
	k.ghosts.forget(path)
	e := Event{Kind: EventChildReturned, Child: path}
	if supervisor, ok := o.(*process); ok {
		e.Supervisor = strings.TrimPrefix(supervisor.name, k.prefix)
	}
	k.events.emit(e)
}

// sendSystem and deadLetter run other people's code in our turn: protoactor
// calls the subscribers of its event stream where a message goes astray. What
// that code breaks is not the sender's failure.
func (k *kernel) sendSystem(pid *actor.PID, message any) {
	defer func() { _ = recover() }()
	if process, ok := k.system.ProcessRegistry.Get(pid); ok {
		process.SendSystemMessage(pid, message)
	}
}

func (k *kernel) deadLetter(pid *actor.PID, message any) {
	defer func() { _ = recover() }()
	k.system.DeadLetter.SendUserMessage(pid, message)
}
