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
	started int // of a batch
	view    *supervision.View
	err     error
}

// requests are those that a supervisor has taken and not answered.
type requests struct {
	last    uint64
	due     *batch // its next child is to be asked for
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
	m, waits := r.pending[number]
	if !waits {
		return
	}
	delete(r.pending, number)
	if m.batch == nil {
		m.reply <- a
		return
	}
	if a.err != nil {
		m.batch.failed = append(m.batch.failed, a.err)
	} else {
		m.batch.started++
	}
	r.due = m.batch
}

func (r *requests) refuseAll(err error) {
	for number, m := range r.pending {
		r.answer(number, response{err: err})
		if m.batch != nil {
			m.batch.reply <- response{started: m.batch.started, err: errors.Join(m.batch.failed...)}
		}
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

// batch is what is left of a request to spawn many children. The next one is
// asked for when the last one has been answered, by a message to oneself, so
// that crashes and other requests get their turn between.
type batch struct {
	ids     []string
	failed  []error
	started int
	reply   chan response
	asking  request // the one that is under way
}

func (s *supervisor) spawnNext(b *batch) error {
	if len(b.ids) == 0 {
		b.reply <- response{started: b.started, err: errors.Join(b.failed...)}
		return nil
	}
	id := b.ids[0]
	b.ids = b.ids[1:]
	b.asking = request{event: supervision.Event{Kind: supervision.EventAddChild, ID: id}, spawn: true, batch: b}
	return s.asked(&b.asking)
}

// asked hands a request to the machine.
func (s *supervisor) asked(m *request) error {
	event := m.event
	event.Request = s.requests.take(m)
	if isAdd := event.Kind == supervision.EventAddChild; isAdd && m.spawn != (s.plan.template != nil) {
		s.respond(event.Request, response{err: fmt.Errorf("actors: %s: %w", s.path, ErrWrongStart)})
		return nil
	}
	if m.spawn {
		spec := s.plan.child
		spec.ID = event.ID
		event.ID, event.Child = "", &spec
	}
	err := s.step(event)
	if event.Kind == supervision.EventWake { // which is a hint, and never refused
		s.respond(event.Request, response{})
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
		if _, known := s.recipes[a.ID]; known {
			delete(s.ownRecipes(), a.ID)
		}
		s.vacate(a.Ref.Slot())
	}
	if a.Request != 0 {
		s.respond(a.Request, reply)
	}
}

func (s *supervisor) respond(number uint64, r response) {
	s.requests.answer(number, r)
	if b := s.requests.due; b != nil {
		s.requests.due = nil
		s.self.tell(b, nil)
	}
}

// vacate lets go of what is held of a child that nobody knows any more.
func (s *supervisor) vacate(slot int) {
	if slot < len(s.children) && s.children[slot].ref.IsZero() {
		s.children[slot] = child{}
	}
}
