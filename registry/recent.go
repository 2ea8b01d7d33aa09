package registry

import (
	"slices"
	"time"
)

// arrival is a key and when something happened to it.
type arrival struct {
	key string
	at  time.Duration
}

// recent knows the keys to which something happened within a window, each once,
// in the order in which it happened.
type recent struct {
	at    map[string]time.Duration
	order []arrival // holds outdated ones too, of which at knows better
}

func newRecent() recent { return recent{at: make(map[string]time.Duration)} }

func (r *recent) len() int { return len(r.at) }

// add notes a key, anew if it is known.
func (r *recent) add(key string, at time.Duration) {
	r.at[key] = at
	r.order = append(r.order, arrival{key, at})
	if len(r.order) > 2*len(r.at)+64 {
		r.order = slices.DeleteFunc(r.order, func(a arrival) bool { return !r.has(a) })
	}
}

func (r *recent) has(a arrival) bool {
	at, known := r.at[a.key]
	return known && at == a.at
}

func (r *recent) remove(key string) { delete(r.at, key) }

// prune forgets what happened before at; what happened at that very moment is
// still inside the window.
func (r *recent) prune(at time.Duration) (keys []string) {
	n := 0
	for ; n < len(r.order) && r.order[n].at < at; n++ {
		if a := r.order[n]; r.has(a) {
			delete(r.at, a.key)
			keys = append(keys, a.key)
		}
	}
	clear(r.order[:n]) // they are kept no longer
	r.order = r.order[n:]
	return keys
}

// keys are all, the oldest first.
func (r *recent) keys() []string {
	keys := make([]string, 0, len(r.at))
	for _, a := range r.order {
		if r.has(a) {
			keys = append(keys, a.key)
		}
	}
	return keys
}
