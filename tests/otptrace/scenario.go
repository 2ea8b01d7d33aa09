package main

import (
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// scenario is a tree and what happens to it.
type scenario struct {
	nodes    map[string]*node
	tree     []*node // the supervisors, as declared
	commands []command
}

// node is a child as described: by a line of the scenario, by a start command, or by the template of a dynamic supervisor.
type node struct {
	line   int
	path   string
	child  supervision.ChildSpec
	stop   manner
	branch *branch // of a supervisor, else nil
}

// branch is what makes a node a supervisor.
type branch struct {
	spec     supervision.Spec
	children []*node
	template node // of the children of a dynamic supervisor
}

func (b *branch) dynamic() bool { return b != nil && b.spec.Strategy == supervision.Dynamic }

// like makes the child with the path from the template.
func (n node) like(path string) *node {
	n.path = path
	_, n.child.ID = split(path)
	return &n
}

// manner is what a child does when it is told to shut down: it ends with the reason after a while, or never.
type manner struct {
	reason string
	after  time.Duration
	never  bool
}

// obey returns the reason that the child ends with under the given shutdown.
func (m manner) obey(s supervision.Shutdown) string {
	if atOnce(s) || m.never || !s.Infinite() && m.after > s.Wait() {
		return "killed"
	}
	return m.reason
}

// atOnce reports whether a child is killed before it can do anything: a time of 0 is over when the child has been told.
func atOnce(s supervision.Shutdown) bool { return s.Abandon() || s == supervision.ShutdownWithin(0) }

// command is one line of the schedule.
type command struct {
	at     time.Duration
	text   string // as the trace repeats it
	verb   string
	path   string
	count  int     // of fail and ignore
	node   *node   // of a start with options
	deaths []death // of crash and burst
	items  []item  // of mix
}

type death struct{ path, reason string }

// item is one thing that lies in a supervisor's mailbox when it is let go.
type item struct {
	verb, name, reason string
}

func (i item) String() string { return strings.TrimSuffix(i.verb+":"+i.name, ":") }

// split divides a path into that of the supervisor and the child's name.
func split(path string) (supervisor, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// exitOf translates a reason as scenarios spell it.
func exitOf(reason string) supervision.Exit {
	exit := supervision.Exit{Kind: supervision.ExitError, Reason: reason}
	switch {
	case reason == "normal":
		exit.Kind = supervision.ExitNormal
	case reason == "shutdown", strings.HasPrefix(reason, "shutdown:"):
		exit.Kind = supervision.ExitShutdown
	case reason == "killed":
		exit.Kind = supervision.ExitKilled
	}
	return exit
}
