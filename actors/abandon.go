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
	path, r := c.path, c.runner
	if !s.giveUpOn(path, r, why) {
		return nil // its end has its own message
	}
	c.ref, c.runner = supervision.Ref{}, nil
	exit := supervision.Exit{Kind: supervision.ExitKilled, Class: supervision.ClassTimeout, Reason: why}
	return s.step(supervision.Event{Kind: kind, Ref: ref, Exit: exit})
}

// giveUpOn makes what runs for a child unreachable, counts and reports it. It
// reports false where that has ended by now.
func (s *supervisor) giveUpOn(path string, r runner, why string) bool {
	if !r.abandon() {
		return false
	}
	s.kernel.ghosts.add(path, r)
	s.nursery = nil // it may be stuck in there
	s.kernel.abandoned.Add(1)
	s.emit(&Event{Kind: EventChildAbandoned, Child: path, Reason: why})
	r.dismiss() // only now, for it may be back at once
	return true
}

// startAfresh begins an incarnation in a new process, because the old one was
// not fit for it.
func (s *supervisor) startAfresh(ref supervision.Ref) {
	c := s.of(ref)
	if c == nil {
		return
	}
	c.runner = nil
	s.watch.begin(s, ref)
	if err := s.make(c, c.path[len(s.path)+1:]); err != nil {
		s.self.tell(childStartFailed{ref: ref, exit: exitOf(err)}, nil)
		return
	}
	c.runner.begin(ref, s.self.worker)
}
