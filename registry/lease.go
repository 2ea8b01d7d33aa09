package registry

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// Bounds and defaults of [LeaseConfig].
const (
	// DefaultTTL is how long a record lives without renewal.
	DefaultTTL = time.Minute
	// MinTTL is the shortest TTL: registries count it in whole seconds.
	MinTTL = 2 * time.Second

	defaultRetryBase = 500 * time.Millisecond
	// leavingAttempts bounds what a withdrawal tries: whoever stops waits for it,
	// and the TTL finishes what it could not.
	leavingAttempts = 3
)

// LeaseConfig tunes a [Lease]. The zero value is usable.
type LeaseConfig struct {
	// TTL is how long the record lives without renewal; it is renewed every
	// TTL/3, ± 20 %. 0 means [DefaultTTL]; the least is [MinTTL].
	TTL time.Duration
	// Jitter is the source of random numbers, in [0, 1). Nil means a constant half.
	Jitter func() float64
	// RetryBase is the delay after a first failed call, RetryCap the longest; it
	// doubles between, half of it jitter. 0 means 500 ms (TTL/12 when that is
	// shorter) and TTL/6, so that several attempts fit between a failed renewal
	// and the end of the TTL.
	RetryBase, RetryCap time.Duration
}

func (c LeaseConfig) withDefaults() LeaseConfig {
	if c.TTL == 0 {
		c.TTL = DefaultTTL
	}
	if c.Jitter == nil {
		c.Jitter = func() float64 { return 0.5 }
	}
	if c.RetryBase == 0 {
		c.RetryBase = min(defaultRetryBase, c.TTL/12)
	}
	if c.RetryCap == 0 {
		c.RetryCap = max(c.RetryBase, c.TTL/6)
	}
	return c
}

func (c LeaseConfig) retry() backoff.Policy {
	return backoff.Policy{Base: c.RetryBase, Cap: c.RetryCap, Jitter: backoff.Equal}
}

// Lease decides how one instance is announced: how it gets into its directory,
// stays there, and leaves. It is a machine: [Lease.Start], then [Lease.Answer]
// for the result of every call, [Lease.Due] for the end of every wait, and at
// last [Lease.Withdraw]; each answers with the actions to carry out, in order.
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
	value    string

	call  leaseCall // under way
	next  leaseCall // when the wait is over
	dueAt time.Time

	index    Index     // of our record, when last seen
	held     bool      // our record is in place, as far as is known
	stored   bool      // something of ours may be there
	beatAt   time.Time // when the next renewal is due; zero: at once
	attempts int       // failures since it was last in place

	swapAt Index         // what the swap under way replaces,
	why    LeaseFactKind // what its success is called,
	detail string        // and because of what it was made
	rival  uint64        // fingerprint of the foreign record that was reported

	withdrawing bool
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
	if cfg.TTL < MinTTL {
		return nil, fmt.Errorf("registry: TTL is %v, want at least %v", cfg.TTL, MinTTL)
	}
	if err := cfg.retry().Validate(); err != nil {
		return nil, fmt.Errorf("registry: lease retries: %w", err)
	}
	if !strings.HasSuffix(key, "/"+in.Service+"/"+in.ID) {
		return nil, fmt.Errorf("registry: key %s is not that of instance %s of service %s",
			quote(key), quote(in.ID), quote(in.Service))
	}
	value, err := Encode(in)
	if err != nil {
		return nil, err
	}
	stored, err := Decode(in.Service, in.ID, value)
	if err != nil {
		return nil, err
	}
	return &Lease{cfg: cfg, key: key, instance: stored, value: value}, nil
}

// Start begins to announce.
func (l *Lease) Start(_ time.Time) []LeaseAction {
	if l.withdrawing || l.call != callNone || l.next != callNone {
		return nil
	}
	return l.do(callCreate)
}

// Answer takes the result of the call under way: the entry that it returned
// (zero for a deletion) or its error. Without a call under way it does nothing.
func (l *Lease) Answer(now time.Time, e Entry, err error) []LeaseAction {
	call := l.call
	l.call = callNone
	if l.withdrawing {
		return l.leaving(now, call, e, err)
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
	case callNone, callDelete: // deletions belong to a withdrawal
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
		if !l.asSent(e) {
			return l.replace(now, e, LeaseRepaired, "the registry stored something else than was sent")
		}
		l.index = e.Index
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
		if !l.asSent(e) {
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
		if !l.asSent(e) {
			return l.soon(now, callGet, "the registry stored something else than was sent")
		}
		l.beatAt = now.Add(l.beat())
		return append([]LeaseAction{LeaseFact{Kind: l.why, Detail: l.detail, Index: e.Index}}, l.settle(now, e)...)
	case errors.Is(err, ErrConflict):
		return l.soon(now, callGet, "the key was written meanwhile")
	case errors.Is(err, ErrNotFound):
		return l.gone(now)
	}
	return l.ambiguous(now, err)
}

// judge decides on what is stored under our key.
func (l *Lease) judge(now time.Time, e Entry) []LeaseAction {
	owner, detail := l.recognise(e)
	switch owner {
	case ownRecord:
		if l.asSent(e) {
			return l.settle(now, e)
		}
		return l.replace(now, e, LeaseRepaired, "the record has no TTL")
	case ownBroken:
		return l.replace(now, e, LeaseRepaired, detail)
	case predecessor:
		return l.replace(now, e, LeaseTakenOver, detail)
	case stranger:
	}
	return l.conflict(now, e, detail)
}
