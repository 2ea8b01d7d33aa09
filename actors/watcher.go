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
	kernel    *kernel
	service   *service
	isolation Isolation

	// Touched only in the actor's turns.
	self       *process
	view       *registry.View
	entries    map[string]*process // by key; those that run and wait for values
	publishing bool                // a publishDue is on its way
	synced     bool
}

func newWatcher(k *kernel, s *service, isolation Isolation) *watcher {
	return &watcher{kernel: k, service: s, isolation: isolation, entries: make(map[string]*process)}
}

// start takes over what is published, so that the last good values stay in
// service although an earlier incarnation of the watcher was lost.
func (w *watcher) start(self *process) error {
	w.self = self
	w.view = registry.NewView(w.service.directory, registry.Config{})
	if w.isolation == IsolationPerKey {
		w.view.Restore(w.service.snapshot.Load())
	}
	w.service.watcher.Store(self)
	if w.isolation == IsolationNone {
		w.read(resync{})
	}
	return nil
}

func (w *watcher) stop(supervision.Exit) {}

func (w *watcher) receive(message any) error {
	fact, ok := message.(watched)
	if !ok {
		return nil
	}
	now := time.Now()
	switch m := fact.(type) {
	case entriesStarted:
		w.repopulate(now)
	case directoryListed:
		return w.carryOut(now, w.view.Resync(m.listing, now))
	case directoryChanged:
		return w.carryOut(now, w.view.Observe(m.change, now))
	case entryStarted:
		w.introduce(m)
	case entryAccepted:
		return w.carryOut(now, w.view.Accept(m.key, m.index, m.instance, now))
	case entryRejected:
		return w.rejected(now, m)
	case keyReread:
		return w.reread(now, m)
	case publishDue:
		w.publish(now)
	}
	return nil
}

// repopulate serves a new supervisor of the entries, which knows no key: the
// listing asks again for the verdicts that are missing, and the keys that have
// theirs, a bad one, need an entry to read them again.
func (w *watcher) repopulate(now time.Time) {
	clear(w.entries)
	w.read(resync{})
	for _, bad := range w.view.Snapshot(now).Quarantined {
		w.supervise(ensureChild{id: w.id(bad.Key)})
	}
}

// introduce gives an entry that has just started the value it is for. One that
// was started again because its backoff ran out has a value that is known to
// be bad: that is not decoded twice, but read again.
func (w *watcher) introduce(m entryStarted) {
	w.entries[m.key] = m.entry
	pending, waiting := w.view.Pending(m.key)
	switch {
	case !waiting:
	case w.view.KnownBad(pending):
		w.read(rereadKey{key: m.key})
	default:
		m.entry.post(decide{entry: pending})
	}
}

// rejected takes the verdict, and sees to it that a newer value, which may have
// been sent to the entry while it was ending, is not left without one.
func (w *watcher) rejected(now time.Time, m entryRejected) error {
	delete(w.entries, m.key)
	if err := w.carryOut(now, w.view.Reject(m.key, m.index, m.fault, now)); err != nil {
		return err
	}
	if pending, waiting := w.view.Pending(m.key); waiting && !w.view.KnownBad(pending) {
		w.hand(pending)
	}
	return nil
}

// reread is what a timed re-read of a bad key brought.
func (w *watcher) reread(now time.Time, m keyReread) error {
	var steps []registry.Step
	switch {
	case m.err == nil:
		steps = w.view.Observe(registry.Change{Kind: registry.ChangePut, Entry: m.entry, Index: m.entry.Index}, now)
	case errors.Is(m.err, registry.ErrNotFound):
		// The watch says how it went, with its index; this answer has none.
		w.read(resync{})
		return nil
	}
	if err := w.carryOut(now, steps); err != nil {
		return err
	}
	w.sendBack(m.key)
	return nil
}

// sendBack ends an entry whose key is as bad as it was, so that its supervisor
// puts it off for longer.
func (w *watcher) sendBack(key string) {
	entry, runs := w.entries[key]
	pending, waiting := w.view.Pending(key)
	if !runs || !waiting || !w.view.KnownBad(pending) {
		return
	}
	delete(w.entries, key)
	entry.post(stillBad{index: pending.Index, fault: w.view.FaultOf(key)})
}

// carryOut performs what the view decided. Its error ends the watcher: only
// the naive profile produces one.
func (w *watcher) carryOut(now time.Time, steps []registry.Step) error {
	for _, step := range steps {
		if judge, ok := step.(registry.Judge); ok && w.isolation == IsolationNone {
			if err := w.decideHere(now, judge.Entry); err != nil {
				return err
			}
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
	return nil
}

// decideHere is what every watcher of 2020 did: decode in the watcher's own
// turn, and let it crash.
func (w *watcher) decideHere(now time.Time, e registry.Entry) error {
	id := strings.TrimPrefix(e.Key, w.service.directory)
	instance, err := registry.Decode(w.service.name, id, e.Value)
	if err != nil {
		return err
	}
	for _, step := range w.view.Accept(e.Key, e.Index, instance, now) {
		w.perform(step)
	}
	return nil
}

func (w *watcher) perform(step registry.Step) {
	event := Event{Service: w.service.name}
	switch s := step.(type) {
	case registry.Judge:
		w.hand(s.Entry)
		return
	case registry.Drop:
		delete(w.entries, s.Key)
		w.supervise(dropChild{id: w.id(s.Key)})
		return
	case registry.Republish:
		w.publishSoon()
		return
	case registry.Added:
		event.Kind, event.Key, event.Index = EventInstanceAdded, s.Key, s.Index
	case registry.Updated:
		event.Kind, event.Key, event.Index = EventInstanceUpdated, s.Key, s.Index
	case registry.Removed:
		event.Kind, event.Key, event.Index, event.Reason = EventInstanceRemoved, s.Key, s.Index, removal(s.Kind)
	case registry.Quarantined:
		event.Kind, event.Key, event.Index = EventKeyQuarantined, s.Bad.Key, s.Bad.Index
		event.Class, event.Reason = s.Bad.Class.String(), s.Bad.Reason
	case registry.Released:
		event.Kind, event.Key, event.Index = EventKeyReleased, s.Key, s.Index
		event.AgeMS = s.After.Milliseconds()
	}
	w.kernel.events.emit(event)
}

// removal is why a key is gone, as far as the registry told.
func removal(kind registry.ChangeKind) string {
	if kind == 0 {
		return "missing from a listing"
	}
	return kind.String()
}

// hand gives a value to the entry of its key; where none runs, its supervisor
// starts one, which then asks.
func (w *watcher) hand(e registry.Entry) {
	if entry, runs := w.entries[e.Key]; runs {
		entry.post(decide{entry: e})
		return
	}
	w.supervise(ensureChild{id: w.id(e.Key)})
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
	if !w.synced {
		return
	}
	snapshot := w.view.Snapshot(now)
	if snapshot == w.service.snapshot.Load() {
		return
	}
	w.service.publish(snapshot)
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
