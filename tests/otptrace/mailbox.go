package main

import "github.com/firebreak-go/firebreak/supervision"

// letter is something that waits for a supervisor: an event for its machine, a question, or an answer that is known.
type letter struct {
	event    supervision.Event
	node     *node // what an added child is
	request  uint64
	question string // which or count
	names    bool   // which is to name processes
	answer   string
}

func (s *supervisor) post(l letter) { s.mailbox = append(s.mailbox, l) }

func (s *supervisor) takeLetter() {
	l := s.mailbox[0]
	s.mailbox = s.mailbox[1:]
	switch {
	case l.answer != "":
		s.world.answers[l.request] = l.answer
	case l.question == "which":
		s.world.answers[l.request] = s.which(l.names)
	case l.question == "count":
		s.world.answers[l.request] = s.count()
	default:
		s.candidate = l.node
		s.step(l.event)
		s.candidate = nil
	}
}

// crash lets a child die and tells the supervisor, which may not look before it is let go. It reports whether there was one.
func (s *supervisor) crash(name, reason string) bool {
	p := s.named[name]
	if p == nil || !p.alive() {
		return false
	}
	if reason == "kill" {
		reason = "killed"
	}
	s.die(p, reason)
	s.post(letter{event: supervision.Event{Kind: supervision.EventChildExited, Ref: p.ref, Exit: exitOf(reason)}})
	return true
}

func (s *supervisor) which(names bool) string {
	var number func(string) int
	if names {
		number = func(id string) int { return s.named[id].number }
	}
	return listed(s.machine.Children(), s.branch.dynamic(), number)
}

// count takes off the children whose death the machine has not heard of; OTP does not do so for a dynamic supervisor.
func (s *supervisor) count() string {
	n := s.machine.Counts()
	for c := range s.machine.Children() {
		if c.State == supervision.StateRunning && !s.branch.dynamic() && !s.named[c.ID].alive() {
			n.Active--
		}
	}
	return counted(n)
}

// state is the line that a trace ends with for each supervisor.
func (s *supervisor) state(path string) string {
	if s == nil {
		return path + " down"
	}
	return path + " " + s.which(true) + " " + s.count()
}
