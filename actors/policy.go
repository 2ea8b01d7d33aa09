package actors

import (
	"time"

	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// Isolation says how far a value that does not decode can reach.
type Isolation uint8

const (
	// IsolationPerKey gives every key an actor of its own that decodes it: a
	// bad value costs one key. It is the zero value.
	IsolationPerKey Isolation = iota
	// IsolationNone decodes in the watcher's own turn: a bad value costs the
	// watcher, and with enough restarts the process. For studies only.
	IsolationNone
)

// String names the isolation.
func (i Isolation) String() string {
	switch i {
	case IsolationPerKey:
		return "per-key"
	case IsolationNone:
		return "none"
	}
	return "unknown"
}

// Limits is the policy of one supervisor: how much it bears, and what it does
// when that is used up.
type Limits struct {
	// Intensity bounds the restarts, over all children together; the zero value
	// is OTP's one in five seconds.
	Intensity supervision.Intensity
	// Costs says what a restart costs by the kind of its fault; in the zero
	// value every restart costs one, as in OTP.
	Costs supervision.Costs
	// Exhaustion is what happens past the intensity; the zero value escalates,
	// as OTP does.
	Exhaustion supervision.Exhaustion
	// Backoff delays the restarts of every child; the zero value, as in OTP,
	// does not.
	Backoff backoff.Policy
	// Probe paces the attempts to revive a parked child.
	Probe backoff.Policy
	// Ceiling promises that no child ever ends this supervisor; [New] refuses a
	// policy that does not keep it.
	Ceiling bool
}

// Policy is everything in which two profiles differ: data, never code.
type Policy struct {
	Isolation Isolation
	// Root supervises the services and the announcers. When it gives up, the
	// runtime has failed.
	Root Limits
	// Service supervises the reader, the watcher and the entries of a directory.
	Service Limits
	// Entries supervises the actors of single keys.
	Entries Limits
	// Announcers supervises the announced instances.
	Announcers Limits
}

// Isolated is the policy for production: a failure costs what failed, restarts
// are put off, nothing ever escalates past its own supervisor, and a spent
// budget parks what spent it (facts of the outage: the budget of a supervisor
// that data could spend was what took the nodes down).
func Isolated() Policy {
	restart := backoff.Policy{Base: 200 * time.Millisecond, Cap: 30 * time.Second, Healthy: time.Minute}
	probe := backoff.Policy{Base: 30 * time.Second, Cap: 10 * time.Minute}
	limits := Limits{
		Intensity:  supervision.Intensity{Restarts: 5, Period: 30 * time.Second},
		Costs:      supervision.CostsByClass(),
		Exhaustion: supervision.Park,
		Backoff:    restart,
		Probe:      probe,
		Ceiling:    true,
	}
	entries := limits
	// A bad key is read again after 1 s, 2 s, … at most every minute (rule R2).
	// Each key is to be parked for its own bugs only, however many keys there are.
	entries.Intensity.Restarts = supervision.Unlimited
	entries.Backoff = backoff.Policy{Base: time.Second, Cap: time.Minute, Jitter: backoff.Equal}
	return Policy{Isolation: IsolationPerKey, Root: limits, Service: limits, Entries: entries, Announcers: limits}
}

// Naive is the policy of 2020: Elixir's defaults (three restarts in five
// seconds, at once, then the supervisor gives up) on every level, and no
// isolation. The runtime fails when the root gives up.
func Naive() Policy {
	limits := Limits{Intensity: supervision.Intensity{Restarts: 3, Period: 5 * time.Second}}
	return Policy{Isolation: IsolationNone, Root: limits, Service: limits, Entries: limits, Announcers: limits}
}
