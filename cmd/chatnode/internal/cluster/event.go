package cluster

import (
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

// role is the subcommand that a process runs.
type role string

const (
	roleEtcd  role = "etcd"
	roleStore role = "store"
	roleAPI   role = "api"
	roleNode  role = "node"
	roleLoad  role = "load"
)

// event is one thing that was seen during an act.
//
//sumtype:decl
type event interface{ when() time.Time }

// processStarted is a process that runs; Life counts its starts from 1.
type processStarted struct {
	At   time.Time
	Name string
	Role role
	Life int
	PID  int
}

// processReady is a life whose /admin/ready answered 200 for the first time.
type processReady struct {
	At   time.Time
	Name string
	Role role
	Life int
}

// processExited is the end of a life.
type processExited struct {
	At   time.Time
	Name string
	Role role
	Life int
	// Code is the exit code, 128 plus the signal's number when a signal ended it.
	Code int
	// Asked says that we stopped it.
	Asked bool
	// WasReady says that it had become ready before.
	WasReady bool
}

// processFailed is a process that could not be started and is not tried again.
type processFailed struct {
	At     time.Time
	Name   string
	Reason string
}

// loadSampled is one reading of the load's counters.
type loadSampled struct {
	At   time.Time
	Life int
	// Connected sessions, Lost in this life of the load, and the integral of
	// Connected over this life, in session-seconds.
	Connected int
	Lost      int64
	Seconds   float64
	// Attempts to connect and sessions Resumed, and messages Acked and Undelivered,
	// in this life of the load.
	Attempts, Resumed, Acked, Undelivered int64
	// Unavailable is how many guilds were so at once, lately.
	Unavailable int
	// Awaited is how often a connected session has not got one of its guilds.
	Awaited int
	// Open is when the oldest message was acknowledged of which it is not known yet
	// who hears it; zero for none.
	Open time.Time
}

// nodeReported is one event of a chat node's runtime.
type nodeReported struct {
	At   time.Time
	Node string
	Life int
	Kind actors.EventKind
	Key  string
	// Class is the class of a bad value, Child the actor that it is about.
	Class, Child string
	// Instances is how many API instances the node can pick from.
	Instances int
}

// putCut is the announcement that the proxy cut after its headers.
type putCut struct{ At time.Time }

// putForwarded is an announcement that the proxy passed on in full.
type putForwarded struct{ At time.Time }

// recordSeen is the poisoned key's record, as read from etcd.
type recordSeen struct {
	At    time.Time
	Key   string
	Value string
	TTL   time.Duration
	Index uint64
	// Good says that it decodes.
	Good bool
}

// fleetScaled is a decision of the autoscaler: how many API nodes there are to be
// from now on, or that there may not be as many as the load asks for.
type fleetScaled struct {
	At       time.Time
	From, To int
	// Why says it in words.
	Why string
	// Limited says that To is a bound and not what the load asks for.
	Limited bool
}

// clusterMeasured is what the processes' own figures say, beside what is seen of them:
// readings of calls and restarts, and facts about throttles and repairs.
type clusterMeasured struct {
	At       time.Time
	Readings []incident.Reading
	Facts    []incident.Fact
}

func (e processStarted) when() time.Time  { return e.At }
func (e processReady) when() time.Time    { return e.At }
func (e processExited) when() time.Time   { return e.At }
func (e processFailed) when() time.Time   { return e.At }
func (e loadSampled) when() time.Time     { return e.At }
func (e nodeReported) when() time.Time    { return e.At }
func (e putCut) when() time.Time          { return e.At }
func (e putForwarded) when() time.Time    { return e.At }
func (e recordSeen) when() time.Time      { return e.At }
func (e fleetScaled) when() time.Time     { return e.At }
func (e clusterMeasured) when() time.Time { return e.At }
