package actors

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// abandon gives up on an actor that does not answer: a goroutine cannot be
// killed, so it is made unreachable, and what it still does is not heard.
func (p *process) abandon() bool {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return false
	}
	p.abandoned = true
	p.leaveBehind()
	return true
}

// dismiss implements [runner]: one that is not at work comes back at once, to
// let go of what it holds; unless it waits for children of its own. Of their end
// it will not hear any more, so it looks.
func (p *process) dismiss() {
	p.mu.Lock()
	if p.busy {
		p.mu.Unlock()
		return
	}
	if h, ok := p.guest.(*hosted); ok && p.waits() && h.hasChildren(p.kernel.system) {
		p.mu.Unlock()
		time.AfterFunc(supervision.DefaultShutdown, p.dismiss)
		return
	}
	p.wake(nil)
}

// vanish takes the process out of everybody's reach.
func (p *process) vanish() {
	p.mu.Lock()
	if p.abandoned {
		p.mu.Unlock()
		return
	}
	p.leaveBehind()
}

// leaveBehind is called with the lock held, and releases it. It frees the name
// first: the successor may want it at once.
func (p *process) leaveBehind() {
	p.shut, p.closed = true, true
	pid, queued, pending := p.pid, p.user.take(), p.system.take()
	if pid != nil {
		p.kernel.unregister(pid)
	}
	var watchers []*actor.PID
	awaited := false
	if p.rare != nil {
		watchers, p.rare.watchers = p.rare.watchers, nil
		awaited = p.rare.awaited
	}
	p.mu.Unlock()
	if awaited {
		p.overseer.tell(childLeft{}, nil)
	}
	for _, message := range queued {
		p.refuse(pid, message)
	}
	for _, message := range pending {
		if m, ok := message.(*actor.Watch); ok {
			watchers = append(watchers, m.Watcher)
		}
	}
	for _, watcher := range watchers {
		p.kernel.sendSystem(watcher, &actor.Terminated{Who: pid})
	}
}

// cut ends the delivery to an incarnation that has failed: what was queued for
// it is answered as a dead letter, and so is what comes until the next begins.
func (p *process) cut() {
	p.mu.Lock()
	p.shut = true
	p.orders &^= orderPerish | orderFail
	pid, queued := p.pid, p.user.take()
	if p.rare != nil {
		p.rare.asked = false
	}
	p.mu.Unlock()
	for _, message := range queued {
		p.refuse(pid, message)
	}
}

// refuse answers a message that will not be delivered. Most of this package
// want no answer, and may hold registry values.
func (p *process) refuse(pid *actor.PID, message any) {
	switch m := message.(type) {
	case *request:
		m.reply <- response{err: ErrNotRunning}
		return
	case *batch:
		m.reply <- response{started: m.started, err: errors.Join(append(m.failed, ErrNotRunning)...)}
		return
	case *look:
		close(m.reply)
		return
	}
	if _, foreign := p.guest.(*hosted); foreign && pid != nil {
		p.kernel.deadLetter(pid, message)
	}
}

// haunts implements [runner]: the process gives back what it takes from its
// successor.
func (p *process) haunts(successor *process) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.back {
		return false
	}
	p.rareFields().successor = successor
	return true
}

// await asks for word when the process is out of everybody's reach. It reports
// whether there is still something to wait for.
func (p *process) await() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.rareFields().awaited = true
	return true
}

func (p *process) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

// isLost reports whether the process was abandoned and has not ended since.
func (p *process) isLost() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.abandoned && !p.back
}
