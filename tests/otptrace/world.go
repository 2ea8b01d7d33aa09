package main

import (
	"slices"
	"strings"

	"github.com/firebreak-go/firebreak/supervision"
)

// world is the tree while it runs.
type world struct {
	ledger
	root        *supervisor
	supervisors []*supervisor // those that live, in the order of their starts
	requests    uint64
	answers     map[uint64]string
}

func newWorld(sc *scenario) *world {
	return &world{ledger: newLedger(sc), answers: map[uint64]string{}}
}

// play carries out the schedule and returns the trace.
func (w *world) play() string {
	root := w.startSupervisor(w.scenario.nodes[rootPath], nil, supervision.Ref{})
	if !root.over {
		w.root = root
	}
	w.settle()
	for _, c := range w.scenario.commands {
		w.now = c.at
		w.execute(c)
	}
	for _, n := range w.scenario.tree {
		w.record("state %s", w.at(n.path).state(n.path))
	}
	w.recordEnd()
	return w.text()
}

// settle lets every supervisor empty its mailbox.
func (w *world) settle() {
	for busy := true; busy; {
		busy = false
		for i := 0; i < len(w.supervisors); i++ {
			s := w.supervisors[i]
			for !s.over && len(s.mailbox) > 0 {
				s.takeLetter()
				busy = true
			}
		}
	}
	w.supervisors = slices.DeleteFunc(w.supervisors, func(s *supervisor) bool { return s.over })
}

// at returns the supervisor that lives under the path, else nil.
func (w *world) at(path string) *supervisor {
	names := strings.Split(path, "/")
	s := w.root
	if names[0] != rootPath || s == nil || s.over {
		return nil
	}
	for _, name := range names[1:] {
		p := s.named[name]
		if p == nil || p.inner == nil || p.inner.over {
			return nil
		}
		s = p.inner
	}
	return s
}
