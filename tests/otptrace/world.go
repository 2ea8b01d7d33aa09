package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// world is the tree while it runs.
type world struct {
	scenario *scenario
	now      time.Duration
	trace    []traceLine

	root        *supervisor
	rootExit    string
	supervisors []*supervisor // those that live, in the order of their starts

	incarnations map[string]int
	fails        map[string]int   // starts that are still to fail, by path
	ignores      map[string]int   // starts that are still to be ignored
	given        map[string]*node // what start commands said of a path last
	requests     uint64
	answers      map[uint64]string
}

// traceLine remembers whose children's order is undefined.
type traceLine struct {
	text     string
	unsorted *supervisor
}

func newWorld(sc *scenario) *world {
	return &world{
		scenario: sc, incarnations: map[string]int{}, fails: map[string]int{}, ignores: map[string]int{},
		given: map[string]*node{}, answers: map[uint64]string{},
	}
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
	if w.rootExit == "" {
		w.record("end alive")
	} else {
		w.record("end %s", w.rootExit)
	}
	return w.text()
}

func (w *world) record(format string, args ...any) *traceLine {
	w.trace = append(w.trace, traceLine{text: fmt.Sprintf("@%d %s\n", w.now.Milliseconds(), fmt.Sprintf(format, args...))})
	return &w.trace[len(w.trace)-1]
}

// text sorts what has no defined order: the exits of a dynamic supervisor's children that follow one another.
func (w *world) text() string {
	for from := 0; from < len(w.trace); {
		first, to := w.trace[from], from+1
		at, _, _ := strings.Cut(first.text, " ")
		for first.unsorted != nil && to < len(w.trace) && w.trace[to].unsorted == first.unsorted && strings.HasPrefix(w.trace[to].text, at+" ") {
			to++
		}
		slices.SortFunc(w.trace[from:to], func(a, b traceLine) int { return strings.Compare(a.text, b.text) })
		from = to
	}
	var b strings.Builder
	for _, line := range w.trace {
		b.WriteString(line.text)
	}
	return b.String()
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

// take takes one off what a fail or an ignore command asked for.
func take(left map[string]int, path string) bool {
	if left[path] == 0 {
		return false
	}
	left[path]--
	return true
}
