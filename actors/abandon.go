package actors

import (
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// startWatch looks for the one start that is under way, if it takes too long.
// Its timer is not set anew for every start: in a storm of restarts it fires
// once per limit, and looks.
type startWatch struct {
	ref   supervision.Ref
	due   time.Time
	timer *time.Timer
	armed bool
}

func (w *startWatch) begin(s *supervisor, ref supervision.Ref) {
	w.ref, w.due = ref, s.at.Add(s.kernel.startLimit)
	if !w.armed {
		w.arm(s, s.kernel.startLimit)
	}
}

func (w *startWatch) arm(s *supervisor, delay time.Duration) {
	w.armed = true
	w.timer = s.kernel.sendAfter(delay, s.self, startOverdue{})
}

func (w *startWatch) over(ref supervision.Ref) {
	if w.ref == ref {
		w.ref = supervision.Ref{}
	}
}

func (w *startWatch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// startsOverdue is the watch's look.
func (s *supervisor) startsOverdue() error {
	s.watch.armed = false
	if s.watch.ref.IsZero() {
		return nil
	}
	if left := time.Until(s.watch.due); left > 0 {
		s.watch.arm(s, left)
		return nil
	}
	return s.abandon(supervision.EventStartFailed, s.watch.ref, "did not start in time")
}

// abandon gives up on an incarnation that does not answer, and goes on as if
// it had ended.
func (s *supervisor) abandon(kind supervision.EventKind, ref supervision.Ref, why string) error {
	c := s.of(ref)
	if c == nil {
		return nil
	}
	s.disarm(ref)
	s.giveUpOn(c, why)
	c.ref = supervision.Ref{}
	exit := supervision.Exit{Kind: supervision.ExitKilled, Class: supervision.ClassTimeout, Reason: why}
	return s.step(supervision.Event{Kind: kind, Ref: ref, Exit: exit})
}

// giveUpOn makes what runs for the child unreachable, counts and reports it.
func (s *supervisor) giveUpOn(c *child, why string) {
	if p, ok := c.runner.(*process); ok {
		if s.haunted == nil {
			s.haunted = make(map[string][]*process)
		}
		s.haunted[c.path] = append(s.haunted[c.path], p)
	}
	c.runner.abandon()
	c.runner = nil
	s.nursery = nil // it may be stuck in there
	s.kernel.abandoned.Add(1)
	s.emit(&Event{Kind: EventChildAbandoned, Child: c.path, Reason: why})
}

// leaver is the process of a crashed incarnation, which is to end by a time.
// All leavers of a supervisor have the same time, so they are due in order.
type leaver struct {
	process *process
	slot    int
	due     time.Time
}

// endsOverdue gives up on the actors of crashed incarnations that do not end,
// unless their child has gone on without them.
func (s *supervisor) endsOverdue() {
	for s.leavers.len() > 0 {
		if left := s.leavers.peek().due.Sub(s.at); left > 0 {
			s.farewell = s.kernel.sendAfter(left, s.self, endOverdue{})
			return
		}
		l := s.leavers.pop()
		if l.slot < len(s.children) && s.children[l.slot].runner == runner(l.process) && !l.process.isClosed() {
			s.giveUpOn(&s.children[l.slot], "did not end after its crash")
		}
	}
}

// clear makes room for the next incarnation. An actor of an earlier one that is
// still about to end would hold its name.
func (s *supervisor) clear(c *child) {
	if p, ok := c.runner.(*process); ok && !p.isClosed() {
		s.giveUpOn(c, "had not ended when its successor was due")
	}
	c.runner = nil
}

// haunt tells the abandoned processes of a name who has it now.
func (s *supervisor) haunt(c *child, successor *process) {
	old := s.haunted[c.path]
	kept := old[:0]
	for _, p := range old {
		if p.haunts(successor) {
			kept = append(kept, p)
		}
	}
	if len(kept) == 0 {
		delete(s.haunted, c.path)
		return
	}
	s.haunted[c.path] = kept
}

// startAfresh begins an incarnation in a new process, because the old one was
// not fit for it.
func (s *supervisor) startAfresh(ref supervision.Ref) {
	c := s.of(ref)
	if c == nil {
		return
	}
	c.runner = nil
	if err := s.make(c, c.path[len(s.path)+1:]); err != nil {
		s.self.tell(childStartFailed{ref: ref, exit: exitOf(err)}, nil)
		return
	}
	c.runner.begin(ref, s.self.worker)
}
