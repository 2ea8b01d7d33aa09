package actors

import (
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

// quiet keeps a message out of protoactor's dead letter log: a message to an
// incarnation that has just ended is ordinary, and may hold a registry value.
type quiet struct{}

// IgnoreDeadLetterLogging implements [actor.IgnoreDeadLetterLogging].
func (quiet) IgnoreDeadLetterLogging() {}

// control is what a supervisor is told or asked. Facts are in the past tense,
// requests in the imperative.
//
//sumtype:decl
type control interface{ isControl() }

// childStarted: the incarnation acknowledged its start.
type childStarted struct {
	quiet
	ref supervision.Ref
}

// childStartFailed: the incarnation's start failed. A reusable process waits to
// be revived, or ended; any other is gone.
type childStartFailed struct {
	quiet
	ref      supervision.Ref
	exit     supervision.Exit
	reusable bool
}

// childIgnored: the incarnation found that there is nothing for it to do.
type childIgnored struct {
	quiet
	ref      supervision.Ref
	reusable bool
}

// childExited: the incarnation is over.
type childExited struct {
	quiet
	ref      supervision.Ref
	exit     supervision.Exit
	reusable bool
}

// childUnusable: the process cannot be revived; the incarnation needs another.
type childUnusable struct {
	quiet
	ref supervision.Ref
}

// startOverdue: it is time to look for a start that takes too long.
type startOverdue struct{ quiet }

// stopOverdue: the shutdown time of the incarnation ran out.
type stopOverdue struct {
	quiet
	ref supervision.Ref
}

// endOverdue: it is time to look for crashed actors that do not end.
type endOverdue struct{ quiet }

// childLeft: the process of a crashed incarnation, which somebody waits for, has
// gone.
type childLeft struct{ quiet }

// retryDue: the restart that the machine put off is due.
type retryDue struct {
	quiet
	ref supervision.Ref
}

// ensureChild asks a dynamic supervisor to have this child running: added when
// it is unknown, woken when it is backing off or parked, else left alone.
type ensureChild struct {
	quiet
	id string
}

// dropChild asks a dynamic supervisor to stop a child and forget it.
type dropChild struct {
	quiet
	id string
}

// request asks what a [Branch] asks. It is answered once.
type request struct {
	quiet
	event  supervision.Event
	recipe recipe
	spawn  bool   // the child is one of the template
	batch  *batch // that it is part of, instead of a reply
	reply  chan response
}

// look asks for the state of one supervisor, at once.
type look struct {
	quiet
	reply chan sight
}

// shutDown asks a supervisor to stop its children in order and exit.
type shutDown struct{ quiet }

func (childStarted) isControl()     {}
func (childStartFailed) isControl() {}
func (childIgnored) isControl()     {}
func (childExited) isControl()      {}
func (childUnusable) isControl()    {}
func (startOverdue) isControl()     {}
func (stopOverdue) isControl()      {}
func (endOverdue) isControl()       {}
func (childLeft) isControl()        {}
func (retryDue) isControl()         {}
func (ensureChild) isControl()      {}
func (dropChild) isControl()        {}
func (*request) isControl()         {}
func (*batch) isControl()           {}
func (*look) isControl()            {}
func (shutDown) isControl()         {}

// watched is what a watcher is told.
//
//sumtype:decl
type watched interface{ isWatched() }

// entriesStarted: the supervisor of the entries is up, at this address.
type entriesStarted struct {
	quiet
	supervisor *process
}

// entryStarted: the entry of a key is up and waits for a value.
type entryStarted struct {
	quiet
	key   string
	entry *process
}

// entryAccepted: the value of a key at an index decoded.
type entryAccepted struct {
	quiet
	key      string
	index    registry.Index
	instance registry.Instance
}

// entryRejected: the entry of a key ended, and this is what was wrong. Its
// supervisor knows of the exit before the watcher does.
type entryRejected struct {
	quiet
	key   string
	index registry.Index
	fault *registry.Fault
	// refusal is set instead of the fault where a consumer did not take the value.
	refusal string
	// gone says that it was word that the key is gone which failed.
	gone bool
}

// entryParted: the consumer has taken it that the key is gone.
type entryParted struct {
	quiet
	key string
}

// directoryListed: the reader has a fresh listing.
type directoryListed struct {
	quiet
	listing registry.Listing
}

// directoryChanged: the reader saw one change.
type directoryChanged struct {
	quiet
	change registry.Change
	ahead  *headway // that the watcher's taking it lessens
}

// keyReread: the reader read one key again, as asked.
type keyReread struct {
	quiet
	key   string
	entry registry.Entry
	err   error
}

// tickDue: the view's appointment.
type tickDue struct{ quiet }

// probed: a held instance was asked whether it lives.
type probed struct {
	quiet
	key   string
	alive bool
}

// heldByOperator and thawed: an operator holds what the view has, or accepts
// what the registry says.
type (
	heldByOperator struct{ quiet }
	thawed         struct{ quiet }
)

// suspected: another view of this process froze at the same time.
type suspected struct{ quiet }

// graceOver: the registry has had its time to answer.
type graceOver struct{ quiet }

// archiveRead: what was saved by an earlier process has been read.
type archiveRead struct {
	quiet
	snapshot *registry.Snapshot
	err      error
}

// saveDue: what was published is to be saved. saveDone: it has been.
type saveDue struct{ quiet }

type saveDone struct {
	quiet
	err error
}

// publishDue: changes were applied since the last snapshot was published.
type publishDue struct{ quiet }

func (entriesStarted) isWatched()   {}
func (entryStarted) isWatched()     {}
func (entryAccepted) isWatched()    {}
func (entryRejected) isWatched()    {}
func (entryParted) isWatched()      {}
func (directoryListed) isWatched()  {}
func (directoryChanged) isWatched() {}
func (keyReread) isWatched()        {}
func (publishDue) isWatched()       {}
func (tickDue) isWatched()          {}
func (probed) isWatched()           {}
func (heldByOperator) isWatched()   {}
func (thawed) isWatched()           {}
func (suspected) isWatched()        {}
func (graceOver) isWatched()        {}
func (archiveRead) isWatched()      {}
func (saveDue) isWatched()          {}
func (saveDone) isWatched()         {}

// reading is what a reader is told or asked.
//
//sumtype:decl
type reading interface{ isReading() }

// resync asks for a fresh listing now.
type resync struct{ quiet }

// rereadKey asks for one key to be read again with quorum.
type rereadKey struct {
	quiet
	key string
}

// listDone, nextDone and waitDone: the call with this number ended.
type listDone struct {
	quiet
	call    uint64
	listing registry.Listing
	err     error
}

// With more set the call goes on after the change, which counts as ahead.
type nextDone struct {
	quiet
	call   uint64
	change registry.Change
	err    error
	more   bool
	ahead  *headway
}

type waitDone struct {
	quiet
	call uint64
}

// getDone: a key was read again.
type getDone struct {
	quiet
	result keyReread
}

func (resync) isReading()    {}
func (rereadKey) isReading() {}
func (listDone) isReading()  {}
func (nextDone) isReading()  {}
func (waitDone) isReading()  {}
func (getDone) isReading()   {}

// decide asks an entry for its verdict on a value.
type decide struct {
	quiet
	entry registry.Entry
	// stored says that the value is in service already, and that only the consumer
	// does not know it; gone, that the consumer is to know that the key is gone.
	stored bool
	gone   bool
}

// tried: the trial of a value has come back.
type tried struct {
	quiet
	trial *trial
	err   error
}

// trialOverdue: it has not come back in time, and was left behind.
type trialOverdue struct {
	quiet
	trial *trial
}
