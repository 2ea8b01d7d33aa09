package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ledger is what a run of a scenario keeps account of, whoever supervises: the trace, and what the commands have said
// about the starts to come.
type ledger struct {
	scenario *scenario
	now      time.Duration
	trace    []traceLine
	rootExit string

	incarnations map[string]int
	fails        map[string]int   // starts that are still to fail, by path
	ignores      map[string]int   // starts that are still to be ignored
	given        map[string]*node // what start commands said of a path last
}

// traceLine remembers where the order is undefined: at the exit of a dynamic supervisor's child, whose path it holds.
type traceLine struct {
	text     string
	unsorted string
}

func newLedger(sc *scenario) ledger {
	return ledger{
		scenario: sc, incarnations: map[string]int{}, fails: map[string]int{}, ignores: map[string]int{}, given: map[string]*node{},
	}
}

func (l *ledger) record(format string, args ...any) *traceLine {
	l.trace = append(l.trace, traceLine{text: fmt.Sprintf("@%d %s\n", l.now.Milliseconds(), fmt.Sprintf(format, args...))})
	return &l.trace[len(l.trace)-1]
}

func (l *ledger) nextIncarnation(path string) int {
	l.incarnations[path]++
	number := l.incarnations[path]
	l.record("start %s #%d", path, number)
	return number
}

// exited records the end of a worker.
func (l *ledger) exited(path string, number int, reason string) {
	line := l.record("exit %s #%d %s", path, number, reason)
	above, _ := split(path)
	if l.scenario.nodes[above].branch.dynamic() {
		line.unsorted = above
	}
}

func (l *ledger) recordEnd() {
	if l.rootExit == "" {
		l.record("end alive")
	} else {
		l.record("end %s", l.rootExit)
	}
}

// text sorts what has no defined order: the exits of a dynamic supervisor's children that follow one another.
func (l *ledger) text() string {
	for from := 0; from < len(l.trace); {
		first, to := l.trace[from], from+1
		at, _, _ := strings.Cut(first.text, " ")
		for first.unsorted != "" && to < len(l.trace) && l.trace[to].unsorted == first.unsorted && strings.HasPrefix(l.trace[to].text, at+" ") {
			to++
		}
		slices.SortFunc(l.trace[from:to], func(a, b traceLine) int { return strings.Compare(a.text, b.text) })
		from = to
	}
	var b strings.Builder
	for _, line := range l.trace {
		b.WriteString(line.text)
	}
	return b.String()
}

// describe finds out what is to be started under a supervisor: what the command says, else what was said last, else a
// plain worker.
func (l *ledger) describe(supervisor string, b *branch, name string, n *node) *node {
	path := supervisor + "/" + name
	switch {
	case b.dynamic():
		return b.template.like(path)
	case n != nil:
		l.given[path] = n
		return n
	case l.given[path] != nil:
		return l.given[path]
	case l.scenario.nodes[path] != nil:
		return l.scenario.nodes[path]
	}
	return node{stop: manner{reason: "shutdown"}}.like(path)
}

// take takes one off what a fail or an ignore command asked for.
func take(left map[string]int, path string) bool {
	if left[path] == 0 {
		return false
	}
	left[path]--
	return true
}
