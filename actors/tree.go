package actors

import (
	"time"

	"github.com/firebreak-go/firebreak/supervision"
)

// The names of the tree's rooms, as events and status print them.
const (
	rootName       = "root"
	readerName     = "reader"
	watcherName    = "watcher"
	entriesName    = "entries"
	shadowName     = "shadow"
	announcersName = "announcers"
	fleetName      = "fleet"
	rehearsalName  = "rehearsal"
	servicePrefix  = "service/"
)

const (
	// announcerShutdown is how long an announcer may take to withdraw its record.
	announcerShutdown = 5 * time.Second
	// entryShutdown is how long an entry may take to end: it only ever decodes,
	// and its siblings' restarts wait meanwhile.
	entryShutdown = time.Second
)

// rootPlan is the whole tree:
//
//	root (one-for-one)
//	├── service/<name> (rest-for-one), one per watched directory
//	│   ├── reader     follows the directory
//	│   ├── watcher    owns the view
//	│   ├── entries    (dynamic) one actor per key; not with IsolationNone
//	│   └── shadow     compares with what is used today; only where asked for
//	├── fleet          says what is bad here, and hears it; not with IsolationNone
//	├── rehearsal      asks whether a restart would be safe; not with IsolationNone
//	└── announcers     (one-for-one), one per announced instance
//
// The announcers come last, so that a stop withdraws them first.
func (r *Runtime) rootPlan() plan {
	p := plan{spec: r.policy.Root.spec(supervision.OneForOne), recipes: make(map[string]recipe)}
	for _, s := range r.services {
		p.add(r.kernel, r.policy.Root.child(servicePrefix+s.name, true), r.servicePlan(s))
	}
	if r.speaks() {
		p.addWorker(r.policy.Root.child(fleetName, false), func(string) behaviour { return newFleetActor(r) })
	}
	if r.rehearses() {
		p.addWorker(r.policy.Root.child(rehearsalName, false), func(string) behaviour { return newRehearsal(r) })
	}
	if len(r.announcements) > 0 {
		p.add(r.kernel, r.policy.Root.child(announcersName, true), r.announcersPlan())
	}
	return p
}

// servicePlan's order must not change: each child depends on the ones before
// it, and rest-for-one restarts exactly those after the one that failed.
func (r *Runtime) servicePlan(s *service) plan {
	limits := r.policy.Service
	p := plan{spec: limits.spec(supervision.RestForOne), recipes: make(map[string]recipe)}
	p.addWorker(limits.child(readerName, false), func(string) behaviour {
		return newReader(r.kernel, r.config.Source, s, r.config.Cursor)
	})
	p.addWorker(limits.child(watcherName, false), func(string) behaviour {
		return newWatcher(r.kernel, s, r.watching())
	})
	if r.policy.Isolation == IsolationPerKey {
		p.add(r.kernel, limits.child(entriesName, true), r.entriesPlan(s))
	}
	if s.use.Shadow != nil {
		p.addWorker(limits.child(shadowName, false), func(string) behaviour { return newShadow(r.kernel, s) })
	}
	return p
}

func (r *Runtime) entriesPlan(s *service) plan {
	child := r.policy.Entries.child("", false)
	child.Shutdown = supervision.ShutdownWithin(entryShutdown)
	return plan{
		spec:  r.policy.Entries.spec(supervision.Dynamic),
		child: child,
		template: func(id string) recipe {
			return recipe{behaviour: func(string) behaviour { return newEntry(r.kernel, s, id) }}
		},
		onStarted: func(self *process) {
			s.entries.Store(self)
			if watcher := s.watcher.Load(); watcher != nil {
				watcher.post(entriesStarted{supervisor: self})
			}
		},
	}
}

func (r *Runtime) announcersPlan() plan {
	limits := r.policy.Announcers
	p := plan{spec: limits.spec(supervision.OneForOne), recipes: make(map[string]recipe)}
	for _, a := range r.announcements {
		spec := limits.child(a.Instance.Service+"/"+a.Instance.ID, false)
		spec.Shutdown = supervision.ShutdownWithin(announcerShutdown + a.drain())
		p.addWorker(spec, func(string) behaviour { return newAnnouncer(r, a) })
	}
	return p
}

// add appends a nested supervisor. Its plan was validated with the others, so
// that a machine which cannot be made is a bug, caught as a failed start.
func (p *plan) add(k *kernel, spec supervision.ChildSpec, nested plan) {
	p.append(spec, nested.recipe(k))
}

func (p *plan) addWorker(spec supervision.ChildSpec, start func(path string) behaviour) {
	p.append(spec, recipe{behaviour: start})
}

func (p *plan) append(spec supervision.ChildSpec, r recipe) {
	p.spec.Children = append(p.spec.Children, spec)
	p.recipes[spec.ID] = r
}

// recipe makes the supervisor of the plan.
func (p plan) recipe(k *kernel) recipe {
	return recipe{nested: true, behaviour: func(path string) behaviour {
		s, err := newSupervisor(k, path, p)
		if err != nil {
			return failedStart{err}
		}
		return s
	}}
}

func (l Limits) spec(strategy supervision.Strategy) supervision.Spec {
	return supervision.Spec{
		Strategy: strategy, Intensity: l.Intensity, Costs: l.Costs, Exhaustion: l.Exhaustion, Probe: l.Probe,
		Ceiling: l.Ceiling,
	}
}

func (l Limits) child(id string, isSupervisor bool) supervision.ChildSpec {
	return supervision.ChildSpec{ID: id, Supervisor: isSupervisor, Backoff: l.Backoff}
}

// failedStart is a child whose start fails with a known error.
type failedStart struct{ err error }

func (f failedStart) start(*process) error { return f.err }
func (failedStart) receive(any) error      { return nil }
func (failedStart) stop(supervision.Exit)  {}
