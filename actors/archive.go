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
	// saveDoubt is how long after an unexplained loss a snapshot that has lost much
	// is not saved: as long as the guards remember how much there was.
	saveDoubt = 10 * time.Minute
	// saveLoss is the part of what was saved last that may be missing without an
	// explanation (rule R1). The guard against mass expiry holds most of what is
	// more; in a small directory it lets one instance go, and so half of it.
	saveLoss = 0.15
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

	kept   int // rows of the snapshot that was saved last
	lost   int // rows that went without an explanation since then
	lostAt time.Time
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
	if snapshot := w.service.snapshot.Load(); !a.doubts(snapshot, time.Now()) {
		_ = a.save(w.setting.keeper, snapshot)
	}
}

// removed counts what went without an explanation; it is called before that is
// published.
func (a *archive) removed(w *watcher, now time.Time, r registry.Removed) {
	row, shown := w.service.snapshot.Load().Rows.Get(r.Key)
	explained := r.Kind == registry.ChangeDeleted || r.Class != 0 || r.Held != registry.HoldNone || r.Order != registry.OrderNone ||
		shown && row.Instance.State == registry.StateDraining
	if !explained {
		a.lost, a.lostAt = a.lost+1, now
	}
}

// doubts reports whether much of what was saved last is missing, and nobody knows
// why: what is saved may be better.
func (a *archive) doubts(snapshot *registry.Snapshot, now time.Time) bool {
	limit := saveLoss * float64(a.kept)
	return float64(a.kept-snapshot.Rows.Len()) > limit && float64(a.lost) > limit && now.Sub(a.lostAt) < saveDoubt
}

func (a *archive) receive(w *watcher, now time.Time, message watched) {
	switch m := message.(type) { //nolint:gochecksumtype // the other messages are the watcher's own
	case graceOver:
		a.load(w)
	case archiveRead:
		a.restore(w, now, m)
	case saveDue:
		a.begunSave(w, now)
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
func (a *archive) begunSave(w *watcher, now time.Time) {
	self, keeper, snapshot := w.self, w.setting.keeper, w.service.snapshot.Load()
	if a.doubts(snapshot, now) {
		a.timer = w.kernel.sendAfter(savePause, w.self, saveDue{})
		return
	}
	a.timer, a.again = nil, false
	if len(snapshot.Guards) == 0 {
		a.kept, a.lost = snapshot.Rows.Len(), 0
	}
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
