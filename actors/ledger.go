package actors

import (
	"maps"
	"slices"
	"sync"
)

// ledger is what the consumer of a directory has been shown. It outlives every
// incarnation of the actors, so that no key is forgotten when one of them goes.
// The entry of a key writes it, the watcher reads it.
type ledger struct {
	mu sync.Mutex
	// taken is by key: whether the consumer has taken a value of it. A key that is
	// here was shown to it, and has to be followed by word that it is gone.
	taken map[string]bool
}

// show notes that the consumer is about to see a value of the key.
func (l *ledger) show(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken == nil {
		l.taken = make(map[string]bool)
	}
	if _, known := l.taken[key]; !known {
		l.taken[key] = false
	}
}

// take notes that it has taken that value.
func (l *ledger) take(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[key] = true
}

// outdate notes that what it has taken is not what it is to have.
func (l *ledger) outdate(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken[key] {
		l.taken[key] = false
	}
}

// forget notes that the consumer knows that the key is gone.
func (l *ledger) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.taken, key)
}

// of reports whether the consumer was shown a value of the key, and whether it
// has ever taken one since it was last told that the key is gone.
func (l *ledger) of(key string) (shown, taken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken, shown = l.taken[key]
	return shown, taken
}

// all are the keys that were shown, sorted.
func (l *ledger) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.taken))
}
