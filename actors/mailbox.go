package actors

import (
	"github.com/asynkron/protoactor-go/actor"
)

// The face of a process that protoactor sees. An ordinary actor's process is
// its mailbox; a behaviour's is registered itself.
var (
	_ actor.Mailbox = (*process)(nil)
	_ actor.Process = (*process)(nil)
)

// RegisterHandlers implements [actor.Mailbox]: protoactor has made the actor
// and given it its name. What was sent to that name since then is queued.
func (p *process) RegisterHandlers(invoker actor.MessageInvoker, _ actor.Dispatcher) {
	h := p.guest.(*hosted) //nolint:errcheck,forcetypeassert // no other guest comes from a nursery
	h.invoker = invoker
	p.mu.Lock()
	p.pid = invoker.(actor.Context).Self() //nolint:errcheck,forcetypeassert // protoactor's invoker is the actor's context
	late := p.abandoned
	p.mu.Unlock()
	if late {
		p.kernel.unregister(p.pid)
	}
}

// Start implements [actor.Mailbox]: the turn that spawned the actor goes on.
func (p *process) Start() {}

// UserMessageCount implements [actor.Mailbox].
func (p *process) UserMessageCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.user.len()
}

// PostUserMessage implements [actor.Mailbox].
func (p *process) PostUserMessage(message any) {
	switch m := message.(type) {
	case ending:
		p.requestEnd(m)
	case actor.MessageBatch:
		for _, each := range m.GetMessages() {
			p.post(each)
		}
	default:
		p.post(message)
	}
}

// requestEnd may come from the actor's own turn or from anybody's.
//
// One that an abandoned actor asks for late finds its successor under the name.
func (p *process) requestEnd(e ending) {
	p.mu.Lock()
	if p.shut || e.self != p.pid {
		p.mu.Unlock()
		return
	}
	if rare := p.rareFields(); !rare.asked {
		rare.requested, rare.asked = e, true
	}
	p.wake(nil)
}

// PostSystemMessage implements [actor.Mailbox]. What concerns the life of the
// actor is the supervisor's business: an order for an end is taken from
// anybody, one for a restart from nobody.
func (p *process) PostSystemMessage(message any) {
	switch message.(type) {
	case *actor.Started, *actor.Restart:
		return
	case *actor.ResumeMailbox: // sent by a restart between making the instance and starting it
		if h, ok := p.guest.(*hosted); ok {
			h.produced.Store(true)
		}
		return
	case *actor.SuspendMailbox:
		p.order(orderFail)
		return
	case *actor.Stop:
		p.order(orderPerish)
		return
	}
	p.mu.Lock()
	if p.closed {
		pid := p.pid
		p.mu.Unlock()
		if m, ok := message.(*actor.Watch); ok {
			p.kernel.sendSystem(m.Watcher, &actor.Terminated{Who: pid, Why: actor.TerminatedReason_NotFound})
		}
		return
	}
	p.system.push(message)
	p.wake(nil)
}

// SendUserMessage implements [actor.Process]. Nobody outside has anything to
// say to a behaviour: what arrives is dropped, not queued, so that no flood of
// it costs memory.
func (p *process) SendUserMessage(_ *actor.PID, message any) {
	if _, ok := p.guest.(*hosted); ok {
		p.PostUserMessage(message)
	}
}

// SendSystemMessage implements [actor.Process].
func (p *process) SendSystemMessage(_ *actor.PID, message any) { p.PostSystemMessage(message) }

// Stop implements [actor.Process].
func (p *process) Stop(*actor.PID) { p.order(orderPerish) }
