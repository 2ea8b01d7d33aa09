package registry

import (
	"errors"
	"strings"
	"time"
)

// owner says whose record is stored under our key.
type owner uint8

const (
	stranger owner = iota
	ownRecord
	ownBroken
	predecessor
)

// recognise decides whose record it is, and says by what.
func (l *Lease) recognise(e Entry) (whose owner, detail string) {
	if e.Value == l.up || e.Value == l.draining {
		return ownRecord, ""
	}
	in, err := Decode(l.instance.Service, l.instance.ID, e.Value)
	if fault, bad := errors.AsType[*Fault](err); bad {
		return l.recogniseBad(e, fault)
	}
	switch {
	case in.Incarnation != "" && in.Incarnation == l.instance.Incarnation:
		return ownBroken, "the record is ours with other content"
	case in.Address() == l.instance.Address():
		return predecessor, "replaces incarnation " + quote(in.Incarnation)
	}
	return stranger, "held by " + quote(in.Address())
}

// recogniseBad: what does not decode under our key is ours, unless it only does
// not decode here. The beginning of our own record is ours without a decoder.
func (l *Lease) recogniseBad(e Entry, fault *Fault) (whose owner, detail string) {
	torn := strings.HasPrefix(l.up, e.Value) || strings.HasPrefix(l.draining, e.Value)
	switch {
	case fault.Class == ClassUnsupported:
		return stranger, "held by a record of another version"
	case !torn && !l.cfg.Trusted():
		return stranger, "held by what does not decode here, where the decoder is suspected"
	}
	return ownBroken, fault.Error()
}

// asSent reports whether an entry is what is to be stored: these bytes, with a
// TTL of ours (registries round it up to a second), at a known index.
func (l *Lease) asSent(e Entry) bool { return e.Value == l.value && l.mortal(e) }

// isOurs reports whether an entry is our record in the other state: it was right
// when it was sent, and something else is wanted now.
func (l *Lease) isOurs(e Entry) bool {
	return e.Value != l.value && (e.Value == l.up || e.Value == l.draining) && l.mortal(e)
}

func (l *Lease) mortal(e Entry) bool {
	return e.TTL > 0 && e.TTL <= l.cfg.TTL+time.Second && e.Index > 0
}

// settle is reached whenever our record is known to be in place, in whatever
// state.
func (l *Lease) settle(now time.Time, e Entry) []LeaseAction {
	var actions []LeaseAction
	if !l.held {
		actions = append(actions, LeaseFact{Kind: LeaseAnnounced, Index: e.Index})
	}
	l.held, l.stored, l.index, l.shown, l.rival = true, true, e.Index, e.Value, 0
	if e.Value != l.value {
		return append(actions, l.turn(now)...)
	}
	l.attempts, l.doubted = 0, false
	switch rest := l.beatAt.Sub(now); {
	case l.grief.looks():
		return append(actions, l.do(callGet)...)
	case rest > 0:
		return append(actions, l.wait(now, rest, callRefresh))
	}
	return append(actions, l.do(callRefresh)...)
}

// replace writes our record in place of what is stored at the entry's index. An
// index of 0 would mean "whatever is there", and is read again instead.
func (l *Lease) replace(now time.Time, e Entry, why LeaseFactKind, detail string) []LeaseAction {
	if e.Index == 0 {
		return l.soon(now, callGet, "the registry gave no index")
	}
	l.swapAt, l.why, l.detail = e.Index, why, detail
	return l.do(callSwap)
}

// conflict leaves the key to whoever has it, and looks again when a beat has
// passed: the other record may expire. It is reported once per record.
func (l *Lease) conflict(now time.Time, e Entry, detail string) []LeaseAction {
	l.held, l.stored, l.index = false, false, 0
	delay := l.beat()
	var actions []LeaseAction
	if rival := fingerprint(e.Value); rival != l.rival {
		l.rival = rival
		actions = append(actions, LeaseFact{Kind: LeaseConflict, Detail: detail, Index: e.Index, Delay: delay})
	}
	return append(actions, l.wait(now, delay, callCreate))
}

// gone is reached whenever the key is known not to exist.
func (l *Lease) gone(now time.Time) []LeaseAction {
	lost := LeaseFact{Kind: LeaseLost, Detail: "the key is gone", Index: l.index}
	held := l.held
	l.held, l.stored, l.index = false, false, 0
	if !held {
		return l.soon(now, callCreate, "the key is gone")
	}
	if l.cfg.Fleet == nil || l.doubted {
		l.doubted = false
		return append([]LeaseAction{lost}, l.soon(now, callCreate, "the key is gone")...)
	}
	return append([]LeaseAction{lost}, l.splay(now)...) // the others' may be, too
}

// splay creates at a moment that is one of the fleet's.
func (l *Lease) splay(now time.Time) []LeaseAction {
	if l.cfg.Fleet == nil {
		return l.do(callCreate)
	}
	if delay := Splay(l.cfg.Fleet(), l.cfg.Jitter()); delay > 0 {
		return []LeaseAction{l.wait(now, delay, callCreate)}
	}
	return l.do(callCreate)
}

// ambiguous follows a call of which nobody knows whether it happened: wait,
// then look.
func (l *Lease) ambiguous(now time.Time, err error) []LeaseAction {
	l.attempts++
	return l.retry(now, callGet, clip(err.Error(), MaxReasonBytes))
}

// soon goes on at once after a first surprise and with growing delays after
// more, so that no registry's answers can make us spin.
func (l *Lease) soon(now time.Time, call leaseCall, detail string) []LeaseAction {
	l.attempts++
	if l.attempts == 1 {
		return l.do(call)
	}
	return l.retry(now, call, detail)
}

func (l *Lease) retry(now time.Time, call leaseCall, detail string) []LeaseAction {
	delay := l.pause(now, l.attempts)
	return []LeaseAction{
		LeaseFact{Kind: LeaseRetrying, Detail: detail, Index: l.index, Delay: delay},
		l.wait(now, delay, call),
	}
}

// pause is how long a retry waits: its own backoff, and what the process's budget
// adds.
func (l *Lease) pause(now time.Time, attempt int) time.Duration {
	return max(l.cfg.retry().Delay(attempt, l.cfg.Jitter()), time.Millisecond) + l.cfg.Spend(now)
}

// beat draws the time to the next renewal: a third of the TTL, ± 20 %, so that
// two may fail, and that a fleet started at one moment does not renew at one.
func (l *Lease) beat() time.Duration {
	return time.Duration(float64(l.cfg.TTL) / 3 * (0.8 + 0.4*l.cfg.Jitter()))
}

func (l *Lease) wait(now time.Time, delay time.Duration, next leaseCall) LeaseAction {
	l.next, l.dueAt = next, now.Add(delay)
	return LeaseWait{delay}
}

// do begins a call. It is the only place that does, so there is one at a time.
func (l *Lease) do(call leaseCall) []LeaseAction {
	l.call, l.next = call, callNone
	switch call {
	case callCreate:
		l.stored = true
		return []LeaseAction{LeaseCreate{Key: l.key, Value: l.value, TTL: l.cfg.TTL}}
	case callRefresh:
		return []LeaseAction{LeaseRefresh{Key: l.key, TTL: l.cfg.TTL}}
	case callSwap:
		l.stored = true
		return []LeaseAction{LeaseSwap{Key: l.key, Value: l.value, TTL: l.cfg.TTL, Previous: l.swapAt}}
	case callGet:
		return []LeaseAction{LeaseGet{Key: l.key}}
	case callDelete:
		return []LeaseAction{LeaseDelete{Key: l.key, Previous: l.index}}
	case callNone:
	}
	return nil
}
