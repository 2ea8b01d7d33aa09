package actors

import (
	"context"
	"errors"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// errHung is what a check has for a result that has not returned since the last.
var errHung = errors.New("the last check has not returned")

// examine asks whether the instance is well, and makes the next appointment. A
// check that hangs is not asked twice.
func (a *announcer) examine() {
	a.check = a.kernel.sendAfter(max(a.gate.Wait(), time.Millisecond), a.self, checkDue{})
	if a.checking {
		a.examined(time.Now(), errHung)
		return
	}
	a.checking = true
	self, checker := a.self, a.announcement.Checker
	a.calls.run(healthLimit, func(ctx context.Context) {
		_, err := safely(func() (struct{}, error) { return struct{}{}, checker.Healthy(ctx) })
		self.post(checked{err: err})
	})
}

// examined lets the gate decide what a check means.
func (a *announcer) examined(now time.Time, err error) {
	event := Event{}
	if err != nil {
		event.Reason = bounded(err.Error())
	}
	switch a.gate.Checked(now, err == nil, a.others()) {
	case registry.HealthSame:
		return
	case registry.HealthOpened:
		event.Kind = EventHealthy
	case registry.HealthClosed:
		event.Kind = EventUnhealthy
	case registry.HealthKept:
		event.Kind, event.Kept = EventUnhealthy, true
	}
	a.tell(event)
	a.steer(now)
}

// others are the other instances of the directory, as far as they are seen.
func (a *announcer) others() registry.Crowd {
	if a.service == nil {
		return registry.Crowd{}
	}
	snapshot := a.service.snapshot.Load()
	crowd := registry.Crowd{Up: snapshot.Len(), All: snapshot.Rows.Len()}
	if own, listed := snapshot.Rows.Get(a.announcement.key); listed {
		crowd.All--
		if own.Instance.State != registry.StateDraining {
			crowd.Up--
		}
	}
	return crowd
}

// drain is how long the record drains on its way out.
func (a *announcement) drain() time.Duration {
	if a.Lease.Drain == 0 {
		return registry.DefaultDrain
	}
	return max(a.Lease.Drain, 0)
}
