package registry

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Lease decides how one instance is announced: how it gets into its directory,
// stays there, and leaves. It is a machine: [Lease.Start], then [Lease.Answer]
// for the result of every call, [Lease.Due] for the end of every wait,
// [Lease.Want] and [Lease.Complained] for what others say, and at last
// [Lease.Withdraw]; each answers with the actions to carry out, in order.
//
// The rules, in short. A key that is there already is looked at: our own record
// is success; one with our ID and address is our predecessor's and is replaced
// at its index; one that does not decode is our own, torn, and is repaired at
// its index; any other, also one of a newer version, is somebody else's, which
// is reported and waited out. Every echo is compared with what was sent, and a
// record without a TTL is as wrong as one with other bytes. After a create, and
// after every call of which nobody knows whether it happened, the key is read
// back. A lease never gives up.
//
// It belongs to one goroutine.
type Lease struct {
	// Fixed at construction.
	cfg      LeaseConfig
	key      string
	instance Instance
	up       string // our record
	draining string // and the same, about to leave

	want  Want
	value string // up or draining: what is to be stored

	call  leaseCall // under way
	next  leaseCall // when the wait is over
	dueAt time.Time

	index    Index     // of our record, when last seen,
	shown    string    // what it said then,
	wrote    Index     // and the last write of it
	held     bool      // our record is in place, as far as is known
	stored   bool      // something of ours may be there
	beatAt   time.Time // when the next renewal is due; zero: at once
	attempts int       // failures since it was last in place

	swapAt Index         // what the swap under way replaces,
	why    LeaseFactKind // what its success is called,
	detail string        // and because of what it was made
	rival  uint64        // fingerprint of the foreign record that was reported

	grief grief // what consumers say of our record

	doubted     bool // it is being looked for at the fleet's pace
	leaving     bool // on the way out: paused, or for good
	drained     bool // the record was told to drain, on the way out
	withdrawing bool // for good
}

// leaseCall is a call to the registry.
type leaseCall uint8

const (
	callNone leaseCall = iota
	callCreate
	callRefresh
	callSwap
	callGet
	callDelete
)

// NewLease returns the lease of an instance on its key (see [Key]); nothing
// happens before [Lease.Start]. It encodes the record and decodes it again, as
// every consumer will: what they would refuse is refused here.
func NewLease(cfg LeaseConfig, key string, in Instance) (*Lease, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(key, "/"+in.Service+"/"+in.ID) {
		return nil, fmt.Errorf("registry: key %s is not that of instance %s of service %s",
			quote(key), quote(in.ID), quote(in.Service))
	}
	stored, up, err := certified(in)
	if err != nil {
		return nil, err
	}
	in.State = StateDraining
	_, draining, err := certified(in)
	if err != nil {
		return nil, err
	}
	return &Lease{cfg: cfg, key: key, instance: stored, up: up, draining: draining, value: up}, nil
}

// certified encodes a record and decodes it again.
func certified(in Instance) (stored Instance, value string, err error) {
	value, err = Encode(in)
	if err != nil {
		return Instance{}, "", err
	}
	stored, err = Decode(in.Service, in.ID, value)
	return stored, value, err
}

// Start begins to announce: at once, or at the moment that the fleet's splay gives
// it.
func (l *Lease) Start(now time.Time) []LeaseAction { return l.Want(now, WantUp) }

// Answer takes the result of the call under way: the entry that it returned
// (zero for a deletion) or its error. Without a call under way it does nothing.
func (l *Lease) Answer(now time.Time, e Entry, err error) []LeaseAction {
	call := l.call
	l.call = callNone
	if l.leaving {
		return l.left(now, call, e, err)
	}
	switch call {
	case callCreate:
		return l.created(now, e, err)
	case callRefresh:
		return l.refreshed(now, e, err)
	case callSwap:
		return l.swapped(now, e, err)
	case callGet:
		return l.got(now, e, err)
	case callDelete: // that of a pause which has ended meanwhile
		return l.deleted(now, err)
	case callNone:
	}
	return nil
}

// Due takes the end of a wait. One that comes early is answered with the rest
// of the wait; one that nobody waits for with nothing.
func (l *Lease) Due(now time.Time) []LeaseAction {
	if l.next == callNone {
		return nil
	}
	if rest := l.dueAt.Sub(now); rest > 0 {
		return []LeaseAction{LeaseWait{rest}}
	}
	return l.do(l.next)
}

func (l *Lease) created(now time.Time, e Entry, err error) []LeaseAction {
	switch {
	case err == nil:
		l.beatAt = now.Add(l.beat())
		switch {
		case l.isOurs(e):
			return l.settle(now, e)
		case !l.asSent(e):
			return l.replace(now, e, LeaseRepaired, "the registry stored something else than was sent")
		}
		l.index, l.wrote = e.Index, e.Index
		return l.do(callGet)
	case errors.Is(err, ErrExists):
		return l.do(callGet)
	}
	return l.ambiguous(now, err)
}

func (l *Lease) got(now time.Time, e Entry, err error) []LeaseAction {
	switch {
	case err == nil:
		return l.judge(now, e)
	case errors.Is(err, ErrNotFound):
		return l.gone(now)
	}
	return l.ambiguous(now, err)
}

func (l *Lease) refreshed(now time.Time, e Entry, err error) []LeaseAction {
	switch {
	case err == nil:
		l.beatAt = now.Add(l.beat())
		if !l.asSent(e) && !l.isOurs(e) {
			return l.judge(now, e)
		}
		return append([]LeaseAction{LeaseFact{Kind: LeaseRenewed, Index: e.Index}}, l.settle(now, e)...)
	case errors.Is(err, ErrNotFound):
		return l.gone(now)
	}
	return l.ambiguous(now, err)
}

func (l *Lease) swapped(now time.Time, e Entry, err error) []LeaseAction {
	switch {
	case err == nil:
		if !l.asSent(e) && !l.isOurs(e) {
			return l.soon(now, callGet, "the registry stored something else than was sent")
		}
		l.beatAt, l.wrote = now.Add(l.beat()), e.Index
		return append([]LeaseAction{LeaseFact{Kind: l.why, Detail: l.detail, Index: e.Index}}, l.settle(now, e)...)
	case errors.Is(err, ErrConflict):
		return l.soon(now, callGet, "the key was written meanwhile")
	case errors.Is(err, ErrNotFound):
		return l.gone(now)
	}
	return l.ambiguous(now, err)
}

// deleted takes the answer to a deletion that is not wanted any more.
func (l *Lease) deleted(now time.Time, err error) []LeaseAction {
	if err == nil || errors.Is(err, ErrNotFound) {
		l.held, l.stored, l.index = false, false, 0
		return l.soon(now, callCreate, "the key is gone")
	}
	return l.ambiguous(now, err)
}

// judge decides on what is stored under our key.
func (l *Lease) judge(now time.Time, e Entry) []LeaseAction {
	owner, detail := l.recognise(e)
	switch owner {
	case ownRecord:
		switch {
		case l.isOurs(e):
			return l.settle(now, e)
		case !l.asSent(e):
			return l.replace(now, e, LeaseRepaired, "the record has no TTL, or not ours")
		case l.grief.rewrites(now):
			return l.replace(now, e, LeaseRepaired, l.grief.detail())
		}
		return l.settle(now, e)
	case ownBroken:
		return l.replace(now, e, LeaseRepaired, detail)
	case predecessor:
		return l.replace(now, e, LeaseTakenOver, detail)
	case stranger:
	}
	return l.conflict(now, e, detail)
}
