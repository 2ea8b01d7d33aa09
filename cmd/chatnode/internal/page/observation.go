package page

import (
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
)

// Observation is one thing that was seen during an act.
//
//sumtype:decl
type Observation interface{ isObservation() }

// ProcessChange is what became of a process.
type ProcessChange uint8

// The changes.
const (
	ProcessStarted ProcessChange = iota + 1
	ProcessReady
	ProcessExited
	ProcessDraining
)

// ProcessSeen is a chat node's process that changed.
type ProcessSeen struct {
	At     time.Time
	Node   string
	Life   int // counts its starts from 1
	Change ProcessChange
	// Code and Asked are of an exit: its code, and whether we asked for it.
	Code  int
	Asked bool
}

// LoadSeen is a reading of the users' counters; they begin again with each life of the load.
type LoadSeen struct {
	At        time.Time
	Life      int
	Connected int
	// Lost sessions, and attempts to connect.
	Lost, Attempts int64
	Messages       Messages
}

// ReadBack says how many of the acknowledged messages could not be read afterwards.
type ReadBack struct{ Lost int64 }

// PulseSeen is a chat node's own figures.
type PulseSeen struct {
	At    time.Time
	Node  string
	Life  int
	Pulse pulse.Pulse
}

// NodeTold is an event of a chat node's runtime.
type NodeTold struct {
	Node  string
	Life  int
	Event actors.Event
}

// WriteSeen is what etcd holds under a key since a moment. Verdict is "good", a
// fault's class, or "deleted" and "expired" for a key that is gone.
type WriteSeen struct {
	At      time.Time
	Key     string
	Value   string
	Index   uint64
	Verdict string
}

// EtcdSeen is a reading of etcd's own figures.
type EtcdSeen struct{ Watchers int }

// ServingSeen says that all users were connected.
type ServingSeen struct{ At time.Time }

// Flagged is something that somebody did, or that deserves a flag for itself.
type Flagged struct {
	At   time.Time
	Kind FlagKind
	Text string
}

// ThrottleSeen is the rate of admission of all chat nodes together; nil: no bound.
type ThrottleSeen struct{ Rate *float64 }

// IncidentsSeen is every incident of the act as it is now, the newest last.
type IncidentsSeen struct {
	At        time.Time
	Incidents []IncidentDetail
}

// ActOver says that the act has ended, and how.
type ActOver struct {
	At      time.Time
	Summary string
}

func (ProcessSeen) isObservation()   {}
func (LoadSeen) isObservation()      {}
func (ReadBack) isObservation()      {}
func (PulseSeen) isObservation()     {}
func (NodeTold) isObservation()      {}
func (WriteSeen) isObservation()     {}
func (EtcdSeen) isObservation()      {}
func (ServingSeen) isObservation()   {}
func (Flagged) isObservation()       {}
func (ThrottleSeen) isObservation()  {}
func (IncidentsSeen) isObservation() {}
func (ActOver) isObservation()       {}
