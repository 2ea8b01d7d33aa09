package registry

import (
	"errors"
	"time"
)

// Withdraw begins to leave. The call under way, if any, is waited for; then our
// record is deleted at its index, and only if it is ours. After Withdraw no
// event makes the lease write anything but that deletion. It ends with
// [LeaseDone], also when the registry does not answer: the TTL then does what
// could not be done.
func (l *Lease) Withdraw(_ time.Time) []LeaseAction {
	if l.withdrawing {
		return nil
	}
	l.withdrawing, l.attempts = true, 0
	switch {
	case l.call != callNone:
		return nil
	case !l.stored:
		return l.finish("")
	case l.held:
		return l.do(callDelete)
	}
	return l.do(callGet)
}

// leaving takes the result of a call after Withdraw.
func (l *Lease) leaving(now time.Time, call leaseCall, e Entry, err error) []LeaseAction {
	if call == callNone {
		return nil
	}
	switch {
	case err == nil && call == callDelete:
		return l.finish("deleted")
	case err == nil:
		return l.deleteOurs(now, e)
	case errors.Is(err, ErrNotFound):
		return l.finish("the key was gone already")
	case errors.Is(err, ErrExists), errors.Is(err, ErrConflict):
		return l.lookAgain(now, 0, err.Error())
	}
	return l.lookAgain(now, l.cfg.retry().Delay(l.attempts+1, l.cfg.Jitter()), err.Error())
}

func (l *Lease) deleteOurs(now time.Time, e Entry) []LeaseAction {
	switch whose, detail := l.recognise(e); {
	case whose == stranger || whose == predecessor:
		return l.finish("left in place: " + detail)
	case e.Index == 0:
		return l.lookAgain(now, l.cfg.retry().Delay(l.attempts+1, l.cfg.Jitter()), "the registry gave no index")
	}
	l.index = e.Index
	return l.do(callDelete)
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

// finish ends the lease; detail is empty when there was nothing to withdraw.
func (l *Lease) finish(detail string) []LeaseAction {
	l.next = callNone
	if detail == "" {
		return []LeaseAction{LeaseDone{}}
	}
	return []LeaseAction{LeaseFact{Kind: LeaseWithdrawn, Detail: detail, Index: l.index}, LeaseDone{}}
}
