package replica

import (
	"slices"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// log is the newest changes of a guild: all that came after base, up to revision. Revisions may be missing in it: those of
// messages that were gone before they were read.
type log struct {
	base, revision uint64
	events         []*wire.Event
	bytes          int
}

func size(e *wire.Event) int { return len(e.GetFull()) + len(e.GetReduced()) + 64 }

func (l *log) add(e *wire.Event) {
	l.events = append(l.events, e)
	l.bytes += size(e)
	l.revision = e.GetRevision()
}

// after returns a batch of what came after a revision, which is not before base, and up to where it reaches.
func (l *log) after(revision uint64) (events []*wire.Event, through uint64) {
	from, _ := slices.BinarySearchFunc(l.events, revision+1, compareEvent)
	bytes := 0
	for to := from; to < len(l.events); to++ {
		if bytes += size(l.events[to]); to > from && (to-from >= batchEvents || bytes > batchBytes) {
			return l.events[from:to:to], l.events[to-1].GetRevision()
		}
	}
	return l.events[from:len(l.events):len(l.events)], l.revision
}

// merge takes the changes after a revision, as they were read, and returns those that are newer than all that was known.
// Older ones are of use only as far as nothing lies between them and base.
func (l *log) merge(from uint64, in *wire.GuildEvents) (newer []*wire.Event) {
	if from > l.revision {
		return nil
	}
	if from < l.base && in.GetThrough() >= l.base {
		var older []*wire.Event
		for _, e := range in.GetEvents() {
			if e.GetRevision() > l.base {
				break
			}
			older = append(older, e)
			l.bytes += size(e)
		}
		l.events, l.base = append(older, l.events...), from
	}
	if from < l.base {
		return nil
	}
	for _, e := range in.GetEvents() {
		if e.GetRevision() > l.revision {
			l.add(e)
			newer = append(newer, e)
		}
	}
	l.revision = max(l.revision, in.GetThrough())
	return newer
}

// trim forgets the oldest beyond the bounds.
func (l *log) trim(count, bytes int) {
	n := 0
	for len(l.events)-n > count || l.bytes > bytes && n < len(l.events) {
		l.bytes -= size(l.events[n])
		l.base = l.events[n].GetRevision()
		n++
	}
	l.events = l.events[n:] // what was sent shares the array: nothing in it is cleared
}

func compareEvent(e *wire.Event, revision uint64) int {
	switch r := e.GetRevision(); {
	case r < revision:
		return -1
	case r > revision:
		return 1
	}
	return 0
}
