package actors

import (
	"context"
	"maps"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/firebreak-go/firebreak/supervision"
)

// recipe is how a child is made: by exactly one of the three.
type recipe struct {
	behaviour func(path string) behaviour
	props     *actor.Props
	run       func(ctx context.Context) error
	nested    bool  // the behaviour is a supervisor
	err       error // the recipe itself is wrong
}

// runner is one child at work.
type runner interface {
	begin(ref supervision.Ref, from *worker)
	stop()
	// abandon makes it unreachable and unheard. It reports false where that comes
	// too late: it has ended, and its supervisor is told or is about to be.
	abandon() bool
	// dismiss asks what was abandoned to end, if it still listens.
	dismiss()
	// haunts notes who has the name of what was abandoned now, if that is a
	// process. It reports whether the abandoned may still come back.
	haunts(successor *process) bool
	// isLost reports whether it was abandoned and has not ended since.
	isLost() bool
}

// child is what a supervisor holds of one child: a place in a table, which
// another child takes when this one is forgotten.
type child struct {
	ref    supervision.Ref // of the incarnation that lives; zero when none does
	runner runner
	path   string
	nested bool
	// spent: the runner is a process whose incarnation has crashed. It is
	// revived in the same step, or ended.
	spent bool
}

func (s *supervisor) childPath(id string) string { return s.path + "/" + id }

// of returns the child whose living incarnation the ref means.
func (s *supervisor) of(ref supervision.Ref) *child {
	if slot := ref.Slot(); slot < len(s.children) && s.children[slot].ref == ref && !ref.IsZero() {
		return &s.children[slot]
	}
	return nil
}

// place returns the child's place in the table, which is swept when the child
// in it is another one than before.
func (s *supervisor) place(a *supervision.Action) *child {
	slot := a.Ref.Slot()
	for slot >= len(s.children) {
		s.children = append(s.children, child{})
	}
	c := &s.children[slot]
	if len(c.path) != len(s.path)+1+len(a.ID) || c.path[len(s.path)+1:] != a.ID {
		name := s.kernel.prefix + s.childPath(a.ID)
		*c = child{path: name[len(s.kernel.prefix):]}
	}
	return c
}

func (s *supervisor) startChild(a *supervision.Action) {
	c := s.place(a)
	c.ref = a.Ref
	kind := EventChildStarted
	if a.Incarnation > 1 {
		kind = EventChildRestarting
		s.kernel.restarts.Add(1)
	}
	s.emit(&Event{Kind: kind, Child: c.path, Incarnation: a.Incarnation})
	if !c.spent && s.leavers.awaited(c.path) != nil {
		s.held = a.Ref
		return
	}
	s.beginChild(c)
}

// beginChild begins the incarnation of the child's ref.
func (s *supervisor) beginChild(c *child) {
	if !c.spent {
		if err := s.make(c, c.path[len(s.path)+1:]); err != nil {
			s.self.tell(childStartFailed{ref: c.ref, exit: exitOf(err)}, nil)
			return
		}
	}
	c.spent = false
	if !c.nested { // a supervisor takes as long as its children, who are timed themselves
		s.watch.begin(s, c.ref)
	}
	c.runner.begin(c.ref, s.self.worker)
}

// make gives the child something to run in.
func (s *supervisor) make(c *child, id string) error {
	r := s.recipe(id)
	c.nested = r.nested
	switch {
	case r.err != nil:
		return r.err
	case r.behaviour != nil:
		path := c.path
		p := s.kernel.host(s.self, path, func() behaviour { return r.behaviour(path) })
		s.kernel.ghosts.haunt(c.path, p)
		c.runner = p
	case r.props != nil:
		if s.nursery == nil || s.nursery.source != r.props {
			s.nursery = newNursery(r.props)
		}
		p := &process{kernel: s.kernel, overseer: s.self, name: s.kernel.prefix + c.path}
		p.guest = &hosted{nursery: s.nursery}
		s.kernel.ghosts.haunt(c.path, p)
		c.runner = p
	default:
		s.kernel.ghosts.haunt(c.path, nil)
		c.runner = newFunction(s.kernel, s.self, c.path, r.run)
	}
	return nil
}

// ownRecipes are those that may be changed: the plan's are for the supervisor's
// own next incarnation.
func (s *supervisor) ownRecipes() map[string]recipe {
	if !s.cloned {
		s.recipes, s.cloned = maps.Clone(s.recipes), true
	}
	return s.recipes
}

// recipe finds out how a child is made: one that is being added brings its own.
func (s *supervisor) recipe(id string) recipe {
	if s.plan.template != nil {
		return guarded(s.plan.template, id)
	}
	r, known := s.recipes[id]
	if !known {
		r = s.requests.recipe(id)
		s.ownRecipes()[id] = r
	}
	return r
}

// guarded calls a template, which is other people's code in a supervisor's turn:
// a panic in it is a child that cannot be made.
func guarded(template func(id string) recipe, id string) (r recipe) {
	defer func() {
		if value := recover(); value != nil {
			r = recipe{err: exitRequest{panicExit(value)}}
		}
	}()
	return template(id)
}

func (s *supervisor) stopChild(a *supervision.Action) {
	c := s.of(a.Ref)
	if c == nil {
		return
	}
	s.emit(&Event{Kind: EventChildStopping, Child: c.path, Incarnation: a.Incarnation})
	if !a.Shutdown.Infinite() {
		if s.stops == nil {
			s.stops = make(map[supervision.Ref]*time.Timer)
		}
		s.stops[a.Ref] = s.kernel.sendAfter(a.Shutdown.Wait(), s.self, stopOverdue{ref: a.Ref})
	}
	c.ask()
}

// ask tells a child to end. A supervisor must stop its own children first, one
// after another, so it is asked by message; any other actor is stopped ahead
// of whatever it has queued.
func (c *child) ask() {
	switch p, ok := c.runner.(*process); {
	case ok && c.nested:
		p.tell(shutDown{}, nil)
	case ok && c.spent:
		p.end()
	default:
		c.runner.stop()
	}
}

func (s *supervisor) retry(a *supervision.Action) {
	if timer := s.kernel.sendAfter(a.Delay, s.self, retryDue{ref: a.Ref}); timer != nil {
		if s.retries == nil {
			s.retries = make(map[supervision.Ref]*time.Timer)
		}
		s.retries[a.Ref] = timer
	}
}

// ended is the end of an incarnation, once: an abandoned one that ends after
// all is no longer known.
func (s *supervisor) ended(kind supervision.EventKind, ref supervision.Ref, exit supervision.Exit, reusable bool) error {
	c := s.of(ref)
	if c == nil {
		return nil
	}
	s.disarm(ref)
	c.ref, c.spent = supervision.Ref{}, reusable
	if !reusable {
		c.runner = nil
	}
	if kind != supervision.EventStartIgnored {
		e := Event{Kind: EventChildExited, Child: c.path, Reason: exit.Reason, Exit: exit.Kind.String(), Trace: traceOf(exit)}
		if exit.Abnormal() { // any other has the zero class, which is a bug's
			e.Class = exit.Class.String()
		}
		s.emit(&e)
	}
	return s.step(supervision.Event{Kind: kind, Ref: ref, Exit: exit})
}

func (s *supervisor) disarm(ref supervision.Ref) {
	s.watch.over(ref)
	if timer, armed := s.stops[ref]; armed {
		if timer != nil {
			timer.Stop()
		}
		delete(s.stops, ref)
	}
}
