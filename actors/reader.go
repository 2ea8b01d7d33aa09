package actors

import (
	"context"
	"errors"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// maxRereads bounds the keys that wait to be read again. The view asks for few,
// and again for those that were dropped here.
const maxRereads = 64

// rereadLimit bounds one re-read of a single key.
const rereadLimit = 5 * time.Second

// reader follows one directory: it makes the call that the cursor names, one
// at a time, and hands what came back to the watcher. Each call runs on a
// goroutine of its own, which ends in a message; one that waits for changes goes
// on to the next while the cursor would say nothing else.
type reader struct {
	// Fixed at construction.
	kernel  *kernel
	source  registry.Source
	service *service
	calls   *caller

	// Touched only in the actor's turns.
	self       *process
	cursor     *registry.Cursor
	call       uint64 // the number of the call under way; results of older ones are dropped
	cancelCall context.CancelFunc
	timer      *time.Timer

	rereads   []string // keys to read again, in order of asking
	rereading bool
}

func newReader(k *kernel, source registry.Source, s *service, cfg registry.CursorConfig) *reader {
	cfg.Random = k.random()
	return &reader{
		kernel: k, source: source, service: s, calls: newCaller(),
		cursor: registry.NewCursor(cfg), cancelCall: func() {},
	}
}

// start makes no call yet: a listing that nobody receives would be lost, so
// the watcher asks for the first one.
func (r *reader) start(self *process) error {
	r.self = self
	r.service.reader.Store(self)
	return nil
}

func (r *reader) stop(supervision.Exit) {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.calls.stop()
}

func (r *reader) receive(message any) error {
	request, ok := message.(reading)
	if !ok {
		return nil
	}
	now := time.Now()
	switch m := request.(type) {
	case resync:
		if step, fresh := r.cursor.Restart(); fresh {
			r.follow(step, nil)
		}
	case listDone:
		if m.call == r.call {
			r.listed(now, m)
		}
	case nextDone:
		if m.call == r.call {
			r.changed(now, m)
		}
	case waitDone:
		if m.call == r.call {
			r.follow(r.cursor.Waited(), nil)
		}
	case rereadKey:
		if len(r.rereads) < maxRereads {
			r.rereads = append(r.rereads, m.key)
		}
		r.rereadNext()
	case getDone:
		r.tell(m.result)
		r.rereading = false
		r.rereadNext()
	}
	return nil
}

func (r *reader) listed(now time.Time, m listDone) {
	step := r.cursor.Listed(now, m.listing, m.err)
	if m.err == nil {
		r.confirm(now)
		r.service.watch.listed(now)
		r.tell(directoryListed{listing: m.listing})
	}
	r.follow(step, m.err)
}

func (r *reader) changed(now time.Time, m nextDone) {
	step := r.cursor.Changed(now, m.change, m.err)
	r.service.watch.answered(now, m.err)
	held := m.err == nil || errors.Is(m.err, registry.ErrQuiet)
	if held && step.Note == registry.NoteNone && r.service.contact.Load().polling {
		step.Note = registry.NoteWatching // an earlier incarnation polled
	}
	if m.err == nil {
		r.confirm(now)
		if m.change.Kind != registry.ChangeDirectory {
			r.tell(directoryChanged{change: m.change, ahead: m.ahead})
		}
	}
	if m.more && step.Call == registry.CallNext && step.After == m.change.Index {
		r.report(step.Note, nil) // the call under way does so already
		return
	}
	r.follow(step, m.err)
}

// confirm notes that the registry answered just now.
func (r *reader) confirm(now time.Time) {
	was := r.service.contact.Load()
	next := &contact{confirmed: now, polling: was.polling}
	if was.polling {
		next.reason = was.reason
	}
	r.service.contact.Store(next)
	if !was.failing.IsZero() {
		r.kernel.events.emit(Event{
			Kind: EventSourceRecovered, Service: r.service.name, Index: r.cursor.Index(),
			AgeMS: now.Sub(was.failing).Milliseconds(),
		})
	}
}

// follow carries out the cursor's step and reports its note.
func (r *reader) follow(step registry.CursorStep, err error) {
	r.report(step.Note, err)
	r.cancelCall()
	r.call++
	call, self := r.call, r.self
	switch step.Call {
	case registry.CallList:
		r.cancelCall = r.calls.run(0, func(callCtx context.Context) {
			listing, err := safely(func() (registry.Listing, error) { return r.source.List(callCtx, r.service.directory) })
			self.post(listDone{call: call, listing: listing, err: err})
		})
	case registry.CallNext:
		r.cancelCall = r.calls.run(step.Limit, func(callCtx context.Context) { r.watch(callCtx, self, call, step.After) })
	case registry.CallWait:
		r.timer = r.kernel.sendAfter(step.Limit, self, waitDone{call: call})
	}
}

// watch reads change after change, on a goroutine of its own: while there are
// more at hand, to wait for the actor's turn after each would cost more than all
// the rest. It ends with what the cursor has to decide about, or when the reader
// has another call to make.
func (r *reader) watch(callCtx context.Context, self *process, call uint64, after registry.Index) {
	ahead := &headway{}
	for {
		change, err := safely(func() (registry.Change, error) { return r.source.Next(callCtx, r.service.directory, after) })
		if err != nil && errors.Is(callCtx.Err(), context.DeadlineExceeded) {
			err = registry.ErrQuiet
		}
		more := err == nil && change.Kind != registry.ChangeDirectory && change.Index > after
		self.post(nextDone{call: call, change: change, err: err, more: more, ahead: ahead})
		if !more {
			return
		}
		if !ahead.gain(callCtx) {
			self.post(nextDone{call: call, err: registry.ErrQuiet}) // the limit has passed, or nobody listens
			return
		}
		after = change.Index
	}
}

func (r *reader) report(note registry.CursorNote, err error) {
	e := Event{Service: r.service.name, Index: r.cursor.Index()}
	switch note {
	case registry.NoteNone:
		r.goOnFailing(err)
		return
	case registry.NoteRecovered: // confirm reports it, with the time that it took
		return
	case registry.NoteFailed:
		r.fail(err)
		return
	case registry.NotePolling:
		e.Kind, e.Reason = EventSourcePolling, bounded(err.Error())
		r.polls(true, e.Reason)
	case registry.NoteWatching:
		e.Kind = EventSourceWatched
		r.polls(false, "")
	case registry.NoteHistoryLost:
		e.Kind = EventHistoryLost
	case registry.NoteWentBack:
		e.Kind = EventSourceWentBack
	}
	r.kernel.events.emit(e)
}

// polls notes whether listings stand in for the watch, and why.
func (r *reader) polls(polling bool, reason string) {
	next := *r.service.contact.Load()
	next.polling, next.reason = polling, reason
	r.service.contact.Store(&next)
}

// fail notes that the registry stopped answering, and what is served meanwhile.
func (r *reader) fail(err error) {
	was, now := r.service.contact.Load(), time.Now()
	r.service.contact.Store(&contact{confirmed: was.confirmed, polling: was.polling, failing: now, reason: bounded(err.Error())})
	snapshot := r.service.snapshot.Load()
	e := Event{
		Kind: EventSourceFailed, Service: r.service.name, Reason: bounded(err.Error()),
		Instances: snapshot.Len(), Quarantined: len(snapshot.Quarantined), Index: r.cursor.Index(),
	}
	if !was.confirmed.IsZero() {
		e.AgeMS = now.Sub(was.confirmed).Milliseconds()
	}
	r.kernel.events.emit(e)
}

// goOnFailing keeps the newest reason: what broke the connection is not what has
// been wrong for ten minutes.
func (r *reader) goOnFailing(err error) {
	if was := r.service.contact.Load(); err != nil && !was.failing.IsZero() {
		r.service.contact.Store(&contact{confirmed: was.confirmed, polling: was.polling, failing: was.failing, reason: bounded(err.Error())})
	}
}

// rereadNext reads the next key again, one at a time.
func (r *reader) rereadNext() {
	if r.rereading || len(r.rereads) == 0 {
		return
	}
	r.rereading = true
	key, self := r.rereads[0], r.self
	r.rereads = r.rereads[1:]
	r.calls.run(rereadLimit, func(callCtx context.Context) {
		entry, err := safely(func() (registry.Entry, error) { return r.source.Get(callCtx, key) })
		self.post(getDone{result: keyReread{key: key, entry: entry, err: err}})
	})
}

func (r *reader) tell(message watched) {
	if watcher := r.service.watcher.Load(); watcher != nil {
		watcher.post(message)
	}
}
