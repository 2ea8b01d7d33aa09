package registry

import (
	"errors"
	"time"
)

// leavingAttempts bounds what a leave tries: whoever stops waits for it, and the
// TTL finishes what it could not.
const leavingAttempts = 3

// Withdraw begins to leave for good. The call under way, if any, is waited for.
// Then our record says that it drains, for [LeaseConfig.Drain], and is deleted at
// its index, and only if it is ours. After Withdraw no event makes the lease write
// anything but these two. It ends with [LeaseDone], also when the registry does
// not answer: the TTL then does what could not be done.
func (l *Lease) Withdraw(now time.Time) []LeaseAction {
	if l.withdrawing {
		return nil
	}
	l.withdrawing = true
	if l.leaving && (l.call != callNone || l.next != callNone) {
		return nil // it has begun
	}
	return l.leave(now)
}

// leave begins a pause or a withdrawal.
func (l *Lease) leave(now time.Time) []LeaseAction {
	l.leaving, l.attempts = true, 0
	if l.call != callNone {
		return nil
	}
	l.next = callNone
	switch {
	case !l.stored:
		return l.finish("")
	case l.held:
		return l.remove(now)
	}
	return l.do(callGet)
}

// remove takes our record out, which is at l.index: it drains first, once.
func (l *Lease) remove(now time.Time) []LeaseAction {
	switch {
	case l.index == 0:
		return l.lookAgain(now, l.pause(now, l.attempts+1), "the registry gave no index")
	case l.cfg.Drain < 0 || l.drained || l.shown == l.draining:
		return l.do(callDelete)
	}
	l.drained, l.value = true, l.draining
	return l.turn(now)
}

// left takes the result of a call on the way out.
func (l *Lease) left(now time.Time, call leaseCall, e Entry, err error) []LeaseAction {
	if call == callNone {
		return nil
	}
	switch {
	case err == nil && call == callDelete:
		return l.finish("deleted")
	case err == nil && call == callSwap && l.drained && l.asSent(e):
		l.index = e.Index
		return []LeaseAction{
			LeaseFact{Kind: LeaseDraining, Index: e.Index, Delay: l.cfg.Drain}, l.wait(now, l.cfg.Drain, callDelete),
		}
	case err == nil:
		return l.removeOurs(now, e)
	case errors.Is(err, ErrNotFound):
		return l.finish("the key was gone already")
	case errors.Is(err, ErrExists), errors.Is(err, ErrConflict):
		return l.lookAgain(now, 0, err.Error())
	}
	return l.lookAgain(now, l.pause(now, l.attempts+1), err.Error())
}

func (l *Lease) removeOurs(now time.Time, e Entry) []LeaseAction {
	whose, detail := l.recognise(e)
	if whose == stranger || whose == predecessor {
		return l.finish("left in place: " + detail)
	}
	l.index = e.Index
	l.drained = l.drained || whose == ownBroken // what is torn has nothing to say
	l.shown = e.Value
	return l.remove(now)
}

// lookAgain reads the key once more, a bounded number of times.
func (l *Lease) lookAgain(now time.Time, delay time.Duration, detail string) []LeaseAction {
	l.attempts++
	detail = clip(detail, MaxReasonBytes)
	switch {
	case l.attempts >= leavingAttempts:
		return l.finish(clip("left to its TTL: "+detail, MaxReasonBytes))
	case delay == 0:
		return l.do(callGet)
	default:
		return []LeaseAction{
			LeaseFact{Kind: LeaseRetrying, Detail: detail, Index: l.index, Delay: delay},
			l.wait(now, delay, callGet),
		}
	}
}

// finish ends a leave; detail is empty when there was nothing to take out.
func (l *Lease) finish(detail string) []LeaseAction {
	index := l.index
	l.call, l.next = callNone, callNone
	l.held, l.stored, l.index, l.attempts = false, false, 0, 0
	l.leaving, l.drained = l.withdrawing, false
	switch {
	case !l.withdrawing:
		return []LeaseAction{LeaseFact{Kind: LeasePaused, Detail: detail, Index: index}}
	case detail == "":
		return []LeaseAction{LeaseDone{}}
	}
	return []LeaseAction{LeaseFact{Kind: LeaseWithdrawn, Detail: detail, Index: index}, LeaseDone{}}
}
