package actors

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// ErrNotRunning answers a request to a supervisor that is not there, or that
// ended before it came to the request.
var ErrNotRunning = errors.New("actors: the supervisor is not running")

// ErrWrongStart answers [Branch.Add] where the supervisor is dynamic, and
// [Branch.Spawn] where it is not.
var ErrWrongStart = errors.New("use Spawn for a dynamic supervisor, and Add for any other")

// response is what a request brings.
type response struct {
	pid     *actor.PID
	ignored bool
	view    *supervision.View
	err     error
}

// requests are those that a supervisor has taken and not answered.
type requests struct {
	last    uint64
	pending map[uint64]*request
}

// take gives a request the number by which its answer is known.
func (r *requests) take(m *request) uint64 {
	if r.pending == nil {
		r.pending = make(map[uint64]*request)
	}
	r.last++
	r.pending[r.last] = m
	return r.last
}

func (r *requests) answer(number uint64, a response) {
	if m, waits := r.pending[number]; waits {
		delete(r.pending, number)
		m.reply <- a
	}
}

func (r *requests) refuseAll(err error) {
	for number := range r.pending {
		r.answer(number, response{err: err})
	}
}

// recipe is that of the oldest request to add the child: a machine takes them
// in order.
func (r *requests) recipe(id string) recipe {
	oldest := uint64(0)
	for number, m := range r.pending {
		if c := m.event.Child; c != nil && c.ID == id && (oldest == 0 || number < oldest) {
			oldest = number
		}
	}
	if oldest == 0 {
		return recipe{err: fmt.Errorf("actors: nobody said how to make %q", id)}
	}
	return r.pending[oldest].recipe
}

// asked hands a request to the machine.
func (s *supervisor) asked(m *request) error {
	event := m.event
	event.Request = s.requests.take(m)
	if isAdd := event.Kind == supervision.EventAddChild; isAdd && m.spawn != (s.plan.template != nil) {
		s.requests.answer(event.Request, response{err: fmt.Errorf("actors: %s: %w", s.path, ErrWrongStart)})
		return nil
	}
	if m.spawn {
		spec := s.plan.child
		spec.ID = event.ID
		event.ID, event.Child = "", &spec
	}
	err := s.step(event)
	if event.Kind == supervision.EventWake { // which is a hint, and never refused
		s.requests.answer(event.Request, response{})
	}
	return err
}

// answer passes on what the machine says to a request, and forgets what a
// forgotten child was.
func (s *supervisor) answer(a *supervision.Action) {
	reply := response{view: a.View}
	switch a.Kind { //nolint:exhaustive // only answers come here
	case supervision.ActionChildUp:
		if c := s.of(a.Ref); c != nil {
			if p, ok := c.runner.(*process); ok {
				reply.pid = p.address()
			}
		}
	case supervision.ActionIgnored:
		reply.ignored = true
	case supervision.ActionRefused:
		delete(s.known, a.ID)
		reply.err = fmt.Errorf("actors: %s: %w", s.childPath(a.ID), a.Err)
		if a.Exit.Reason != "" {
			reply.err = fmt.Errorf("%w: %s", reply.err, a.Exit)
		}
	case supervision.ActionForgotten:
		delete(s.known, a.ID)
		delete(s.recipes, a.ID)
		s.vacate(a.Ref.Slot())
	}
	if a.Request != 0 {
		s.requests.answer(a.Request, reply)
	}
}

// vacate lets go of what is held of a child that nobody knows any more.
func (s *supervisor) vacate(slot int) {
	if slot < len(s.children) && s.children[slot].ref.IsZero() {
		s.children[slot] = child{}
	}
}
