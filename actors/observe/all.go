package observe

import "github.com/firebreak-go/firebreak/actors"

// All returns an observer that hands every event to each of the observers, in
// order. One that panics keeps the event from none of the others; nil ones are
// left out.
func All(observers ...func(actors.Event)) func(actors.Event) {
	return func(e actors.Event) {
		for _, observe := range observers {
			if observe != nil {
				shielded(observe, e)
			}
		}
	}
}

// shielded drops a panic, as the stream does for a single observer.
func shielded(observe func(actors.Event), e actors.Event) {
	defer func() { _ = recover() }()
	observe(e)
}
