package actors

import (
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// What a watcher does for the consumer of its directory, so that this ends up
// knowing what the view serves, whatever was restarted in between: of every key
// the state is compared, not the way there.

// workOf is what the entry of a key has to do now.
//
// A value that is known to be bad is not decided again: the view sees to it that
// the key is read again.
func (w *watcher) workOf(key string) (decide, bool) {
	if pending, waiting := w.view.Pending(key); waiting && !w.view.KnownBad(pending) {
		return decide{entry: pending}, true
	}
	if w.service.use.Consumer == nil {
		return decide{}, false
	}
	row, serves := w.view.Serving(key)
	shown, taken := w.service.ledger.of(key)
	switch {
	case serves && !taken: // it was restored, or brought back by a guard
		return decide{entry: registry.Entry{Key: key, Value: row.Value, Index: row.Index}, stored: true}, true
	case !serves && shown:
		return decide{gone: true}, true
	}
	return decide{}, false
}

// follow gives the entry of a key what its consumer has yet to be told, and
// starts it if need be.
func (w *watcher) follow(key string) {
	if w.service.use.Consumer == nil {
		return
	}
	if work, has := w.workOf(key); has {
		w.give(key, work)
	}
}

// followAll sees to all keys of which the consumer knows too much or too little.
func (w *watcher) followAll() {
	if w.service.use.Consumer == nil {
		return
	}
	for row := range w.service.snapshot.Load().Rows.All() {
		w.follow(row.Key)
	}
	for _, key := range w.service.ledger.all() {
		if _, serves := w.view.Serving(key); !serves {
			w.follow(key)
		}
	}
}

// skips reports whether a value is not for the consumer, because an operator
// said what it is to have of the key. The value is believed, and handed over when
// the order is lifted.
func (w *watcher) skips(now time.Time, e registry.Entry) bool {
	if w.service.use.Consumer == nil || w.view.OrderOn(e.Key) == registry.OrderNone {
		return false
	}
	if w.skipped == nil {
		w.skipped = make(map[string]struct{})
	}
	w.skipped[e.Key] = struct{}{}
	for _, step := range w.view.Accept(e.Key, e.Index, named(w.service.name, w.id(e.Key)), now) {
		w.perform(step)
	}
	return true
}

// unskip hands over what an order has kept from the consumer.
func (w *watcher) unskip(key string) {
	if _, skipped := w.skipped[key]; skipped {
		delete(w.skipped, key)
		w.service.ledger.outdate(key)
	}
	w.follow(key)
}

// drop lets go of the entry of a key that the registry has not any more, unless
// its consumer is still to know.
func (w *watcher) drop(key string) {
	delete(w.previous, key)
	if w.service.use.Consumer != nil {
		_, serves := w.view.Serving(key)
		if shown, _ := w.service.ledger.of(key); shown || serves {
			w.follow(key)
			return
		}
	}
	delete(w.entries, key)
	w.supervise(dropChild{id: w.id(key)})
}

// parted lets go of the entry of a key that has nothing more to do.
func (w *watcher) parted(key string) {
	_, waiting := w.view.Pending(key)
	_, serves := w.view.Serving(key)
	if shown, _ := w.service.ledger.of(key); waiting || serves || shown {
		w.follow(key)
		return
	}
	delete(w.entries, key)
	w.supervise(dropChild{id: w.id(key)})
}
