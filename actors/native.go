package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// behaviour is an actor of this package: the smallest loop around a decider.
// All three methods are called in the actor's own turns, so its fields need no
// lock.
//
// An error from start means that this incarnation never came up; an error from
// receive ends it. A panic, in any of them, is such an end too.
type behaviour interface {
	start(self *process) error
	receive(message any) error
	// stop releases what the incarnation holds. It is called exactly once,
	// after its supervisor has been told of an abnormal exit, and before it is
	// told of an orderly one.
	stop(exit supervision.Exit)
}

// lateStarter is a behaviour whose start is not over when start returns: it
// calls the bound function when it is.
type lateStarter interface{ bind(started func()) }

// native is the guest for a behaviour. It stands for one incarnation: a
// message to an earlier one cannot reach a later one, because the address of
// a behaviour is its process.
type native struct {
	produce func() behaviour
	inner   behaviour
	patient bool // the behaviour never blocks, so that others may wait for its turn's end
}

func (n *native) begin(p *process) error {
	p.phase = starting
	if err := p.kernel.register(p); err != nil {
		return err
	}
	n.inner = n.produce()
	late, isLate := n.inner.(lateStarter)
	if isLate {
		n.patient = true
		late.bind(p.started)
	}
	if err := n.inner.start(p); err != nil {
		return err
	}
	if !isLate {
		p.started()
	}
	return nil
}

func (n *native) user(_ *process, message any) error { return n.inner.receive(message) }

// system knows watches alone: nothing else of protoactor's concerns a behaviour.
func (n *native) system(p *process, message any) error {
	switch m := message.(type) {
	case *actor.Watch:
		p.watch(m.Watcher)
	case *actor.Unwatch:
		p.unwatch(m.Watcher)
	}
	return nil
}

func (n *native) leave(p *process) {
	p.unwind()
	p.gone()
}

func (n *native) reusable() bool { return false }

func (n *native) waits() bool { return false }

func (n *native) unwind(p *process) {
	if inner := n.inner; inner != nil {
		n.inner = nil
		inner.stop(p.namedEnd())
	}
}
