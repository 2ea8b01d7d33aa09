package incident

import (
	"slices"
	"time"
)

// Signal is something that is measured and compared with its own past.
type Signal string

// The signals. What a reading of each means is in [Reading].
const (
	Sessions Signal = "sessions"
	Capacity Signal = "capacity"
	Calls    Signal = "calls"
	Restarts Signal = "restarts"
)

// Signals returns all of them, in the order in which they are shown.
func Signals() []Signal { return []Signal{Sessions, Capacity, Calls, Restarts} }

// Reading is one measurement.
type Reading struct {
	Signal Signal
	// Value is, of Sessions, how many are connected; of Capacity, the part of the
	// known chat nodes that are ready, 0 to 1; of Calls, the part of the calls since
	// the last reading that succeeded, 0 to 1; of Restarts, how many there were a
	// second. A value that is no number or below zero is not taken.
	Value float64
}

// Kind says what an entry of a timeline tells.
type Kind string

// The kinds. The first group are facts that a [Log] is told, the second what it
// decided.
const (
	// Poisoned is a registry record that does not decode.
	Poisoned Kind = "poisoned"
	// Healed is that record good again.
	Healed Kind = "healed"
	// GuardEngaged is a guard that holds what the registry says.
	GuardEngaged Kind = "guard_engaged"
	// GaveUp is a supervisor that escalated.
	GaveUp Kind = "gave_up"
	// Exited is a chat node's process that ended unasked.
	Exited Kind = "exited"
	// Returned is a chat node that is ready again.
	Returned Kind = "returned"
	// Throttled is a limit on connecting that was set or changed; the value is the
	// rate a second, 0 for nobody.
	Throttled Kind = "throttled"
	// Unthrottled is the end of that limit.
	Unthrottled Kind = "unthrottled"
	// RepairsPaused and RepairsReleased are the store's repair scan stopped, and
	// going on.
	RepairsPaused   Kind = "repairs_paused"
	RepairsReleased Kind = "repairs_released"
	// Scaled is a change of the number of API nodes; the value is how many there are.
	Scaled Kind = "scaled"
	// Skewed is a clock that differs from the observer's; the value is by how many
	// seconds at most, positive when that clock is ahead.
	Skewed Kind = "skewed"
	// Blind is an observer that nothing answers: all is down, or it is cut off.
	Blind Kind = "blind"
	// Sighted is the end of that.
	Sighted Kind = "sighted"

	// Paged is the opening: somebody is told.
	Paged Kind = "paged"
	// Escalated is a severity that rose.
	Escalated Kind = "escalated"
	// Recovered is the moment from which on all signals were back.
	Recovered Kind = "recovered"
	// Relapsed is a recovery that did not last for the hold time.
	Relapsed Kind = "relapsed"
	// Closed is the end.
	Closed Kind = "closed"
)

// facts are the kinds that a Log may be told.
func facts() []Kind {
	return []Kind{
		Poisoned, Healed, GuardEngaged, GaveUp, Exited, Returned, Throttled, Unthrottled,
		RepairsPaused, RepairsReleased, Scaled, Skewed, Blind, Sighted,
	}
}

// decisions are the kinds that it adds itself.
func decisions() []Kind { return []Kind{Paged, Escalated, Recovered, Relapsed, Closed} }

// Entry is one line of a timeline. Entries of one kind that follow each other are
// one entry with a count.
type Entry struct {
	// At is when the observer saw it first, AfterMS the time from the incident's
	// beginning until then.
	At      time.Time `json:"at"`
	AfterMS int64     `json:"after_ms"`
	Kind    Kind      `json:"kind"`
	// Times is how often it came, and Last when it came last, if more than once.
	Times int       `json:"times"`
	Last  time.Time `json:"last,omitzero"`
	// Value is what the kind says; of the last, if it came more than once.
	Value float64 `json:"value,omitzero"`
	// Severity and Signal say what a page or an escalation was for.
	Severity Severity `json:"severity,omitzero"`
	Signal   Signal   `json:"signal,omitzero"`
}

// Extent is how far a signal was from its baseline at worst.
type Extent struct {
	Signal   Signal   `json:"signal"`
	Baseline float64  `json:"baseline"`
	Worst    float64  `json:"worst"`
	Severity Severity `json:"severity"`
}

// Incident is one time of trouble, with its story.
type Incident struct {
	// ID counts incidents from 1.
	ID uint64 `json:"id"`
	// Severity is the worst that it had.
	Severity Severity `json:"severity"`
	// Began is the time of the first entry: of the first fact that belongs to it,
	// which may be before anything was felt. Paged is when it was opened.
	Began time.Time `json:"began"`
	Paged time.Time `json:"paged"`
	// Recovered is since when all signals are back; zero while they are not.
	Recovered time.Time `json:"recovered,omitzero"`
	// Closed is when it ended; zero while it is open.
	Closed time.Time `json:"closed,omitzero"`
	// Extents are the signals that were worse than their baselines.
	Extents  []Extent `json:"extents"`
	Timeline []Entry  `json:"timeline"`
	// Omitted counts entries over the limit.
	Omitted int `json:"omitted,omitzero"`
}

// Open says whether it has not ended.
func (i Incident) Open() bool { return i.Closed.IsZero() }

// First returns the first entry of a kind.
func (i Incident) First(kinds ...Kind) (Entry, bool) {
	for _, e := range i.Timeline {
		if slices.Contains(kinds, e.Kind) {
			return e, true
		}
	}
	return Entry{}, false
}

func (i Incident) clone() Incident {
	i.Extents, i.Timeline = slices.Clone(i.Extents), slices.Clone(i.Timeline)
	return i
}
