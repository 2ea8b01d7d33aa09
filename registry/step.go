package registry

import "time"

// Step is what a [View] answers: a request to its owner or a fact about the
// directory. The order of the steps of one answer is the order to act in.
//
//sumtype:decl
type Step interface{ step() }

// Judge asks for a verdict on a value: decode it, then call [View.Accept] or
// [View.Reject] with its key and index. A verdict may come at any time; one on
// a value that has been superseded is ignored.
type Judge struct {
	Entry Entry
	// Previous says that it is the value before the key's newest one, which was
	// rejected: there is nothing else to serve.
	Previous bool
}

// Drop says that a key is gone, with its quarantine if it had one: whoever
// stands for it can stop.
type Drop struct{ Key string }

// Added says that a key began to serve an instance, which is the snapshot's: it
// may be kept, and not be changed.
type Added struct {
	Key      string
	Instance *Instance
	Index    Index
}

// Updated says that a key serves a different instance than before; see [Added].
type Updated struct {
	Key      string
	Instance *Instance
	Index    Index
}

// Removed says that a key serves nothing any more. Kind is [ChangeDeleted] or
// [ChangeExpired], or 0 when the key was missing from a listing and nobody knows
// why, or when it is there with a bad value of the given class and the view
// fails closed.
type Removed struct {
	Key   string
	Kind  ChangeKind
	Index Index
	Class Class
	// Held is why the removal was held until now, if it was.
	Held Hold
	// Order is the operator's order that began or ended, if that is why.
	Order Order
}

// Held says that a key is gone, or is somebody else, and that it is served on as
// it was. It may have been [Removed] a moment ago: then it is back. Until is when
// the holding ends by itself, zero when nobody can tell.
type Held struct {
	Key   string
	Kind  ChangeKind
	Hold  Hold
	Until time.Time
}

// Reclaimed says that a key that was held is in the registry again.
type Reclaimed struct {
	Key   string
	Index Index
	After time.Duration
}

// Quarantined says that a key's value was rejected: for the first time, at a
// new index, or for another class of fault than before.
type Quarantined struct{ Bad Bad }

// Refused says that a consumer did not take a value, and will be asked again. It
// is [Quarantined] when that has happened too often.
type Refused struct {
	Key    string
	Index  Index
	Reason string
	// Attempt counts the refusals of this value, from 1.
	Attempt int
}

// Released says that a quarantined key has a good value again.
type Released struct {
	Key   string
	Index Index
	// After is how long the key was in quarantine.
	After time.Duration
}

// Doubted says that a key that flaps has a good value, which is served if the
// key stays good until then.
type Doubted struct {
	Key   string
	Index Index
	Until time.Time
}

// Degraded says that a key has been served by an old value for very long:
// somebody should look.
type Degraded struct {
	Key   string
	After time.Duration
}

// Engaged says that a guard holds from now on.
type Engaged struct{ State GuardState }

// Reminded says that a guard has been engaged for long.
type Reminded struct {
	State GuardState
	After time.Duration
}

// Disengaged says that a guard has ended.
type Disengaged struct {
	Guard Guard
	Zone  string
	After time.Duration
}

// Aged says that the source has been silent for longer than a level allows.
type Aged struct {
	Level Staleness
	Age   time.Duration
}

// Slept says that this process did not run for a while.
type Slept struct{ For time.Duration }

// Diverged says that a listing showed what the changes should have told and did
// not. The listing has been applied.
type Diverged struct{ Divergence Divergence }

// Reread asks to read one key again; the answer is [View.Reread].
type Reread struct{ Key string }

// Probe asks whether an instance takes connections; the answer is [View.Probed].
type Probe struct {
	Key      string
	Instance Instance
}

// Relist asks for a listing soon, see [Cursor.Restart].
type Relist struct{}

// Republish says that [View.Snapshot] has something new. It comes once, last.
type Republish struct{}

func (Judge) step()       {}
func (Drop) step()        {}
func (Added) step()       {}
func (Updated) step()     {}
func (Removed) step()     {}
func (Quarantined) step() {}
func (Refused) step()     {}
func (Released) step()    {}
func (Held) step()        {}
func (Reclaimed) step()   {}
func (Doubted) step()     {}
func (Degraded) step()    {}
func (Engaged) step()     {}
func (Reminded) step()    {}
func (Disengaged) step()  {}
func (Aged) step()        {}
func (Slept) step()       {}
func (Diverged) step()    {}
func (Reread) step()      {}
func (Probe) step()       {}
func (Relist) step()      {}
func (Republish) step()   {}
