package actors

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// seePause is the least time between two looks at the snapshots of one directory.
const seePause = 200 * time.Millisecond

// fleetState is what the fleet's actor lets everybody know.
type fleetState struct {
	suspect  atomic.Bool
	verdicts atomic.Pointer[map[string]registry.Verdict] // of the keys that are bad here
}

func newFleetState() *fleetState {
	f := &fleetState{}
	f.verdicts.Store(&map[string]registry.Verdict{})
	return f
}

// trusted says, for an announcer, whether what does not decode here is bad: not
// while this process suspects itself, nor while its own directory is frozen.
func (f *fleetState) trusted(own *service) func() bool {
	return func() bool {
		if f.suspect.Load() {
			return false
		}
		if own == nil {
			return true
		}
		_, frozen := own.snapshot.Load().Guarded(registry.GuardCorruption)
		return !frozen
	}
}

func (f *fleetState) annotate(s ServiceStatus) ServiceStatus {
	verdicts := *f.verdicts.Load()
	for i := range s.Quarantined {
		if verdict, known := verdicts[s.Quarantined[i].Key]; known {
			s.Quarantined[i].Verdict = verdict.String()
		}
	}
	return s
}

// speaks reports whether this runtime takes part in what a fleet's consumers tell
// each other and the announcers.
func (r *Runtime) speaks() bool {
	return r.config.Source != nil && r.config.Writer != nil && !r.config.Mute &&
		r.policy.Isolation == IsolationPerKey && len(r.services)+len(r.announcements) > 0
}

// fleetActor complains of the keys that are bad here, and hears what others complain
// of: its announcers are told when it is a record of theirs.
type fleetActor struct {
	// Fixed at construction.
	runtime *Runtime
	kernel  *kernel
	source  registry.Source
	calls   *caller

	// Touched only in the actor's turns.
	self       *process
	fleet      *registry.Fleet
	cursor     *registry.Cursor
	call       uint64 // the number of the call under way; results of older ones are dropped
	cancelCall context.CancelFunc
	appointed  *time.Timer
	timer      *time.Timer
	amnesiac   map[string]bool // directories whose registry has forgotten
}

func newFleetActor(r *Runtime) *fleetActor {
	return &fleetActor{
		runtime: r, kernel: r.kernel, source: r.config.Source, calls: newCaller(),
		cancelCall: func() {}, amnesiac: make(map[string]bool),
	}
}

func (f *fleetActor) start(self *process) error {
	f.self = self
	random := f.kernel.random()
	fleet, err := registry.NewFleet(registry.FleetConfig{
		Prefix: f.runtime.config.Prefix, Consumer: f.runtime.config.Consumer, Random: random,
	})
	if err != nil {
		return err
	}
	f.fleet = fleet
	f.cursor = registry.NewCursor(registry.CursorConfig{Random: random})
	for i, s := range f.runtime.services {
		if s.use.Shadow == nil { // else it acts on nothing
			f.await(i)
		}
	}
	step, _ := f.cursor.Restart()
	f.follow(step)
	f.tick(time.Now())
	return nil
}

func (f *fleetActor) stop(supervision.Exit) {
	for _, timer := range []*time.Timer{f.appointed, f.timer} {
		if timer != nil {
			timer.Stop()
		}
	}
	f.calls.stop()
}

func (f *fleetActor) receive(message any) error {
	news, ours := message.(fleeting)
	if !ours {
		return nil
	}
	now := time.Now()
	switch m := news.(type) {
	case fleetDue:
		f.tick(now)
	case directoryPublished:
		f.see(now, m.service)
	case directoryDue:
		f.await(m.service)
	case complaintsListed:
		if m.call == f.call {
			f.follow(f.cursor.Listed(now, m.listing, m.err))
		}
	case complaintsChanged:
		if m.call == f.call {
			if m.err == nil {
				f.noticed(now, m.change)
			}
			f.follow(f.cursor.Changed(now, m.change, m.err))
		}
	case complaintsWaited:
		if m.call == f.call {
			f.follow(f.cursor.Waited())
		}
	case complaintMade:
		f.made(now, m)
	}
	return nil
}

// await posts word when a directory is published anew, and at once for what there
// is already.
func (f *fleetActor) await(i int) {
	s, self := f.runtime.services[i], f.self
	published := s.published.wait()
	self.post(directoryPublished{service: i})
	f.calls.run(0, func(ctx context.Context) {
		select {
		case <-published:
			f.kernel.sendAfter(seePause, self, directoryDue{service: i})
		case <-ctx.Done():
		}
	})
}

// see looks at a directory: what is bad there, and whether its registry forgot.
func (f *fleetActor) see(now time.Time, i int) {
	s := f.runtime.services[i]
	snapshot := s.snapshot.Load()
	_, amnesiac := snapshot.Guarded(registry.GuardAmnesia)
	if amnesiac && !f.amnesiac[s.name] {
		for _, a := range f.runtime.announcements {
			a.tell(doubted{}) // it is one registry
		}
	}
	f.amnesiac[s.name] = amnesiac
	f.perform(f.fleet.See(now, snapshot))
	f.tick(now)
}

// noticed hands a complaint to whom it concerns.
func (f *fleetActor) noticed(now time.Time, change registry.Change) {
	if change.Kind != registry.ChangePut {
		return
	}
	c, err := registry.DecodeComplaint(f.fleet.Root(), change.Entry)
	if err != nil {
		return // a hint that makes no sense is none
	}
	for _, a := range f.runtime.announcements {
		if a.Instance.Service == c.Service && a.Instance.ID == c.Instance {
			a.tell(complained{complaint: c})
		}
	}
	f.perform(f.fleet.Heard(now, c))
	f.tick(now)
}

// tick does what is due, and makes the next appointment.
func (f *fleetActor) tick(now time.Time) {
	if f.appointed != nil {
		f.appointed.Stop()
	}
	steps, next := f.fleet.Tick(now)
	f.perform(steps)
	f.appointed = f.kernel.sendAfter(max(next.Sub(now), time.Millisecond), f.self, fleetDue{})
	f.publish()
}

// publish lets everybody know what the fleet says.
func (f *fleetActor) publish() {
	state := f.runtime.fleet
	state.suspect.Store(f.fleet.Suspect())
	verdicts := f.fleet.Verdicts()
	if len(verdicts)+len(*state.verdicts.Load()) > 0 {
		state.verdicts.Store(&verdicts)
	}
}
