package actors

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// hosted is the guest for an ordinary actor of protoactor, whose context and
// lifecycle stay protoactor's. Its instances see what they see everywhere:
// Started, then messages, then Restarting when another instance takes over
// after a crash, or Stopping and Stopped.
type hosted struct {
	nursery  *nursery
	invoker  actor.MessageInvoker // protoactor's context; nil until it has been spawned
	produced atomic.Bool          // by now, the instance is that of the present incarnation
}

// nursery makes the actors of one Props, one at a time: protoactor offers no
// way to tell a mailbox whose it is, so the process waits here for the spawn to
// ask for a mailbox. One that gets stuck in a producer keeps its nursery.
type nursery struct {
	source  *actor.Props
	props   *actor.Props
	newborn *process
	named   bool // the newborn is about to get its name
}

func newNursery(source *actor.Props) *nursery {
	n := &nursery{source: source}
	props := *source
	n.props = props.Configure(actor.WithMailbox(func() actor.Mailbox {
		n.named = true
		return n.newborn
	}))
	return n
}

func (h *hosted) begin(p *process) error {
	if h.invoker == nil {
		if err := h.spawn(p); err != nil {
			return err
		}
		h.produced.Store(true)
		h.invoker.InvokeSystemMessage(&actor.Started{})
	} else {
		p.phase = reviving
		h.produced.Store(false)
		h.invoker.InvokeSystemMessage(&actor.Restart{})
	}
	return h.settle(p)
}

// spawn lets protoactor make the actor: the producer runs here.
func (h *hosted) spawn(p *process) error {
	p.phase = starting
	h.nursery.newborn, h.nursery.named = p, false
	returned := false
	defer func() {
		if !returned && h.nursery.named { // by Props that panic once there is a name, with nobody behind it
			p.kernel.system.ProcessRegistry.Remove(actor.NewPID(p.kernel.system.Address(), p.name))
		}
	}()
	_, err := p.kernel.system.Root.SpawnNamed(h.nursery.props, p.name)
	returned = true
	if err != nil {
		return fmt.Errorf("spawn %s: %w", p.name, err)
	}
	return nil
}

// settle sees whether protoactor has done what it was asked to: it waits for
// the actor's own children before it stops or restarts the actor.
func (h *hosted) settle(p *process) error {
	switch {
	case p.phase == starting, p.phase == reviving && h.produced.Load():
		return h.cameUp(p)
	case p.phase == leaving && len(h.children()) == 0:
		if end, asked := p.requestedEnd(); asked {
			p.nameEnd(endOf(end.err))
		}
		p.gone()
	}
	return nil
}

// cameUp is the return of the handler of Started. An actor that has ended
// itself there, in order, has nevertheless started.
func (h *hosted) cameUp(p *process) error {
	end, asked := p.requestedEnd()
	if asked && endOf(end.err).Abnormal() {
		return end.err
	}
	if !asked {
		p.started()
		return nil
	}
	p.acknowledge(nil) // for the end may take its time
	p.leave(endOf(end.err))
	return nil
}

func (h *hosted) user(_ *process, message any) error {
	h.invoker.InvokeUserMessage(message)
	return nil
}

func (h *hosted) system(p *process, message any) error {
	switch m := message.(type) {
	case *actor.Watch: // protoactor would tell the watcher a second time
		p.watch(m.Watcher)
		return nil
	case *actor.Unwatch:
		p.unwatch(m.Watcher)
		return nil
	case *actor.Failure:
		p.noteFailure(m.Reason)
	case *actor.SuspendMailbox:
		// The actor's own strategy has escalated a failure of its child.
		return fmt.Errorf("a child of the actor failed: %s", printed(p.failure()))
	}
	h.invoker.InvokeSystemMessage(message)
	if _, ok := message.(*actor.Terminated); ok && p.phase != running {
		return h.settle(p)
	}
	return nil
}

func (h *hosted) leave(p *process) {
	h.invoker.InvokeSystemMessage(&actor.Stop{})
	_ = h.settle(p) // whose errors are those of a start
}

// reusable: an instance that crashed is replaced by way of protoactor's own
// restart, unless it was in that restart, and still the old one, that it broke.
func (h *hosted) reusable() bool { return h.invoker != nil && h.produced.Load() }

// waits: the children that the actor has spawned itself may hold names that the
// next incarnation wants. Protoactor tells of their end, and goes on after it.
func (h *hosted) waits() bool { return len(h.children()) > 0 }

// unwind stops the children that protoactor would have stopped.
func (h *hosted) unwind(p *process) {
	for _, child := range h.children() {
		p.kernel.system.Root.Stop(child)
	}
}

// children are the actor's own.
func (h *hosted) children() []*actor.PID {
	if ctx, ok := h.invoker.(actor.Context); ok {
		return ctx.Children()
	}
	return nil
}

// hasChildren reports whether any of them is still there.
func (h *hosted) hasChildren(system *actor.ActorSystem) bool {
	return slices.ContainsFunc(h.children(), func(pid *actor.PID) bool {
		_, there := system.ProcessRegistry.GetLocal(pid.Id)
		return there
	})
}
