package actors

import (
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// leaver is the process of a crashed incarnation, which is to end by a time. It
// has its name until then.
type leaver struct {
	process *process
	path    string
	due     time.Time
}

// leavers are those of one supervisor. All have the same time, so they are due
// in order, and no two that are still there have the same path.
type leavers struct {
	queue  lane[leaver]
	byPath map[string]*process
	timer  *time.Timer // for the first
}

func (l *leavers) push(next leaver) {
	if l.byPath == nil {
		l.byPath = make(map[string]*process)
	}
	l.byPath[next.path] = next.process
	l.queue.push(next)
}

func (l *leavers) pop() leaver {
	first := l.queue.pop()
	if l.byPath[first.path] == first.process {
		delete(l.byPath, first.path)
	}
	return first
}

// awaited is the leaver with the path, which is asked for word of its end; nil
// if there is none.
func (l *leavers) awaited(path string) *process {
	if p := l.byPath[path]; p != nil && p.await() {
		return p
	}
	return nil
}

func (l *leavers) stop() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

// sweep ends a process whose incarnation has crashed and that will not be
// revived now: its actor is to let go of what it holds. It is called with the
// decision, which may come later than the crash.
func (s *supervisor) sweep(slot int) {
	if slot >= len(s.children) || !s.children[slot].spent {
		return
	}
	c := &s.children[slot]
	p, ok := c.runner.(*process)
	c.spent, c.runner = false, nil
	if !ok {
		return
	}
	p.end()
	s.leavers.push(leaver{process: p, path: c.path, due: s.at.Add(supervision.DefaultShutdown)})
	if s.leavers.queue.len() == 1 {
		s.leavers.timer = s.kernel.sendAfter(supervision.DefaultShutdown, s.self, endOverdue{})
	}
}

// sweepGroup does so where a child waits with its group: there may be others in
// it that crashed at the same time.
func (s *supervisor) sweepGroup() {
	if s.plan.spec.Strategy == supervision.OneForAll || s.plan.spec.Strategy == supervision.RestForOne {
		s.sweepAll()
	}
}

func (s *supervisor) sweepAll() {
	for slot := range s.children {
		s.sweep(slot)
	}
}

// endsOverdue gives up on the actors of crashed incarnations that do not end.
func (s *supervisor) endsOverdue() error {
	for s.leavers.queue.len() > 0 {
		if left := s.leavers.queue.peek().due.Sub(s.at); left > 0 {
			s.leavers.timer = s.kernel.sendAfter(left, s.self, endOverdue{})
			break
		}
		if l := s.leavers.pop(); !l.process.isClosed() {
			s.giveUpOn(l.path, l.process, "did not end after its crash")
		}
	}
	return s.goOn()
}

// goOn is called when a leaver has gone: somebody may wait for it.
func (s *supervisor) goOn() error {
	if c := s.of(s.held); c != nil && s.leavers.awaited(c.path) == nil {
		s.held = supervision.Ref{}
		s.beginChild(c)
	}
	if s.end != nil {
		return s.exit()
	}
	return nil
}

// exit ends the supervisor when the last leaver has gone: its own successor's
// children want their names.
func (s *supervisor) exit() error {
	s.sweepAll()
	for s.leavers.queue.len() > 0 {
		if s.leavers.queue.peek().process.await() {
			return nil
		}
		s.leavers.pop()
	}
	end := s.end
	s.end = nil
	return end()
}
