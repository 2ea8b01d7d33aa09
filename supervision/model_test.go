package supervision_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// process is one incarnation as the model sees it.
type process struct {
	id    string
	ref   supervision.Ref
	ended bool // its exit has been delivered
}

// model is a shell that does what it is told, in any order it likes, and remembers it.
type model struct {
	t        *testing.T
	m        *supervision.Machine
	spec     supervision.Spec
	now      time.Duration
	over     bool
	starting *process // told to start, not answered
	stopping []*process
	alive    []*process
	dead     []*process // ended for good
	retries  []process  // asked for and not delivered
	seen     map[supervision.Ref]bool
	order    map[string]int // when the ID was added
	adds     int
	requests uint64
	asked    map[uint64]bool // requests without an answer
	ended    map[string]bool // IDs whose end this step reported
	mostUsed float64         // of the window, since the plan under way began
	lastStop int             // order of the last stop of the plan under way
	log      []string
}

// feed makes one step, checks every action and returns how many there were.
func (w *model) feed(ev supervision.Event) int {
	w.t.Helper()
	actions := w.m.Step(w.now, ev)
	w.log = append(w.log, fmt.Sprintf("%v %v %v%s -> %d", w.now, ev.Kind, ev.Ref, ev.ID, len(actions)))
	w.ended = map[string]bool{}
	for _, a := range actions {
		w.log = append(w.log, "    "+describe(a)+" "+a.Ref.String())
		if w.over {
			w.fail("%v after the end", a.Kind)
		}
		w.check(a)
	}
	w.checkChildren()
	if used, _ := w.m.Window(w.now); w.busy() {
		w.mostUsed = max(w.mostUsed, used)
	} else {
		w.mostUsed = 0
	}
	return len(actions)
}

func (w *model) check(a supervision.Action) {
	w.t.Helper()
	if a.Kind != supervision.ActionStopChild {
		w.lastStop = int(^uint(0) >> 1)
	}
	if a.Request != 0 {
		if !w.asked[a.Request] {
			w.fail("%v answers request %d, which was answered or never made", a.Kind, a.Request)
		}
		delete(w.asked, a.Request)
	}
	switch a.Kind {
	case supervision.ActionStartChild:
		w.checkStart(a)
	case supervision.ActionStopChild:
		w.checkStop(a)
	case supervision.ActionRetry:
		if w.seen[a.Ref] && !w.runs(a.Ref) {
			w.fail("retry of %s has the ref %v of something else", a.ID, a.Ref)
		}
		w.seen[a.Ref] = true
		w.retries = append(w.retries, process{id: a.ID, ref: a.Ref})
	case supervision.ActionExit, supervision.ActionStartFailed:
		if len(w.alive) > 0 || w.busy() {
			w.fail("%v with %d alive, %d stopping, starting %v", a.Kind, len(w.alive), len(w.stopping), w.starting)
		}
		w.over = true
	case supervision.ActionEnded:
		w.ended[a.ID] = true
	case supervision.ActionExhausted:
		w.ended[a.ID] = true
		w.checkExceeded(a)
	case supervision.ActionAutoShutdown:
		w.checkAutoShutdown(a)
	case supervision.ActionGaveUp:
		if w.spec.Exhaustion != supervision.Escalate {
			w.fail("gave up with exhaustion %v", w.spec.Exhaustion)
		}
		w.checkExceeded(a)
	case supervision.ActionParked:
		if w.spec.Exhaustion != supervision.Park {
			w.fail("parked with exhaustion %v", w.spec.Exhaustion)
		}
		w.checkExceeded(a)
	case supervision.ActionForgotten:
		delete(w.order, a.ID)
	case supervision.ActionStarted, supervision.ActionBackoff, supervision.ActionReleased,
		supervision.ActionTerminated, supervision.ActionRefused, supervision.ActionIgnored, supervision.ActionChildUp,
		supervision.ActionSubtreeLost:
	case supervision.ActionInspected:
		w.checkView(a)
	}
}

// checkView wants a view of one moment, which may be one in the middle of a step.
func (w *model) checkView(a supervision.Action) {
	w.t.Helper()
	if a.View == nil {
		w.fail("inspected: got no view")
		return
	}
	if n := a.View.Counts; n.Workers+n.Supervisors != len(a.View.Children) {
		w.fail("inspected: got counts %+v of %d children", n, len(a.View.Children))
	}
}

// checkExceeded wants a window without room for the restart that was refused: now, or, since parking is reported when the
// group is down, at a time since the stops began.
func (w *model) checkExceeded(a supervision.Action) {
	w.t.Helper()
	used, allowed := w.m.Window(w.now)
	used = max(used, w.mostUsed)
	price := float64(w.spec.Costs.Of(a.Exit.Class)) / 4
	if used+price <= allowed {
		w.fail("%v of %s at a price of %v, with %v of %v used", a.Kind, a.ID, price, used, allowed)
	}
}

// checkAutoShutdown wants a reason: a way that is on, and a child that ended just now.
func (w *model) checkAutoShutdown(a supervision.Action) {
	w.t.Helper()
	if w.spec.AutoShutdown == supervision.AutoShutdownNever || !w.ended[a.ID] {
		w.fail("auto-shutdown (%v) by %s, ended just now: %v", w.spec.AutoShutdown, a.ID, w.ended[a.ID])
	}
}

func (w *model) checkStart(a supervision.Action) {
	w.t.Helper()
	if w.busy() {
		w.fail("start of %s while the machine awaits another answer", a.ID)
	}
	for _, p := range w.alive {
		if p.id == a.ID {
			w.fail("start of %s, which runs as %v", a.ID, p.ref)
		}
	}
	if w.seen[a.Ref] {
		w.fail("start of %s has the ref %v of something else", a.ID, a.Ref)
	}
	if w.order[a.ID] == 0 {
		w.adds++
		w.order[a.ID] = w.adds
	}
	w.seen[a.Ref] = true
	w.starting = &process{id: a.ID, ref: a.Ref}
}

func (w *model) checkStop(a supervision.Action) {
	w.t.Helper()
	if w.spec.Strategy != supervision.Dynamic && w.busy() {
		w.fail("stop of %s while the machine awaits another answer", a.ID)
	}
	i := slices.IndexFunc(w.alive, func(p *process) bool { return p.ref == a.Ref })
	if i < 0 {
		w.fail("stop of %s (%v), which does not run", a.ID, a.Ref)
	}
	if w.order[a.ID] >= w.lastStop {
		w.fail("stop of %s, added %d, after that of the one added %d: want the reverse", a.ID, w.order[a.ID], w.lastStop)
	}
	w.lastStop = w.order[a.ID]
	w.stopping = append(w.stopping, w.alive[i])
	w.alive = slices.Delete(w.alive, i, i+1)
}

func (w *model) runs(ref supervision.Ref) bool {
	return slices.ContainsFunc(w.alive, func(p *process) bool { return p.ref == ref })
}

// checkChildren compares what the machine says of itself with what the model knows.
func (w *model) checkChildren() {
	w.t.Helper()
	if w.over {
		return
	}
	last := 0
	for c := range w.m.Children() {
		inForce := 0
		for _, r := range w.retries {
			if r.ref == c.Ref {
				inForce++
			}
		}
		if inForce > 1 {
			w.fail("%s has %d retries in force", c.ID, inForce)
		}
		waits := c.State == supervision.StateBackingOff || c.State == supervision.StateParked ||
			c.State == supervision.StateProbation && w.runs(c.Ref)
		if waits && inForce == 0 && !w.busy() {
			w.fail("%s is %v and no retry will ever come", c.ID, c.State)
		}
		if up := c.State == supervision.StateRunning || c.State == supervision.StateProbation; up && !w.busy() && !w.runs(c.Ref) {
			w.fail("%s is %v, but nothing runs", c.ID, c.State)
		}
		if !w.busy() && (c.State == supervision.StateStarting || c.State == supervision.StateStopping) {
			w.fail("%s is %v, but nobody was told", c.ID, c.State)
		}
		if w.order[c.ID] <= last {
			w.fail("%s is out of start order", c.ID)
		}
		last = w.order[c.ID]
	}
	if used, allowed := w.m.Window(w.now); used > allowed {
		w.fail("window holds %v of %v", used, allowed)
	}
}
