package brake

import "time"

// EventKind says what happened.
type EventKind uint8

// The events.
const (
	// EventTick says that time has passed; [Machine.Next] says when it is due.
	EventTick EventKind = iota
	// EventReport{Report} says how things stand.
	EventReport
	// EventRegister{Job, Level} makes a job known that pauses from that level on: one that runs. Registering again, after
	// its process has started anew, forgets how it stood, and keeps what was ordered. Answered with StepRefuse where
	// there is no room, or the name or the level cannot be.
	EventRegister
	// EventForget{Job} says that there is no such job any more.
	EventForget
	// EventAcknowledge{Job, Paused} says that a job has paused, or runs again.
	EventAcknowledge
	// EventOrder{Job, Order, Until} orders a job by hand. Answered with StepRefuse where there is no such job.
	EventOrder
	// EventHold{Level, Until} sets the level by hand; at Until it is again what reports ask for. A time that is over ends
	// it at once.
	EventHold
)

// String returns the event's words.
func (k EventKind) String() string {
	return word("event", uint8(k), "tick", "report", "register", "forget", "acknowledge", "order", "hold")
}

// Order is what a person says about one job.
type Order uint8

// The orders.
const (
	// ByLevel is no order: the level decides.
	ByLevel Order = iota
	// BePaused pauses the job whatever the level is.
	BePaused
	// BeRunning lets it run whatever the level is.
	BeRunning
)

// String returns the order's words.
func (o Order) String() string { return word("order", uint8(o), "by level", "paused", "running") }

// Event is one thing that happened; its kind says which of the other fields count.
type Event struct {
	Kind   EventKind
	Report Report
	Job    string
	Level  Level
	Paused bool
	Order  Order
	// Until is when an order or a hold ends. An order with zero stands until another one.
	Until time.Duration
}

// StepKind says what to do or what to know.
type StepKind uint8

// The steps: two to carry out, then facts.
const (
	// StepPause{Job}: tell the job to pause, and answer with EventAcknowledge when it has.
	StepPause StepKind = iota
	// StepRelease{Job}: tell the job to go on, and answer with EventAcknowledge when it does.
	StepRelease
	// StepLevel{Level, From, Cause, Signal}: the level is another one.
	StepLevel
	// StepSilent{Job, Paused}: the job was told to pause, or to go on, and has not acknowledged it in time. Told once each
	// time; what it does is not known.
	StepSilent
	// StepSpoke{Job}: a silent job has acknowledged after all.
	StepSpoke
	// StepRefuse{Job}: there is no such job, or no room for it.
	StepRefuse
)

// String returns the lower-case word for the step.
func (k StepKind) String() string {
	return word("step", uint8(k), "pause", "release", "level", "silent", "spoke", "refuse")
}

// Cause is why the level is another one.
type Cause uint8

// The causes.
const (
	// Raised: a report asked for it.
	Raised Cause = iota
	// Lowered: reports have asked for less for long enough.
	Lowered
	// Held: somebody has set it.
	Held
	// HoldEnded: it is again what reports ask for.
	HoldEnded
)

// String returns the cause's words.
func (c Cause) String() string {
	return word("cause", uint8(c), "raised", "lowered", "held", "hold ended")
}

// Step is one decision; its kind says which of the other fields count.
type Step struct {
	Kind        StepKind
	Job         string
	Level, From Level
	Cause       Cause
	// Signal is what asked for the level, where a report raised it.
	Signal Signal
	Paused bool
}
