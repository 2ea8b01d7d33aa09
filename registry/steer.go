package registry

import (
	"errors"
	"fmt"
	"time"
)

// ErrRefused is why an operator's command changed nothing: what it asks for does
// not fit what is there. The text of the error says what to do instead.
var ErrRefused = errors.New("registry: refused")

func refusedf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// Ordered says that an operator gave a key an order.
type Ordered struct{ State OrderState }

// Lifted says that an operator lifted the order on a key.
type Lifted struct {
	Key   string
	Order Order
	// After is how long it stood.
	After time.Duration
}

// Rejudged says that an operator asked for another verdict on a key in
// quarantine. The verdict is told even when it is the same again.
type Rejudged struct {
	Key   string
	Index Index
}

// Rebased says that an operator accepted what is there as the baseline.
type Rebased struct{ Instances int }

func (Ordered) step()  {}
func (Lifted) step()   {}
func (Rejudged) step() {}
func (Rebased) step()  {}

// Ban makes a key serve nothing until [View.Unban], whatever the registry says.
// The key need not be known. A ban replaces any other order on the key.
//
// The error of this and the other commands is an [ErrRefused], and nothing has
// changed then.
func (v *View) Ban(key, reason string, now time.Time) ([]Step, error) {
	return v.command(OrderState{Key: key, Order: OrderBanned, Reason: reason}, nil, now)
}

// Quarantine takes a key for bad until [View.Release]: while it exists it serves
// what it serves now, and no new value; a key that serves nothing is kept out,
// and so is every such key of a view that fails closed.
func (v *View) Quarantine(key, reason string, now time.Time) ([]Step, error) {
	return v.command(OrderState{Key: key, Order: OrderQuarantined, Reason: reason}, v.shown(key), now)
}

// Pin makes a key serve what it serves now until [View.Unpin], whatever is
// written there, and also when the key is gone. Where index is not 0, it must be
// that of the value that is served: what was looked at is what is pinned.
func (v *View) Pin(key string, index Index, reason string, now time.Time) ([]Step, error) {
	row := v.shown(key)
	switch {
	case v.OrderOn(key) == OrderBanned: // has its own refusal
	case row == nil:
		return nil, refusedf("%s serves nothing that could be pinned", quote(key))
	case index != 0 && row.Index != index:
		return nil, refusedf("%s serves the value of index %d, not of %d", quote(key), row.Index, index)
	}
	return v.command(OrderState{Key: key, Order: OrderPinned, Reason: reason}, row, now)
}

func (v *View) command(o OrderState, row *Row, now time.Time) ([]Step, error) {
	standing := v.OrderOn(o.Key)
	switch {
	case !v.ours(o.Key):
		return nil, refusedf("%s is no instance's key in %s", quote(o.Key), v.directory)
	case standing > o.Order:
		return nil, refusedf("%s is %s, which is stronger: lift that first", quote(o.Key), standing)
	case standing == OrderNone && len(v.orders) >= v.cfg.Orders:
		return nil, refusedf("%d keys have orders, which is the limit: lift one first", len(v.orders))
	}
	o.Reason = clip(o.Reason, MaxReasonBytes)
	steps := v.begin(now)
	if standing == o.Order {
		v.amend(o)
		return v.finish(steps), nil
	}
	return v.finish(v.becomeOrdered(steps, o, row)), nil
}

// amend gives an order that stands another reason.
func (v *View) amend(o OrderState) {
	if standing := v.orders[o.Key]; standing.Reason != o.Reason {
		standing.Reason = o.Reason
		v.reorder(o.Key)
	}
}

// OrderOn returns which order stands on a key.
func (v *View) OrderOn(key string) Order {
	if o := v.orders[key]; o != nil {
		return o.Order
	}
	return OrderNone
}

// Unban lets a key serve again what is believed of it.
func (v *View) Unban(key string, now time.Time) ([]Step, error) {
	return v.unorder(key, OrderBanned, now)
}

// Unpin lets a key serve again what is believed of it, which is nothing when it
// has left the registry.
func (v *View) Unpin(key string, now time.Time) ([]Step, error) {
	return v.unorder(key, OrderPinned, now)
}

func (v *View) unorder(key string, which Order, now time.Time) ([]Step, error) {
	o := v.orders[key]
	if o == nil || o.Order != which {
		return nil, refusedf("%s is not %s", quote(key), which)
	}
	return v.finish(v.lift(v.begin(now), o)), nil
}

// Release ends a key's quarantine, an operator's or one for a bad value. A value
// that was found bad is judged again at once; a good one of a key that flaps is
// believed without a proof.
func (v *View) Release(key string, now time.Time) ([]Step, error) {
	o, r := v.orders[key], v.records[key]
	bad := r != nil && !r.absent && r.fault != nil
	switch standing := v.OrderOn(key); {
	case standing > OrderQuarantined:
		return nil, refusedf("%s is %s: lift that first", quote(key), standing)
	case standing == OrderNone && !bad:
		return nil, refusedf("%s is not in quarantine", quote(key))
	}
	steps := v.begin(now)
	if o != nil {
		steps = v.lift(steps, o)
	}
	if bad {
		steps = v.rejudge(steps, r)
	}
	return v.finish(steps), nil
}

// rejudge asks for another verdict on a bad value, which is read again where it
// was not kept.
func (v *View) rejudge(steps []Step, r *record) []Step {
	r.flips = nil
	if r.proof != nil && r.verdict == good {
		return v.release(steps, r)
	}
	r.verdict, r.attempts = unjudged, 0
	r.faultAt = 0 // so that a rejection is news
	v.waiting.set(r, v.clock.at+v.pause(1))
	steps = append(steps, Rejudged{Key: r.newest.Key, Index: r.newest.Index})
	if r.sameValue(r.newest) {
		return append(steps, Judge{Entry: r.newest})
	}
	return append(steps, Reread{Key: r.newest.Key})
}

// regain takes a value that was not kept, and of which another verdict is due.
func (v *View) regain(steps []Step, r *record, e Entry) []Step {
	if r.verdict != unjudged || r.newest.Index != e.Index || r.sameValue(r.newest) {
		return steps
	}
	e.Value = bounded(e.Value)
	v.becomeUnjudged(r, listed{e, fingerprint(e.Value)})
	return append(steps, Judge{Entry: r.newest})
}

// Rebase accepts the instances that are there now as the baseline of the guard
// against mass expiry: what it holds goes, and what has gone counts no more.
// The other guards stay as they are, and hold what they have a reason to hold.
func (v *View) Rebase(now time.Time) []Step {
	steps := v.begin(now)
	v.expiry.each(func(s *scope) {
		steps = v.disengage(steps, &s.guard, GuardExpiry, s.zone)
		s.accept()
	})
	v.forgetLeft()
	steps = append(steps, Rebased{Instances: v.expiry.whole.n})
	standing := v.standing()
	for _, r := range v.heldFor(func(l *limbo) bool { return l.hold.probed() || l.hold == HoldDelay }) {
		if standing != HoldNone {
			steps = v.hold(steps, r, r.limbo.departure, standing)
			continue
		}
		steps = v.apply(steps, r)
	}
	return v.finish(steps)
}
