package actors

import (
	"context"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// Limits of an announcer.
const (
	// callLimit bounds one write or read.
	callLimit = 5 * time.Second
	// withdrawLimit bounds the whole withdrawal; announcerShutdown is longer.
	withdrawLimit = 3 * time.Second
)

// announcement is one instance to be announced, as it was given.
type announcement struct {
	instance registry.Instance
	key      string
	ttl      time.Duration
}

func (a announcement) lease(random func() float64) (*registry.Lease, error) {
	return registry.NewLease(registry.LeaseConfig{TTL: a.ttl, Jitter: random}, a.key, a.instance)
}

// announcer keeps one record in the registry: it makes the calls that its
// lease names, one at a time, and withdraws the record when it is stopped.
type announcer struct {
	// Fixed at construction.
	kernel       *kernel
	source       registry.Source
	writer       registry.Writer
	announcement announcement
	calls        *caller
	// What moves the lease comes through channels, each announced by a message,
	// so that stop, in whose turn no messages arrive, can wait for it too.
	answers chan answer // of the one call under way
	dues    chan struct{}

	// Touched only in the actor's turns.
	self  *process
	lease *registry.Lease
	timer *time.Timer
	fails int // in a row
	done  bool
}

// answer is what a call brought.
type answer struct {
	entry registry.Entry
	err   error
}

func newAnnouncer(k *kernel, source registry.Source, writer registry.Writer, a announcement) *announcer {
	return &announcer{
		kernel: k, source: source, writer: writer, announcement: a,
		calls: newCaller(), answers: make(chan answer, 1), dues: make(chan struct{}, 1),
	}
}

func (a *announcer) start(self *process) error {
	a.self = self
	lease, err := a.announcement.lease(a.kernel.random())
	if err != nil {
		return err
	}
	a.lease = lease
	a.perform(lease.Start(time.Now()))
	return nil
}

func (a *announcer) receive(message any) error {
	if _, ours := message.(leaseMoved); !ours {
		return nil
	}
	for len(a.answers)+len(a.dues) > 0 {
		a.move(nil)
	}
	return nil
}

// stop withdraws the record, within the child's shutdown time, when the stop
// is an orderly one. An incarnation that failed leaves it to its successor,
// which announces the same instance.
func (a *announcer) stop(exit supervision.Exit) {
	defer a.calls.stop()
	defer a.disarm()
	if a.lease == nil || exit.Abnormal() {
		return
	}
	a.perform(a.lease.Withdraw(time.Now()))
	limit := time.NewTimer(withdrawLimit)
	defer limit.Stop()
	for inTime := true; inTime && !a.done; {
		inTime = a.move(limit.C)
	}
}

// move feeds the lease the next answer or the end of its wait. It reports
// false when the limit came first.
func (a *announcer) move(limit <-chan time.Time) bool {
	select {
	case got := <-a.answers:
		a.perform(a.lease.Answer(time.Now(), got.entry, got.err))
	case <-a.dues:
		a.perform(a.lease.Due(time.Now()))
	case <-limit:
		return false
	}
	return true
}

func (a *announcer) perform(actions []registry.LeaseAction) {
	for _, action := range actions {
		switch act := action.(type) {
		case registry.LeaseCreate:
			a.call(func(ctx context.Context) (registry.Entry, error) {
				return a.writer.Create(ctx, act.Key, act.Value, act.TTL)
			})
		case registry.LeaseRefresh:
			a.call(func(ctx context.Context) (registry.Entry, error) {
				return a.writer.Refresh(ctx, act.Key, act.TTL)
			})
		case registry.LeaseSwap:
			a.call(func(ctx context.Context) (registry.Entry, error) {
				return a.writer.Swap(ctx, act.Key, act.Value, act.TTL, act.Previous)
			})
		case registry.LeaseGet:
			a.call(func(ctx context.Context) (registry.Entry, error) {
				return a.source.Get(ctx, act.Key)
			})
		case registry.LeaseDelete:
			a.call(func(ctx context.Context) (registry.Entry, error) {
				return registry.Entry{}, a.writer.Delete(ctx, act.Key, act.Previous)
			})
		case registry.LeaseWait:
			a.wait(act.Delay)
		case registry.LeaseFact:
			a.report(act)
		case registry.LeaseDone:
			a.done = true
		}
	}
}

// call makes one call on a goroutine. The lease has at most one under way, so
// the channel of one place never makes it wait.
func (a *announcer) call(work func(context.Context) (registry.Entry, error)) {
	a.calls.run(callLimit, func(ctx context.Context) {
		entry, err := safely(func() (registry.Entry, error) { return work(ctx) })
		a.answers <- answer{entry, err}
		a.self.post(leaseMoved{})
	})
}

// wait replaces the timer. A due that is pending already stands for both: the
// lease knows when it is early.
func (a *announcer) wait(delay time.Duration) {
	a.disarm()
	a.timer = time.AfterFunc(delay, func() {
		select {
		case a.dues <- struct{}{}:
		default:
		}
		a.self.post(leaseMoved{})
	})
}

func (a *announcer) disarm() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

func (a *announcer) report(fact registry.LeaseFact) {
	a.count(fact.Kind)
	kind, report := eventOf(fact.Kind)
	if !report {
		return
	}
	a.kernel.events.emit(Event{
		Kind: kind, Service: a.announcement.instance.Service, Key: a.announcement.key,
		Reason: fact.Detail, Index: fact.Index, DelayMS: fact.Delay.Milliseconds(),
		Attempt: a.fails,
	})
}

// count counts the failures since the record was last known to be in place.
func (a *announcer) count(kind registry.LeaseFactKind) {
	switch kind {
	case registry.LeaseRetrying:
		a.fails++
	case registry.LeaseAnnounced, registry.LeaseRenewed, registry.LeaseRepaired, registry.LeaseTakenOver, registry.LeaseWithdrawn:
		a.fails = 0
	case registry.LeaseLost, registry.LeaseConflict:
	}
}

// eventOf is the event of a lease's fact; a renewal is none, it is the rule.
func eventOf(kind registry.LeaseFactKind) (EventKind, bool) {
	switch kind {
	case registry.LeaseAnnounced:
		return EventAnnounced, true
	case registry.LeaseRetrying:
		return EventAnnounceRetry, true
	case registry.LeaseConflict:
		return EventLeaseConflict, true
	case registry.LeaseRepaired:
		return EventLeaseRepaired, true
	case registry.LeaseTakenOver:
		return EventLeaseTaken, true
	case registry.LeaseLost:
		return EventLeaseLost, true
	case registry.LeaseWithdrawn:
		return EventWithdrawn, true
	case registry.LeaseRenewed:
	}
	return "", false
}
