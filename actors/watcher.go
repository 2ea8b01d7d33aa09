package actors

import (
	"errors"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// watcher owns the view of one directory: it feeds it what the reader brings
// and what the entries decide, and publishes a snapshot when it changed.
//
// With [IsolationNone] there are no entries: the watcher decodes in its own
// turn, and a value that does not decode ends it. That is the naive profile,
// and the outage of 2020.
type watcher struct {
	// Fixed at construction.
	kernel  *kernel
	service *service
	setting watching
	calls   *caller

	// Touched only in the actor's turns.
	self    *process
	view    *registry.View
	entries map[string]*process // by key; those that run and wait for values
	// previous are values to decode that are not their keys' newest: what there
	// was before a bad one.
	previous   map[string]registry.Entry
	skipped    map[string]struct{} // keys of which an order has kept a value from the consumer
	appointed  *time.Timer         // when the view wants to be asked what is due
	unsettled  bool                // that may be too late by now
	publishing bool                // a publishDue is on its way
	thawing    bool                // with the next listing: what is held may be there again by now
	synced     bool
	archive    archive
}

// watching is what all watchers of a runtime have in common.
type watching struct {
	isolation Isolation
	view      registry.Config
	prober    Prober
	keeper    Keeper
	services  []*service
}

func newWatcher(k *kernel, s *service, setting watching) *watcher {
	return &watcher{
		kernel: k, service: s, setting: setting, calls: newCaller(),
		entries: make(map[string]*process), previous: make(map[string]registry.Entry),
	}
}

// start takes over what is published, so that the last good values stay in
// service although an earlier incarnation of the watcher was lost.
func (w *watcher) start(self *process) error {
	w.self = self
	cfg := w.service.use.viewConfig(w.setting.view)
	cfg.Random = w.kernel.random()
	cfg.Unguarded = cfg.Unguarded || w.setting.isolation == IsolationNone
	w.view = registry.NewView(w.service.directory, cfg)
	if w.setting.isolation == IsolationPerKey {
		w.view.Restore(w.service.snapshot.Load())
	}
	w.service.watcher.Store(self)
	w.archive.begin(w)
	if w.setting.isolation == IsolationNone {
		w.read(resync{})
	}
	return w.tick(time.Now())
}

func (w *watcher) stop(supervision.Exit) {
	if w.appointed != nil {
		w.appointed.Stop()
	}
	w.archive.end(w)
	w.calls.stop()
}

// tick does what is due by time, and makes the next appointment. It is called at
// the appointment, and when something has happened that may want an earlier one.
func (w *watcher) tick(now time.Time) error {
	if w.appointed != nil {
		w.appointed.Stop()
	}
	w.unsettled = false
	steps, next := w.view.Tick(now)
	w.survey(now)
	w.appointed = w.kernel.sendAfter(max(next.Sub(now), time.Millisecond), w.self, tickDue{})
	return w.carryOut(now, steps)
}

// survey lets everybody know how the view stands with its source: at every
// appointment and every listing, which is often enough for whoever looks.
func (w *watcher) survey(now time.Time) {
	level, _ := w.view.Staleness()
	w.service.outlook.Store(&outlook{staleness: level, resume: w.view.Resume(now)})
}

func (w *watcher) receive(message any) error {
	fact, ok := message.(watched)
	if !ok {
		return nil
	}
	now := time.Now()
	switch m := fact.(type) {
	case entriesStarted:
		w.repopulate()
	case directoryListed:
		steps := w.view.Resync(m.listing, now)
		if w.thawing {
			w.thawing = false
			steps = append(steps, w.view.Thaw(now)...)
		}
		w.survey(now)
		return w.carryOut(now, steps)
	case directoryChanged:
		m.ahead.lose()
		return w.carryOut(now, w.view.Observe(m.change, now))
	case entryStarted:
		w.introduce(m)
	case entryAccepted:
		return w.carryOut(now, w.view.Accept(m.key, m.index, m.instance, now))
	case entryRejected:
		return w.rejected(now, m)
	case entryParted:
		w.parted(m.key)
	case keyReread:
		return w.reread(now, m)
	case tickDue:
		return w.tick(now)
	case probed:
		return w.carryOut(now, w.view.Probed(m.key, m.alive, now))
	case heldByOperator:
		w.thawing = false
		return w.carryOut(now, w.view.Hold(now))
	case thawed:
		w.thawing = true
		w.read(resync{})
	case steered:
		return w.steer(now, m)
	case rebased:
		return w.carryOut(now, w.view.Rebase(now))
	case suspected:
		return w.carryOut(now, w.view.Suspect(now))
	case graceOver, archiveRead, saveDue, saveDone:
		w.archive.receive(w, now, m)
	case publishDue:
		w.publish(now)
		if w.unsettled {
			return w.tick(now)
		}
	}
	return nil
}

// repopulate serves a new supervisor of the entries, which knows no key: the
// listing asks again for the verdicts that are missing.
func (w *watcher) repopulate() {
	clear(w.entries)
	w.read(resync{})
	w.followAll()
}

// introduce gives an entry that has just started the value it is for. One that
// was started again because its backoff ran out has a value that is known to
// be bad: that is not decoded twice, and the view sees to it that the key is
// read again.
func (w *watcher) introduce(m entryStarted) {
	w.entries[m.key] = m.entry
	if before, asked := w.previous[m.key]; asked {
		delete(w.previous, m.key)
		m.entry.post(decide{entry: before})
		return
	}
	if work, has := w.workOf(m.key); has {
		m.entry.post(work)
	}
}

// rejected takes the verdict, and sees to it that a newer value, which may have
// been sent to the entry while it was ending, is not left without one. A value
// that was refused and is to be tried again waits for the entry's backoff.
func (w *watcher) rejected(now time.Time, m entryRejected) error {
	delete(w.entries, m.key)
	var steps []registry.Step
	switch {
	case m.gone: // the view has no say in that; it is tried again
	case m.refusal != "":
		steps = w.view.Refuse(m.key, m.index, m.refusal, now)
	default:
		steps = w.view.Reject(m.key, m.index, m.fault, now)
	}
	if err := w.carryOut(now, steps); err != nil {
		return err
	}
	if work, has := w.workOf(m.key); has && (work.entry.Index != m.index || work.gone != m.gone) {
		w.give(m.key, work)
	}
	return nil
}

// reread is what a re-read of a bad key brought. A read that failed tells
// nothing; the view asks again.
func (w *watcher) reread(now time.Time, m keyReread) error {
	found := !errors.Is(m.err, registry.ErrNotFound)
	if m.err != nil && found {
		return nil
	}
	return w.carryOut(now, w.view.Reread(m.key, m.entry, found, now))
}

// carryOut performs what the view decided. Its error ends the watcher: only
// the naive profile produces one.
func (w *watcher) carryOut(now time.Time, steps []registry.Step) error {
	for _, step := range steps {
		if judge, ok := step.(registry.Judge); ok && w.setting.isolation == IsolationNone {
			if err := w.decideHere(now, judge.Entry); err != nil {
				return err
			}
			continue
		} else if ok && w.skips(now, judge.Entry) {
			continue
		}
		w.perform(step)
	}
	if !w.synced && w.view.Synced() {
		w.synced = true
		w.publish(now)
		snapshot := w.service.snapshot.Load()
		w.kernel.events.emit(Event{
			Kind: EventSourceSynced, Service: w.service.name, Index: w.view.Index(),
			Instances: snapshot.Len(), Quarantined: len(snapshot.Quarantined),
		})
	}
	if w.unsettled && !w.publishing { // else once, with what else has come by then
		return w.tick(now)
	}
	return nil
}

// decideHere is what every watcher of 2020 did: decode in the watcher's own
// turn, and let it crash.
func (w *watcher) decideHere(now time.Time, e registry.Entry) error {
	instance, err := w.service.handle(e)
	if err != nil {
		return err
	}
	for _, step := range w.view.Accept(e.Key, e.Index, instance, now) {
		w.perform(step)
	}
	return nil
}

// perform carries out a request, and reports a fact.
func (w *watcher) perform(step registry.Step) {
	switch s := step.(type) {
	case registry.Judge:
		if s.Previous {
			w.previous[s.Entry.Key] = s.Entry
			w.supervise(ensureChild{id: w.id(s.Entry.Key)})
			return
		}
		w.give(s.Entry.Key, decide{entry: s.Entry})
	case registry.Drop:
		w.drop(s.Key)
	case registry.Reread:
		w.read(rereadKey{key: s.Key})
	case registry.Relist:
		w.read(resync{})
	case registry.Probe:
		w.probe(s.Key, s.Instance)
	case registry.Republish:
		w.publishSoon()
	case registry.Engaged:
		w.unsettled = true
		w.engaged(s.State)
		w.report(step)
	case registry.Held:
		w.unsettled = true
		w.report(step)
		w.follow(s.Key)
	case registry.Removed:
		w.archive.removed(w, time.Now(), s)
		w.report(step)
		w.follow(s.Key)
	case registry.Lifted:
		w.report(step)
		w.unskip(s.Key)
	case registry.Quarantined, registry.Doubted:
		w.unsettled = true
		w.report(step)
	case registry.Added, registry.Updated, registry.Refused, registry.Released, registry.Reclaimed, registry.Degraded, registry.Reminded, registry.Disengaged, registry.Aged,
		registry.Slept, registry.Diverged, registry.Ordered, registry.Rejudged, registry.Rebased:
		w.report(step)
	}
}

func (w *watcher) report(fact registry.Step) {
	event := eventOfFact(fact)
	event.Service = w.service.name
	w.kernel.events.emit(event)
}

// engaged sees whether another view of this process froze as well: then the
// fault may well be the process's own.
func (w *watcher) engaged(state registry.GuardState) {
	if state.Guard != registry.GuardCorruption {
		return
	}
	for _, other := range w.setting.services {
		if _, frozen := other.snapshot.Load().Guarded(registry.GuardCorruption); !frozen || other == w.service {
			continue
		}
		w.self.post(suspected{})
		if watcher := other.watcher.Load(); watcher != nil {
			watcher.post(suspected{})
		}
	}
}

// give gives the entry of a key something to do; where none runs, its supervisor
// starts one, which then asks.
func (w *watcher) give(key string, work decide) {
	if entry, runs := w.entries[key]; runs {
		entry.post(work)
		return
	}
	w.supervise(ensureChild{id: w.id(key)})
}

func (w *watcher) id(key string) string { return strings.TrimPrefix(key, w.service.directory) }

// publishSoon publishes behind what is queued already, so that a burst of
// changes is one snapshot.
func (w *watcher) publishSoon() {
	if !w.publishing {
		w.publishing = true
		w.self.post(publishDue{})
	}
}

// publish makes the view's snapshot the one that everybody reads, once there
// has been a whole listing: what is half read is not what the directory holds.
func (w *watcher) publish(now time.Time) {
	w.publishing = false
	if !w.synced && !w.archive.restored {
		return
	}
	snapshot := w.view.Snapshot(now)
	if snapshot == w.service.snapshot.Load() {
		w.service.confirm()
		return
	}
	w.service.publish(snapshot)
	w.archive.published(w)
	w.kernel.events.emit(Event{
		Kind: EventPublished, Service: w.service.name, Generation: snapshot.Generation, Index: snapshot.Index,
		Instances: snapshot.Len(), Quarantined: len(snapshot.Quarantined),
	})
}

func (w *watcher) read(message reading) {
	if reader := w.service.reader.Load(); reader != nil {
		reader.post(message)
	}
}

func (w *watcher) supervise(message control) {
	if entries := w.service.entries.Load(); entries != nil {
		entries.tell(message, nil)
	}
}
