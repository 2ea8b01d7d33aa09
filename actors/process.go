package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// process is one actor under supervision: its mailbox, and the guard of all
// that runs in it. It turns each way an actor can end (an error, a panic
// anywhere in its life, runtime.Goexit, an orderly stop) into one message to
// its supervisor, and never lets a panic reach protoactor, whose reactions
// would resurrect or hang the tree.
//
// The guard is the mailbox, and no wrapper around an actor, because everything
// that protoactor runs in an actor passes here: its messages and lifecycle,
// watches, continuations, middleware, the producer itself.
type process struct {
	// Fixed before it is first scheduled.
	kernel   *kernel
	overseer overseer
	guest    guest
	name     string

	mu        sync.Mutex
	pid       *actor.PID // nil until it has been registered
	busy      bool       // a worker has it, or is about to
	shut      bool       // user messages are refused
	closed    bool       // so is everything else
	abandoned bool       // nothing that it does counts any more
	back      bool       // it was abandoned, and has ended after all
	orders    orders
	next      supervision.Ref // of the incarnation that orderBegin asks for
	system    lane[any]       // lifecycle and watches, ahead of the others
	user      lane[any]
	rare      *rarities

	// Touched only in the actor's turns.
	worker *worker // that runs the turn
	ref    supervision.Ref
	kind   supervision.ExitKind // of the end that has begun; rare has the rest, if there is more
	phase  phase
	cameUp bool
	idle   bool // its start came to nothing, as it wanted
	told   bool // the supervisor knows of the incarnation's end
}

// guest is what runs in a process; its methods are called in the actor's turns.
type guest interface {
	// begin starts an incarnation, the first or another. The guest calls
	// started when that is up. An error is a failed start.
	begin(p *process) error
	// user and system handle one message. An error ends the incarnation.
	user(p *process, message any) error
	system(p *process, message any) error
	// leave begins an orderly end. The guest calls gone when it is over.
	leave(p *process)
	// reusable reports whether another incarnation may begin in this process
	// after the present one has failed.
	reusable() bool
	// waits reports whether what the incarnation has unwound is yet to end, and
	// will be heard of.
	waits() bool
	// unwind releases what the incarnation holds, as far as that is possible
	// without waiting, when nothing will begin in this process again.
	unwind(p *process)
}

// overseer is who is told what becomes of a child.
type overseer interface {
	// tell may go on with the overseer on the worker that it is given, once that
	// is through with the present turn.
	tell(message control, from *worker)
}

// phase is where in its life an incarnation is.
type phase uint8

const (
	starting phase = iota
	running
	// crashed: the supervisor knows; it revives the process, or ends it.
	crashed
	// reviving: the next incarnation waits for the children of the last one.
	reviving
	// leaving: an orderly stop has begun.
	leaving
	// ended: whatever still arrives is dropped.
	ended
)

// orders are what a process has been asked to do, and has not yet done.
type orders uint8

const (
	orderBegin orders = 1 << iota // start the incarnation next
	// orderStop: end in order, says the supervisor. It means the incarnation, and
	// nothing to one that has crashed: of that the supervisor is about to hear.
	orderStop
	orderEnd    // end in order, also a crashed process
	orderPerish // end in order, says somebody who has the address
	orderFail   // fail, says the actor's own strategy, as a child of the actor has
)

// post gives the process a message of this package.
func (p *process) post(message any) { p.enqueue(message, nil) }

// tell implements [overseer]: a supervisor hears in its own turn.
func (p *process) tell(message control, from *worker) { p.enqueue(message, from) }

// enqueue takes a user message. Where the sender's worker is given, it goes on
// with this process after the sender's turn.
func (p *process) enqueue(message any, from *worker) {
	p.mu.Lock()
	if p.shut {
		pid := p.pid
		p.mu.Unlock()
		p.refuse(pid, message)
		return
	}
	p.user.push(message)
	p.wake(from)
}

// wake is called with the lock held, and releases it.
func (p *process) wake(from *worker) {
	idle := !p.busy
	p.busy = true
	p.mu.Unlock()
	switch {
	case !idle:
	case from != nil && from.tail == nil:
		from.tail = p
	default:
		p.kernel.pool.schedule(p)
	}
}

// begin asks for the incarnation with the ref.
func (p *process) begin(ref supervision.Ref, from *worker) {
	p.mu.Lock()
	p.next, p.shut = ref, false
	p.orders = p.orders&^orderStop | orderBegin
	p.wake(from)
}

// stop asks for an orderly end of the incarnation, if it has not crashed.
func (p *process) stop() { p.order(orderStop) }

// end asks for the end of a process that nothing will begin in again.
func (p *process) end() { p.order(orderEnd) }

func (p *process) order(o orders) {
	p.mu.Lock()
	p.orders |= o
	p.wake(nil)
}

// address is nil for a process that has not been registered.
func (p *process) address() *actor.PID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}
