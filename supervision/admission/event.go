package admission

import (
	"fmt"
	"time"
)

// Lane is what a request wants to do; a lane comes before those after it.
type Lane uint8

// The lanes, the first first: what costs least and is missed most.
const (
	// Resume takes up a session that is there.
	Resume Lane = iota
	// Identify begins a session: a user is loaded.
	Identify
	// Load reads what sessions need and nobody has in memory, such as a guild.
	Load

	laneCount = 3
)

// String returns the lower-case word for the lane.
func (l Lane) String() string { return word("lane", uint8(l), "resume", "identify", "load") }

// Reason is why a request was refused.
type Reason uint8

// The reasons.
const (
	// Expired: its patience is over.
	Expired Reason = iota
	// Displaced: its lane was full and somebody newer came.
	Displaced
	// Crowded: as much waits as may, so nobody is let in at the door.
	Crowded
	// Closed: the ramp is at nobody.
	Closed
	// TooSoon: its bucket has so much before it that it could not be granted in time.
	TooSoon

	reasonCount = 5
)

// String returns the reason's words.
func (r Reason) String() string {
	return word("reason", uint8(r), "expired", "displaced", "crowded", "closed", "too soon")
}

// EventKind says what happened.
type EventKind uint8

// The events.
const (
	// EventTick says that time has passed; [Controller.Next] says when it is due.
	EventTick EventKind = iota
	// EventKnock is somebody at the door, of whom nothing is known yet. Answered with StepOpen or StepRefuse.
	EventKnock
	// EventSettled says that somebody who was let in at the door has said what it wants, or has gone. Once for each.
	EventSettled
	// EventArrive{ID, Lane, Client, Shard} is a request. Answered, now or later, with one StepGrant or StepRefuse, unless
	// EventLeave comes before.
	EventArrive
	// EventLeave{ID} says that nobody waits for the answer any more; after a grant it means the same as EventDone.
	EventLeave
	// EventDone{ID} says that what was granted is over.
	EventDone
	// EventReport{Report} is what was measured. It moves the rate of a ramp that is Auto, and no other.
	EventReport
	// EventSetRamp{Ramp} changes the ramp. One that is not valid changes nothing.
	EventSetRamp
)

// String returns the event's words.
func (k EventKind) String() string {
	return word("event", uint8(k), "tick", "knock", "settled", "arrive", "leave", "done", "report", "set ramp")
}

// Event is one thing that happened; its kind says which of the other fields count.
type Event struct {
	Kind EventKind
	// ID is the owner's number of a request: no two that wait or are in flight have the same. An arrival with a number
	// that is taken changes nothing.
	ID   uint64
	Lane Lane
	// Client and Shard say in which bucket an Identify is: Client is a number for the token, 0 for no bucket.
	Client, Shard uint64
	Report        Report
	Ramp          Ramp
}

// StepKind says what to do or what to know.
type StepKind uint8

// The steps.
const (
	// StepGrant{ID, Lane, Waited}: the request may go on; answer with EventDone when what it does is over.
	StepGrant StepKind = iota
	// StepRefuse{ID, Lane, Waited, Reason, RetryAfter}: it may not. At the door, ID and Lane are zero.
	StepRefuse
	// StepOpen: let in who knocked.
	StepOpen
	// StepRate{Rate, Cause}: the rate is another one from now on.
	StepRate
)

// String returns the step's words.
func (k StepKind) String() string { return word("step", uint8(k), "grant", "refuse", "open", "rate") }

// Cause is why a rate changed.
type Cause uint8

// The causes.
const (
	// Ordered: somebody has set the ramp.
	Ordered Cause = iota
	// Climbed: there was capacity to spare.
	Climbed
	// Fell: there was none.
	Fell
)

// String returns the lower-case word for the cause.
func (c Cause) String() string { return word("cause", uint8(c), "ordered", "climbed", "fell") }

// Step is one decision; its kind says which of the other fields count.
type Step struct {
	Kind StepKind
	ID   uint64
	Lane Lane
	// Waited is how long the request was in its lane.
	Waited time.Duration
	Reason Reason
	// RetryAfter is when it is worth trying again, with jitter in it.
	RetryAfter time.Duration
	// Rate is in grants a second; +Inf where there is no limit.
	Rate  float64
	Cause Cause
}

func word(what string, k uint8, words ...string) string {
	if int(k) < len(words) {
		return words[k]
	}
	return fmt.Sprintf("%s(%d)", what, k)
}
