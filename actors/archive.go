package actors

import (
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Keeper keeps snapshots beyond the life of the process. The store of package
// registry/disk is one. Both methods may block; they are called on goroutines of
// their own, one at a time for each directory, save that Load may be called during
// a Save: it then gives what was there before, or after.
type Keeper interface {
	// Save keeps a snapshot as the newest of its directory.
	Save(snapshot *registry.Snapshot, now time.Time) error
	// Load returns the newest snapshot of a directory that can be believed, its
	// rows marked [registry.OriginDisk], or an error, or both, when a newer one
	// was refused.
	Load(directory string, now time.Time) (*registry.Snapshot, error)
}

const (
	// bootGrace is how long a start waits for the registry before it serves what
	// an earlier process had saved (rule R1).
	bootGrace = 3 * time.Second
	// savePause is how long a change waits to be saved with those that follow.
	savePause = 5 * time.Second
)

// archive is the part of a watcher that saves what it publishes, and restores it
// where the registry does not answer at the start.
type archive struct {
	restored bool // what is published may be an earlier process's
	saving   bool // a save is under way, or waits for its time
	again    bool // there has been another change since it began
	timer    *time.Timer
}

func (a *archive) begin(w *watcher) {
	if w.setting.keeper != nil && w.service.snapshot.Load().Generation == 0 {
		w.kernel.sendAfter(bootGrace, w.self, graceOver{})
	}
}

// end saves what waits to be saved: there will be no later time.
func (a *archive) end(w *watcher) {
	if a.timer == nil {
		return
	}
	a.timer.Stop()
	if a.saving && !a.again {
		_ = a.save(w.setting.keeper, w.service.snapshot.Load())
	}
}

func (a *archive) receive(w *watcher, now time.Time, message watched) {
	switch m := message.(type) { //nolint:gochecksumtype // the other messages are the watcher's own
	case graceOver:
		a.load(w)
	case archiveRead:
		a.restore(w, now, m)
	case saveDue:
		a.begunSave(w)
	case saveDone:
		a.saved(w, m)
	}
}

// load asks for what was saved, unless the registry has answered meanwhile.
func (a *archive) load(w *watcher) {
	if w.view.Index() != 0 || w.synced {
		return
	}
	self, keeper, directory := w.self, w.setting.keeper, w.service.directory
	w.calls.start(func() {
		snapshot, err := safely(func() (*registry.Snapshot, error) { return keeper.Load(directory, time.Now()) })
		self.post(archiveRead{snapshot: snapshot, err: err})
	})
}

func (a *archive) restore(w *watcher, now time.Time, m archiveRead) {
	event := Event{Kind: EventRestoreFailed, Service: w.service.name}
	if m.err != nil {
		event.Reason = bounded(m.err.Error())
	}
	if m.snapshot == nil || w.view.Index() != 0 || w.synced {
		if m.snapshot == nil {
			w.kernel.events.emit(event)
		}
		return
	}
	w.view.Restore(m.snapshot)
	a.restored = true
	w.publish(now)
	w.followAll()
	event.Kind, event.Instances = EventRestored, m.snapshot.Len()
	event.AgeMS = now.Sub(m.snapshot.At).Milliseconds()
	w.kernel.events.emit(event)
}

// published makes an appointment to save, unless there is one.
func (a *archive) published(w *watcher) {
	switch {
	case w.setting.keeper == nil || !w.synced:
	case a.saving:
		a.again = true
	default:
		a.saving, a.again = true, false
		a.timer = w.kernel.sendAfter(savePause, w.self, saveDue{})
	}
}

// begunSave saves the newest snapshot. One that a guard has doubts about is not
// to outlive the process.
func (a *archive) begunSave(w *watcher) {
	a.timer, a.again = nil, false
	self, keeper, snapshot := w.self, w.setting.keeper, w.service.snapshot.Load()
	w.calls.start(func() { self.post(saveDone{err: a.save(keeper, snapshot)}) })
}

func (*archive) save(keeper Keeper, snapshot *registry.Snapshot) error {
	if len(snapshot.Guards) > 0 {
		return nil
	}
	_, err := safely(func() (struct{}, error) { return struct{}{}, keeper.Save(snapshot, time.Now()) })
	return err
}

func (a *archive) saved(w *watcher, m saveDone) {
	a.saving = false
	if m.err != nil {
		w.kernel.events.emit(Event{Kind: EventSaveFailed, Service: w.service.name, Reason: bounded(m.err.Error())})
	}
	if a.again {
		a.published(w)
	}
}
