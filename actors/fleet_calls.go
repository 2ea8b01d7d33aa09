package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// follow makes the call that the cursor names on the directory of all complaints.
// What fails there is tried again, and told by whoever reads a directory: it is the
// same registry.
func (f *fleetActor) follow(step registry.CursorStep) {
	f.cancelCall()
	f.call++
	call, self, root := f.call, f.self, f.fleet.Root()
	switch step.Call {
	case registry.CallList:
		f.cancelCall = f.calls.run(0, func(ctx context.Context) {
			listing, err := safely(func() (registry.Listing, error) { return f.source.List(ctx, root) })
			self.post(complaintsListed{call: call, listing: listing, err: err})
		})
	case registry.CallNext:
		f.cancelCall = f.calls.run(step.Limit, func(ctx context.Context) {
			change, err := safely(func() (registry.Change, error) { return f.source.Next(ctx, root, step.After) })
			if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				err = registry.ErrQuiet
			}
			self.post(complaintsChanged{call: call, change: change, err: err})
		})
	case registry.CallWait:
		f.timer = f.kernel.sendAfter(step.Limit, self, complaintsWaited{call: call})
	}
}

func (f *fleetActor) perform(steps []registry.FleetStep) {
	for _, step := range steps {
		switch s := step.(type) {
		case registry.Complain:
			f.complain(s.Complaint, s.After)
		case registry.Confirmed:
			f.kernel.events.emit(complaintEvent(EventFaultConfirmed, s.Key, s.Complaint, fmt.Sprintf("%d others cannot read it", s.Others)))
		case registry.SelfSuspected:
			f.kernel.events.emit(complaintEvent(EventDecoderSuspected, s.Key, s.Complaint, "nobody else complains of it"))
			f.warn()
		case registry.SelfCleared:
			f.kernel.events.emit(Event{Kind: EventDecoderCleared, AgeMS: s.After.Milliseconds()})
		}
	}
}

// warn lets the views know that this process may be at fault.
func (f *fleetActor) warn() {
	for _, s := range f.runtime.services {
		if watcher := s.watcher.Load(); watcher != nil {
			watcher.post(suspected{})
		}
	}
}

func complaintEvent(kind EventKind, key string, c registry.Complaint, reason string) Event {
	return Event{Kind: kind, Service: c.Service, Key: key, Class: c.Class, Index: c.Index, Reason: reason}
}

// complain writes a complaint, where there is room for one. One that fails is made
// again in a minute.
func (f *fleetActor) complain(c registry.Complaint, after time.Duration) {
	self := f.self
	f.calls.run(callLimit+after, func(ctx context.Context) {
		wait := time.NewTimer(after)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return
		}
		made := complaintMade{complaint: c}
		_, made.err = safely(func() (struct{}, error) { return struct{}{}, f.write(ctx, c, &made) })
		self.post(made)
	})
}

func (f *fleetActor) write(ctx context.Context, c registry.Complaint, made *complaintMade) error {
	root, writer := f.fleet.Root(), f.runtime.config.Writer
	value, err := registry.EncodeComplaint(c)
	if err != nil {
		return err
	}
	standing, err := f.source.List(ctx, c.Directory(root))
	if err != nil {
		return err
	}
	others, own, room := registry.RoomToComplain(root, standing.Entries, c.Consumer)
	made.others = others
	switch {
	case !room:
		return nil
	case own != 0:
		_, err = writer.Swap(ctx, c.Key(root), value, registry.ComplaintTTL, own)
	default:
		_, err = writer.Create(ctx, c.Key(root), value, registry.ComplaintTTL)
	}
	made.stands = err == nil
	return err
}

// made takes what came of a complaint: it stands, there was no room, or it failed.
func (f *fleetActor) made(now time.Time, m complaintMade) {
	for _, other := range m.others {
		f.perform(f.fleet.Heard(now, other))
	}
	if m.stands {
		f.fleet.Made(now, m.complaint)
		key := f.fleet.Key(m.complaint)
		f.kernel.events.emit(complaintEvent(EventComplained, key, m.complaint, ""))
	}
	f.tick(now)
}
