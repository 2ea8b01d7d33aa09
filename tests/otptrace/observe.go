package main

import (
	"strings"

	"github.com/firebreak-go/firebreak/actors"
)

// nobody is a child that no scenario can have, for "#" begins a comment. A request about it holds its supervisor.
const nobody = "#"

// observe is called with every event, in the turn of the supervisor that caused it. That it may block there, which it is
// told not to do, is how a supervisor is held while its mailbox fills.
func (l *live) observe(e actors.Event) {
	if e.Kind == actors.EventRequestRefused && strings.HasSuffix(e.Child, "/"+nobody) {
		l.mu.Lock()
		held := l.letGo
		l.mu.Unlock()
		<-held
		return
	}
	if n := l.scenario.nodes[e.Child]; n != nil && n.branch != nil {
		l.observeSupervisor(e)
	} else {
		l.observeWorker(e)
	}
}

func (l *live) observeSupervisor(e actors.Event) {
	switch e.Kind { //nolint:exhaustive // the others have no line in the trace
	case actors.EventChildStarted, actors.EventChildRestarting:
		l.starts(e.Child)
	case actors.EventChildExited:
		l.vacate(e.Child)
	case actors.EventSupervisorDown:
		l.ended(e.Child, e.Exit)
	case actors.EventSupervisorFailed:
		l.ended(e.Child, failedToStart)
		if e.Child != rootPath {
			l.write("startfail %s init", e.Child)
		}
	}
}

// observeWorker records what only the supervisor knows: how a worker that it stopped has ended, or that it has not. What a
// worker does by itself is recorded by the worker.
func (l *live) observeWorker(e actors.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	reason := e.Reason
	switch {
	case e.Kind == actors.EventChildAbandoned:
		reason = "killed" // as near as Go comes to it
	case e.Kind != actors.EventChildExited:
		return
	case reason == "":
		reason = e.Exit
	}
	if number, lives := l.living[e.Child]; lives {
		delete(l.living, e.Child)
		l.exited(e.Child, number, reason)
	}
}

// starts is called before the start of a supervisor. One that is to fail finds its name taken.
func (l *live) starts(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if take(l.fails, path) {
		l.taken[path], _ = l.system.ProcessRegistry.Add(l.system.DeadLetter, path)
		l.record("startfail %s %s", path, cannotStart)
		return
	}
	l.living[path] = l.nextIncarnation(path)
}

func (l *live) vacate(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if pid := l.taken[path]; pid != nil {
		delete(l.taken, path)
		l.system.ProcessRegistry.Remove(pid)
	}
}

// ended records the end of a supervisor.
func (l *live) ended(path, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.record("exit %s #%d %s", path, l.living[path], reason)
	delete(l.living, path)
	if path == rootPath {
		l.rootExit = reason
	}
}
