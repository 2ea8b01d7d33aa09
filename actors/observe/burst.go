package observe

import (
	"cmp"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/actors"
)

const (
	// burstQuiet is how long nothing of a burst must come until it is over.
	burstQuiet = time.Second
	// burstReport is how often a burst that does not end is summarised.
	burstReport = 10 * time.Second
	// burstNames is how many children or keys a summary names.
	burstNames = 5
	// maxBursts is how many bursts are told apart. Beyond that, only by kind.
	maxBursts = 1024
)

// group is what the lines of one burst have in common.
type group struct {
	kind                actors.EventKind
	level               zerolog.Level
	supervisor, service string
}

func groupOf(e *actors.Event) group {
	return group{kind: e.Kind, level: level(*e), supervisor: e.Supervisor, service: e.Service}
}

// bursts decide which lines are printed: the first of a group at once; those that
// follow closely are held back and summarised. No clock and no writer: whoever
// calls says what time it is.
type bursts map[group]*burst

// burst is a group whose last line came less than burstQuiet ago, or that holds
// lines back.
type burst struct {
	told time.Time // when it was last printed or summarised
	last time.Time
	held int
	// first of those held back, and when it came.
	first actors.Event
	since time.Time
	names []string
}

// summary stands for lines that were held back.
type summary struct {
	group group
	more  int
	over  time.Duration // from the first of them to the last
	names []string      // some of whom they were about, each once
	first actors.Event
	since time.Time
}

// admit takes one line and reports whether it is to be printed. If the line
// begins a new burst of its group, what was held back of the last one comes
// before it.
func (b bursts) admit(now time.Time, e *actors.Event) (before []summary, write bool) {
	g := groupOf(e)
	open, known := b[g]
	if !known && len(b) >= maxBursts {
		b.tidy(now)
		if len(b) >= maxBursts {
			g.supervisor, g.service = "", ""
			open, known = b[g]
		}
	}
	switch {
	case !known:
		b[g] = &burst{told: now, last: now}
		return nil, true
	case open.over(now):
		if open.held > 0 {
			before = []summary{open.take(g, now)}
		}
		b[g] = &burst{told: now, last: now}
		return before, true
	}
	open.hold(now, e)
	return nil, false
}

func (b *burst) over(now time.Time) bool { return now.Sub(b.last) >= burstQuiet }

func (b *burst) hold(now time.Time, e *actors.Event) {
	b.held++
	b.last = now
	if b.held == 1 {
		b.first, b.since = *e, now
	}
	name := cmp.Or(e.Key, e.Child)
	if name != "" && len(b.names) < burstNames && !slices.Contains(b.names, name) {
		b.names = append(b.names, name)
	}
}

// take makes the summary of what is held back, and begins to count anew.
func (b *burst) take(g group, now time.Time) summary {
	s := summary{group: g, more: b.held, over: b.last.Sub(b.since), names: b.names, first: b.first, since: b.since}
	*b = burst{told: now, last: b.last}
	return s
}

// due are the summaries that it is time for, oldest first; all of them when
// everything ends.
func (b bursts) due(now time.Time, all bool) []summary {
	var due []summary
	for g, open := range b {
		if open.held > 0 && (all || !now.Before(open.dueAt())) {
			due = append(due, open.take(g, now))
		}
	}
	b.tidy(now)
	slices.SortFunc(due, func(a, b summary) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.group.kind, b.group.kind), cmp.Compare(a.group.supervisor, b.group.supervisor),
			cmp.Compare(a.group.service, b.group.service))
	})
	return due
}

// next is when a summary is due; false when nothing is held back.
func (b bursts) next() (time.Time, bool) {
	var next time.Time
	for _, open := range b {
		if at := open.dueAt(); open.held > 0 && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, !next.IsZero()
}

// dueAt is meant for a burst that holds lines back.
func (b *burst) dueAt() time.Time {
	quiet, report := b.last.Add(burstQuiet), b.told.Add(burstReport)
	if report.Before(quiet) {
		return report
	}
	return quiet
}

// tidy forgets the bursts that are over and told.
func (b bursts) tidy(now time.Time) {
	for g, open := range b {
		if open.held == 0 && open.over(now) {
			delete(b, g)
		}
	}
}
