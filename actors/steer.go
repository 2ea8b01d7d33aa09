package actors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// ErrNotWatched answers what is asked of a service that the runtime does not
// watch.
var ErrNotWatched = errors.New("it is not watched")

// steerLimit bounds how long a command waits for its watcher.
const steerLimit = 5 * time.Second

// act is what a command does to a view.
type act func(view *registry.View, key string, now time.Time) ([]registry.Step, error)

// steered: an operator commands something about one key. It is answered once.
type steered struct {
	quiet
	key   string
	act   act
	reply chan error
}

// rebased: an operator accepts what is there as the baseline.
type rebased struct{ quiet }

func (steered) isWatched() {}
func (rebased) isWatched() {}

// Ban makes a key serve nothing until [Runtime.Unban], whatever the registry
// says. A key is given whole or as the last part of it. These commands return
// when the view has taken them: with nil, with [registry.ErrRefused] when nothing
// has changed, [ErrNotWatched], [ErrNotRunning] or the context's error. What
// pickers read changes a moment later.
func (r *Runtime) Ban(ctx context.Context, service, key, reason string) error {
	return r.steer(ctx, service, key, func(v *registry.View, key string, now time.Time) ([]registry.Step, error) {
		return v.Ban(key, reason, now)
	})
}

// Unban ends a ban.
func (r *Runtime) Unban(ctx context.Context, service, key string) error {
	return r.steer(ctx, service, key, (*registry.View).Unban)
}

// Pin makes a key serve what it serves now until [Runtime.Unpin], also when it is
// gone. Where index is not 0, it must be that of the value that is served.
func (r *Runtime) Pin(ctx context.Context, service, key string, index registry.Index, reason string) error {
	return r.steer(ctx, service, key, func(v *registry.View, key string, now time.Time) ([]registry.Step, error) {
		return v.Pin(key, index, reason, now)
	})
}

// Unpin ends a pin.
func (r *Runtime) Unpin(ctx context.Context, service, key string) error {
	return r.steer(ctx, service, key, (*registry.View).Unpin)
}

// Quarantine takes a key for bad until [Runtime.Release]: it serves what it
// serves now while it exists, and no new value.
func (r *Runtime) Quarantine(ctx context.Context, service, key, reason string) error {
	return r.steer(ctx, service, key, func(v *registry.View, key string, now time.Time) ([]registry.Step, error) {
		return v.Quarantine(key, reason, now)
	})
}

// Release ends a key's quarantine, whoever began it. A bad value is judged again
// at once, and the verdict is told whatever it is.
func (r *Runtime) Release(ctx context.Context, service, key string) error {
	return r.steer(ctx, service, key, (*registry.View).Release)
}

// AcceptBaseline takes the instances that are there now for all that are to be
// expected: the guard against mass expiry ends, and no other.
func (r *Runtime) AcceptBaseline(name string) error { return r.command(name, rebased{}) }

func (r *Runtime) steer(ctx context.Context, name, key string, what act) error {
	s, full, err := r.find(name, key)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, steerLimit)
	defer cancel()
	reply := make(chan error, 1)
	if err := r.command(s.name, steered{key: full, act: what, reply: reply}); err != nil {
		return err
	}
	select {
	case err := <-reply:
		return err
	case <-r.finished:
		return fmt.Errorf("%w: %s", ErrNotRunning, name)
	case <-ctx.Done():
		return fmt.Errorf("actors: %s: its watcher has not answered: %w", name, ctx.Err())
	}
}

// find returns a watched service and the whole of a key in its directory.
func (r *Runtime) find(name, key string) (*service, string, error) {
	s, watched := r.byName[name]
	if !watched {
		return nil, "", fmt.Errorf("actors: %.128q: %w", name, ErrNotWatched)
	}
	if !strings.HasPrefix(key, s.directory) {
		key = s.directory + key
	}
	if _, ok := registry.SplitKey(s.directory, key); !ok {
		return nil, "", fmt.Errorf("%w: %.256q is no instance's key in %s", registry.ErrRefused, key, s.directory)
	}
	return s, key, nil
}

// steer carries out a command.
func (w *watcher) steer(now time.Time, m steered) error {
	steps, err := m.act(w.view, m.key, now)
	m.reply <- err
	return w.carryOut(now, steps)
}

// eventOfOrder is what an operator caused, as it looks in the stream of events.
func eventOfOrder(fact registry.Step) Event {
	switch f := fact.(type) { //nolint:gochecksumtype // the others have been told, or are requests
	case registry.Ordered:
		o := f.State
		return Event{Kind: EventOrderGiven, Key: o.Key, Order: o.Order.String(), Reason: o.Reason, Index: o.Index}
	case registry.Lifted:
		return Event{Kind: EventOrderLifted, Key: f.Key, Order: f.Order.String(), AgeMS: f.After.Milliseconds()}
	case registry.Rejudged:
		return Event{Kind: EventKeyRejudged, Key: f.Key, Index: f.Index}
	case registry.Rebased:
		return Event{Kind: EventBaselineAccepted, Instances: f.Instances}
	}
	return Event{}
}

// OrderStatus is one order of an operator that stands.
type OrderStatus struct {
	Key    string         `json:"key"`
	Order  string         `json:"order"`
	Reason string         `json:"reason,omitzero"`
	AgeMS  int64          `json:"age_ms"`
	Index  registry.Index `json:"index,omitzero"`
}

func orderStatus(o registry.OrderState, now time.Time) OrderStatus {
	return OrderStatus{Key: o.Key, Order: o.Order.String(), Reason: o.Reason, AgeMS: now.Sub(o.Since).Milliseconds(), Index: o.Index}
}

func ordered(o registry.Order) string {
	if o == registry.OrderNone {
		return ""
	}
	return o.String()
}
