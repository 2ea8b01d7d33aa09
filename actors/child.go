package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// child is one living incarnation.
type child struct {
	pid        *actor.PID
	path       string
	supervisor bool
	overdue    *time.Timer // the start or the shutdown timer
}

func (s *supervisor) childPath(id string) string { return s.path + "/" + id }

func (s *supervisor) startChild(ctx actor.Context, a supervision.Action) {
	path := s.childPath(a.ID)
	self := ctx.Self()
	g := &guard{
		produce: s.producer(path, a.ID),
		notify:  func(message control) { s.kernel.send(self, message) },
		ref:     a.Ref,
	}
	pid, err := s.kernel.spawn(path, g)
	if err != nil {
		s.kernel.send(self, childStartFailed{ref: a.Ref, exit: exitOf(err)})
		return
	}
	c := &child{pid: pid, path: path, supervisor: s.isSupervisor(a.ID)}
	if !c.supervisor { // a supervisor takes as long as its children, who are timed themselves
		c.overdue = s.kernel.sendAfter(startLimit, self, startOverdue{ref: a.Ref})
	}
	s.children[a.Ref] = c
	kind := EventChildStarted
	if a.Incarnation > 1 {
		kind = EventChildRestarting
		s.kernel.restarts.Add(1)
	}
	s.kernel.events.emit(Event{Kind: kind, Child: path, Incarnation: a.Incarnation})
}

func (s *supervisor) producer(path, id string) func() behaviour {
	if start, ok := s.plan.starts[id]; ok {
		return func() behaviour { return start(path) }
	}
	return func() behaviour { return s.plan.template(path, id) }
}

func (s *supervisor) isSupervisor(id string) bool {
	for _, spec := range s.plan.spec.Children {
		if spec.ID == id {
			return spec.Supervisor
		}
	}
	return false
}

func (s *supervisor) stopChild(ctx actor.Context, a supervision.Action) {
	c, known := s.children[a.Ref]
	if !known {
		return
	}
	c.disarm()
	if !a.Shutdown.Infinite() {
		c.overdue = s.kernel.sendAfter(a.Shutdown.Wait(), ctx.Self(), stopOverdue{ref: a.Ref})
	}
	s.ask(ctx, c)
}

// ask tells a child to end. A supervisor must stop its own children first, one
// after another, so it is asked by message; any other actor is stopped ahead
// of whatever it has queued.
func (s *supervisor) ask(ctx actor.Context, c *child) {
	if c.supervisor {
		s.kernel.send(c.pid, shutDown{})
		return
	}
	ctx.Stop(c.pid)
}

func (s *supervisor) retry(ctx actor.Context, a supervision.Action) {
	if timer := s.kernel.sendAfter(a.Delay, ctx.Self(), retryDue{ref: a.Ref}); timer != nil {
		s.retries[a.Ref] = timer
	}
}

func (s *supervisor) disarm(ref supervision.Ref) {
	if c, known := s.children[ref]; known {
		c.disarm()
	}
}

func (c *child) disarm() {
	if c.overdue != nil {
		c.overdue.Stop()
		c.overdue = nil
	}
}
