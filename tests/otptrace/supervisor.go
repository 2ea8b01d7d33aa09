package main

import "github.com/firebreak-go/firebreak/supervision"

// failedToStart is the reason of a supervisor whose first child did not start.
const failedToStart = "shutdown:failed_to_start_child"

// supervisor is one incarnation of a supervisor: a machine, a mailbox and the processes it started.
type supervisor struct {
	world   *world
	path    string
	number  int
	branch  *branch
	machine *supervision.Machine
	parent  *supervisor // nil for the root
	ref     supervision.Ref

	mailbox   []letter
	nodes     map[string]*node
	candidate *node               // of the add under way
	named     map[string]*process // the last of each name
	told      bool                // to stop, by its parent, which waits
	over      bool
	failed    bool // its start did
}

// process is one incarnation of a child. A supervisor's is alive as long as the supervisor is not over.
type process struct {
	node   *node
	ref    supervision.Ref
	number int
	dead   bool
	inner  *supervisor
}

func (p *process) alive() bool { return !p.dead && (p.inner == nil || !p.inner.over) }

func (w *world) startSupervisor(n *node, parent *supervisor, ref supervision.Ref) *supervisor {
	machine, err := supervision.New(n.branch.spec, nil)
	if err != nil {
		panic("a spec was valid and is not any more: " + err.Error())
	}
	s := &supervisor{
		world: w, path: n.path, branch: n.branch, machine: machine, parent: parent, ref: ref, number: w.nextIncarnation(n.path),
		nodes: map[string]*node{}, named: map[string]*process{},
	}
	for _, child := range n.branch.children {
		s.nodes[child.child.ID] = child
	}
	w.supervisors = append(w.supervisors, s)
	s.step(supervision.Event{Kind: supervision.EventStart})
	return s
}

// step feeds the machine an event, and then the answers to what it has done about it.
func (s *supervisor) step(ev supervision.Event) {
	for events := []supervision.Event{ev}; len(events) > 0; events = events[1:] {
		for _, a := range s.machine.Step(s.world.now, events[0]) {
			if answer, ok := s.perform(a); ok {
				events = append(events, answer)
			}
		}
	}
}

// perform carries out one action; some are answered at once.
func (s *supervisor) perform(a supervision.Action) (answer supervision.Event, answered bool) {
	switch a.Kind {
	case supervision.ActionStartChild:
		return s.startChild(a), true
	case supervision.ActionStopChild:
		return s.stopChild(a), true
	case supervision.ActionRetry:
		s.post(letter{event: supervision.Event{Kind: supervision.EventRetryDue, Ref: a.Ref}})
	case supervision.ActionExit:
		s.end("shutdown")
	case supervision.ActionStartFailed:
		s.failed = true
		s.end(failedToStart)
	case supervision.ActionChildUp:
		s.world.answers[a.Request] = "ok:pid"
	case supervision.ActionIgnored:
		s.world.answers[a.Request] = "ok:undefined"
	case supervision.ActionTerminated, supervision.ActionForgotten:
		s.world.answers[a.Request] = "ok"
	case supervision.ActionRefused:
		s.world.answers[a.Request] = refusal(a.Err, a.Exit.Reason)
	case supervision.ActionStarted, supervision.ActionBackoff, supervision.ActionParked, supervision.ActionReleased,
		supervision.ActionExhausted, supervision.ActionGaveUp, supervision.ActionEnded, supervision.ActionSubtreeLost,
		supervision.ActionAutoShutdown, supervision.ActionInspected: // OTP's trace has no line for them
	}
	return supervision.Event{}, false
}

func (s *supervisor) startChild(a supervision.Action) supervision.Event {
	n, w := s.node(a.ID), s.world
	switch {
	case take(w.fails, n.path):
		w.record("startfail %s cannot_start", n.path)
		return supervision.Event{Kind: supervision.EventStartFailed, Ref: a.Ref, Exit: exitOf("cannot_start")}
	case take(w.ignores, n.path):
		w.record("startignore %s", n.path)
		return supervision.Event{Kind: supervision.EventStartIgnored, Ref: a.Ref}
	}
	p := &process{node: n, ref: a.Ref}
	if n.branch == nil {
		p.number = w.nextIncarnation(n.path)
	} else {
		p.inner = w.startSupervisor(n, s, a.Ref)
		p.number = p.inner.number
		if p.inner.failed {
			w.record("startfail %s init", n.path)
			return supervision.Event{Kind: supervision.EventStartFailed, Ref: a.Ref, Exit: exitOf(failedToStart)}
		}
	}
	s.named[a.ID] = p
	return supervision.Event{Kind: supervision.EventChildStarted, Ref: a.Ref}
}

// node is the description that the next start of a child follows.
func (s *supervisor) node(id string) *node {
	if s.branch.dynamic() {
		return s.branch.template.like(s.path + "/" + id)
	}
	if s.candidate != nil {
		s.nodes[id] = s.candidate
	}
	return s.nodes[id]
}

// stopChild waits for the child's end, which takes no virtual time. One that has died before is not seen to die again.
func (s *supervisor) stopChild(a supervision.Action) supervision.Event {
	p := s.named[a.ID]
	reason := "shutdown"
	switch {
	case !p.alive():
	case p.inner != nil:
		p.inner.told = true
		p.inner.step(supervision.Event{Kind: supervision.EventStop})
	default:
		reason = p.node.stop.obey(a.Shutdown)
		s.die(p, reason)
	}
	return supervision.Event{Kind: supervision.EventChildExited, Ref: a.Ref, Exit: exitOf(reason)}
}

// die records the end of a worker.
func (s *supervisor) die(p *process, reason string) {
	p.dead = true
	s.world.exited(p.node.path, p.number, reason)
}

// end records the supervisor's own. Requests that nobody will serve any more have no answer.
func (s *supervisor) end(reason string) {
	s.over, s.mailbox = true, nil
	s.world.record("exit %s #%d %s", s.path, s.number, reason)
	switch {
	case s.parent == nil:
		s.world.rootExit = reason
	case !s.told && !s.failed:
		s.parent.post(letter{event: supervision.Event{Kind: supervision.EventChildExited, Ref: s.ref, Exit: exitOf(reason)}})
	}
}
