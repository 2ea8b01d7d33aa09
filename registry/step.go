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
type Judge struct{ Entry Entry }

// Drop says that a key is gone, with its quarantine if it had one: whoever
// stands for it can stop.
type Drop struct{ Key string }

// Added says that a key began to serve an instance.
type Added struct {
	Key      string
	Instance Instance
	Index    Index
}

// Updated says that a key serves a different instance than before.
type Updated struct {
	Key      string
	Instance Instance
	Index    Index
}

// Removed says that a key that served an instance is gone. Kind is
// [ChangeDeleted] or [ChangeExpired], or 0 when the key was missing from a
// listing and nobody knows why.
type Removed struct {
	Key   string
	Kind  ChangeKind
	Index Index
}

// Quarantined says that a key's value was rejected: for the first time, at a
// new index, or for another class of fault than before.
type Quarantined struct{ Bad Bad }

// Released says that a quarantined key has a good value again.
type Released struct {
	Key   string
	Index Index
	// After is how long the key was in quarantine.
	After time.Duration
}

// Republish says that [View.Snapshot] has something new. It comes once, last.
type Republish struct{}

func (Judge) step()       {}
func (Drop) step()        {}
func (Added) step()       {}
func (Updated) step()     {}
func (Removed) step()     {}
func (Quarantined) step() {}
func (Released) step()    {}
func (Republish) step()   {}
