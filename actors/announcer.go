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
	// withdrawLimit bounds the whole withdrawal, beside the time that the record
	// drains; announcerShutdown is longer.
	withdrawLimit = 3 * time.Second
	// A start waits for this runtime's own look at the directory, whose size
	// spreads a fleet that starts together: ten times this long.
	outlookPause, outlookPauses = 50 * time.Millisecond, 10
)

// announcer keeps one record in the registry: it makes the calls that its
// lease names, one at a time, and withdraws the record when it is stopped.
type announcer struct {
	// Fixed at construction.
	kernel       *kernel
	source       registry.Source
	writer       registry.Writer
	announcement *announcement
	service      *service // the instance's own, if the runtime watches it
	trusted      func() bool
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

	looks int  // how often the directory's size was waited for
	begun bool // the lease has been told what is wanted

	gate     *registry.HealthGate // nil: always well
	checking bool
	check    *time.Timer
}

// answer is what a call brought.
type answer struct {
	entry registry.Entry
	err   error
}

func newAnnouncer(r *Runtime, a *announcement) *announcer {
	return &announcer{
		kernel: r.kernel, source: r.config.Source, writer: r.config.Writer, announcement: a,
		service: r.byName[a.Instance.Service], trusted: r.fleet.trusted(r.byName[a.Instance.Service]),
		calls: newCaller(), answers: make(chan answer, 1), dues: make(chan struct{}, 1),
	}
}

func (a *announcer) start(self *process) error {
	a.self = self
	cfg := a.announcement.Lease
	cfg.Jitter, cfg.Spend, cfg.Fleet, cfg.Trusted = a.kernel.random(), a.kernel.retries.spend, a.fleet, a.trusted
	lease, err := registry.NewLease(cfg, a.announcement.key, a.announcement.Instance)
	if err != nil {
		return err
	}
	a.lease = lease
	if a.announcement.Checker != nil {
		health := a.announcement.Health
		health.Random = a.kernel.random()
		if a.gate, err = registry.NewHealthGate(health); err != nil {
			return err
		}
		a.examine()
	}
	a.announcement.address.Store(self)
	a.begin(time.Now())
	return nil
}

// begin tells the lease what is wanted, once the directory's size is known, or the
// time for that is over.
func (a *announcer) begin(now time.Time) {
	if s := a.service; s != nil && a.announcement.Fleet == 0 && s.snapshot.Load().Generation == 0 && a.looks < outlookPauses {
		a.looks++
		if a.looks < outlookPauses && !s.contact.Load().confirmed.IsZero() {
			a.looks = outlookPauses - 1 // it has answered: what it said is about to be published
		}
		a.kernel.sendAfter(outlookPause, a.self, beginDue{})
		return
	}
	a.begun = true
	a.steer(now)
}

// steer tells the lease what is wanted now, by whoever steers and by the state of
// the instance's health.
func (a *announcer) steer(now time.Time) {
	if !a.begun {
		return
	}
	want := registry.Want(a.announcement.wanted.Load())
	if a.gate != nil && !a.gate.Open() && want == registry.WantUp {
		want = registry.WantDraining
		if !a.gate.Opened() {
			want = registry.WantAbsent
		}
	}
	a.perform(a.lease.Want(now, want))
}

// fleet is how many instances the directory has, as far as is known.
func (a *announcer) fleet() int {
	switch {
	case a.announcement.Fleet > 0:
		return a.announcement.Fleet
	case a.service == nil || a.service.snapshot.Load().Generation == 0:
		return -1
	}
	return a.service.snapshot.Load().Rows.Len()
}

func (a *announcer) receive(message any) error {
	request, ours := message.(leasing)
	if !ours {
		return nil
	}
	now := time.Now()
	switch m := request.(type) {
	case leaseMoved:
		for len(a.answers)+len(a.dues) > 0 {
			a.move(nil)
		}
	case beginDue:
		a.begin(now)
	case directed:
		a.steer(now)
	case doubted:
		a.perform(a.lease.Doubt(now))
	case complained:
		a.perform(a.lease.Complained(now, m.complaint))
	case checkDue:
		a.examine()
	case checked:
		a.checking = false
		a.examined(now, m.err)
	}
	return nil
}

// stop withdraws the record, within the child's shutdown time, when the stop
// is an orderly one. An incarnation that failed leaves it to its successor,
// which announces the same instance.
func (a *announcer) stop(exit supervision.Exit) {
	a.announcement.address.CompareAndSwap(a.self, nil)
	defer a.retire()
	if a.lease == nil || exit.Abnormal() {
		return
	}
	a.perform(a.lease.Withdraw(time.Now()))
	limit := time.NewTimer(withdrawLimit + a.announcement.drain())
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

// retire ends what would move a lease that is over.
func (a *announcer) retire() {
	a.disarm()
	if a.check != nil {
		a.check.Stop()
	}
	a.calls.stop()
}
