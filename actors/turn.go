package actors

import (
	"errors"
	"runtime"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// throughput is how many messages a process handles before it lets others run.
const throughput = 300

// run implements [task].
func (p *process) run(w *worker) {
	p.worker = w
	for p.turn() {
	}
	p.mu.Lock()
	late := p.abandoned
	p.mu.Unlock()
	if late {
		p.returned()
	}
}

// turn works until there is nothing left to do. It reports whether a panic cut
// it short. With Goexit the goroutine is lost, so another one takes over.
func (p *process) turn() (again bool) {
	completed := false
	defer func() {
		if completed {
			return
		}
		if value := recover(); value != nil {
			p.broken(panicExit(value))
			again = true
			return
		}
		p.broken(supervision.Exit{Kind: supervision.ExitKilled, Reason: "runtime.Goexit ended the actor's goroutine"})
		p.kernel.pool.schedule(p)
	}()
	for handled := 1; p.handle(); handled++ {
		if handled%throughput == 0 {
			runtime.Gosched()
		}
		if p.worker.tail != nil && p.yields(handled) {
			break
		}
	}
	completed = true
	return false
}

// yields lets the worker go on with its tail, and another one with what is left
// to do here. A supervisor finishes its burst first, for none of its work takes
// long.
func (p *process) yields(handled int) bool {
	if n, ok := p.guest.(*native); ok && n.patient && handled%throughput != 0 {
		return false
	}
	p.mu.Lock()
	p.busy = p.orders != 0 || p.system.len() > 0 || p.user.len() > 0 || p.rare != nil && p.rare.asked
	again := p.busy
	p.mu.Unlock()
	if again {
		p.kernel.pool.schedule(p)
	}
	return true
}

// work is one thing to do.
type work struct {
	kind    workKind
	message any
	err     error
}

type workKind uint8

const (
	workBegin workKind = iota
	workEnd
	workPerish
	workFinish // what End asked for
	workReturn // from having been abandoned
	workSystem
	workUser
)

// handle does the next thing; false when there is none.
func (p *process) handle() bool {
	w, ok := p.take()
	if !ok {
		return false
	}
	var err error
	switch w.kind {
	case workBegin:
		err = p.guest.begin(p)
	case workEnd:
		p.leave(supervision.Exit{Kind: supervision.ExitShutdown})
	case workPerish:
		p.perish()
	case workFinish:
		p.finish(w.err)
	case workReturn:
		p.phase = ended
		p.unwind()
	case workSystem:
		err = p.guest.system(p, w.message)
	case workUser:
		err = p.guest.user(p, w.message)
	}
	if err != nil {
		p.idle = errors.Is(err, ErrIgnore)
		p.crash(exitOf(err))
	}
	return true
}

// take chooses what comes next: the supervisor's orders, an end that the actor
// asked for itself, the system's messages, the others. A crashed process waits
// for orders alone.
func (p *process) take() (work, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.phase == ended:
		p.orders = 0
	case p.abandoned:
		return work{kind: workReturn}, true
	case p.orders&orderBegin != 0:
		p.orders &^= orderBegin
		p.ref, p.cameUp, p.idle, p.told = p.next, false, false, false
		return work{kind: workBegin}, true
	case p.orders&orderEnd != 0:
		p.orders &^= orderEnd
		return work{kind: workEnd}, true
	case p.phase == crashed:
		p.orders &^= orderStop
	case p.orders&orderStop != 0:
		p.orders &^= orderStop
		return work{kind: workEnd}, true
	case p.rare != nil && p.rare.asked:
		p.rare.asked = false
		return work{kind: workFinish, err: p.rare.requested.err}, true
	case p.orders&orderFail != 0: // before orderPerish, with which protoactor follows up a tenth failure
		p.orders &^= orderFail
		return work{kind: workSystem, message: &actor.SuspendMailbox{}}, true
	case p.orders&orderPerish != 0:
		p.orders &^= orderPerish
		return work{kind: workPerish}, true
	case p.system.len() > 0:
		return work{kind: workSystem, message: p.system.pop()}, true
	case p.user.len() > 0 && p.phase < crashed:
		return work{kind: workUser, message: p.user.pop()}, true
	}
	p.busy = false
	return work{}, false
}

// requestedEnd is what End has asked for in the turn so far.
func (p *process) requestedEnd() (ending, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rare == nil || !p.rare.asked {
		return ending{}, false
	}
	p.rare.asked = false
	return p.rare.requested, true
}

// started acknowledges the start of the incarnation.
func (p *process) started() { p.acknowledge(p.worker) }

func (p *process) acknowledge(from *worker) {
	p.phase, p.cameUp = running, true
	p.overseer.tell(childStarted{ref: p.ref}, from)
}

// crash ends the incarnation from inside.
func (p *process) crash(exit supervision.Exit) {
	if p.phase == crashed || p.phase >= leaving {
		return
	}
	p.phase = crashed
	if p.guest.reusable() {
		p.cut()
		p.report(exit, true, p.worker)
		return
	}
	p.phase = ended
	p.vanish()
	p.report(exit, false, nil) // before unwind, so that what it tells others cannot overtake this
	p.nameEnd(exit)
	p.unwind()
}

// leave is the first half of an orderly stop; gone is the second.
func (p *process) leave(exit supervision.Exit) {
	if p.phase >= leaving {
		return
	}
	p.phase = leaving
	p.nameEnd(exit)
	p.guest.leave(p)
}

// perish is an end that somebody wants who is not the supervisor. One that is a
// supervisor itself stops its children first, one after another.
func (p *process) perish() {
	if n, ok := p.guest.(*native); ok && n.patient {
		p.post(shutDown{})
		return
	}
	p.leave(supervision.Exit{Kind: supervision.ExitNormal})
}

// gone ends the process: nothing of the actor is left.
func (p *process) gone() {
	p.phase = ended
	p.vanish()
	p.report(p.namedEnd(), false, p.worker)
}

// finish carries out what End asked for.
func (p *process) finish(err error) {
	exit := endOf(err)
	switch {
	case p.phase == leaving: // it names its end, no more
		p.nameEnd(exit)
	case exit.Abnormal():
		p.crash(exit)
	default:
		p.leave(exit)
	}
}

// broken is where a panic or a Goexit ends up. A stop that breaks must not be
// tried again, and one in which the last incarnation still had the word, while
// the next was to begin, leaves a process that is not fit to be used; unless
// there are children of the actor to wait for, after which it goes on.
func (p *process) broken(exit supervision.Exit) {
	if p.phase != leaving && (p.phase != reviving || p.guest.reusable()) {
		p.crash(exit)
		return
	}
	p.unwind()
	if p.waits() {
		return
	}
	last := p.phase
	p.phase = ended
	p.vanish()
	if last == leaving {
		p.report(p.namedEnd(), false, p.worker)
	} else {
		p.tellOnce(childUnusable{ref: p.ref}, p.worker)
	}
}

// waits reports whether the incarnation cannot end, or the next not begin,
// before what it has spawned itself has ended.
func (p *process) waits() bool {
	return (p.phase == leaving || p.phase == reviving) && p.guest.waits()
}

// unwind must not fail a second time: a panic here is dropped, because the
// exit that matters has a name already.
func (p *process) unwind() {
	defer func() { _ = recover() }()
	p.guest.unwind(p)
}

// report tells the supervisor of the incarnation's end, once.
func (p *process) report(exit supervision.Exit, reusable bool, from *worker) {
	switch {
	case p.cameUp:
		p.tellOnce(childExited{ref: p.ref, exit: exit, reusable: reusable}, from)
	case p.idle:
		p.tellOnce(childIgnored{ref: p.ref, reusable: reusable}, from)
	default:
		p.tellOnce(childStartFailed{ref: p.ref, exit: exit, reusable: reusable}, from)
	}
}

func (p *process) tellOnce(message control, from *worker) {
	if p.told {
		return
	}
	p.told = true
	p.mu.Lock()
	abandoned := p.abandoned
	p.mu.Unlock()
	if !abandoned {
		p.overseer.tell(message, from)
	}
}

// returned is when an abandoned actor has come back after all. If it has run
// into protoactor's own end it took the name out of the registry, which is its
// successor's by now.
func (p *process) returned() {
	p.mu.Lock()
	var successor *process
	if p.rare != nil {
		successor, p.rare.successor = p.rare.successor, nil
	}
	again := p.back
	p.back = true
	p.mu.Unlock()
	if successor != nil {
		p.kernel.reinstate(successor)
	}
	if !again {
		p.kernel.returned(p.name, p.overseer)
	}
}
