package supervision

import (
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// ChildSpec describes one child. The zero value of every field but ID is OTP's default.
type ChildSpec struct {
	// ID names the child among its siblings. Required, unique.
	ID string
	// Restart says when the child is started again. Zero is Permanent.
	Restart Restart
	// Shutdown is how long the child has to stop. Zero is 5 s for a worker, no limit for a supervisor.
	Shutdown Shutdown
	// Supervisor marks a child that is a supervisor itself.
	Supervisor bool
	// Significant marks a child whose end for good may end the supervisor, as Spec.AutoShutdown says. Not for Permanent.
	Significant bool
	// Backoff is the wait before each restart. Zero restarts at once, as OTP does.
	Backoff backoff.Policy
}

// Spec describes a supervisor. The zero value is OTP's default with no children.
type Spec struct {
	// Strategy says which siblings an exit touches. Zero is OneForOne.
	Strategy Strategy
	// Intensity is how many restarts are allowed. Zero is 1 in 5 s.
	Intensity Intensity
	// Grain is the step in which the window reads the time. Zero is exact; a second is how OTP reads its clock.
	Grain time.Duration
	// Costs is the price of a restart by class of fault. Zero charges each in full.
	Costs Costs
	// Exhaustion says what happens when the intensity would be exceeded. Zero is Escalate.
	Exhaustion Exhaustion
	// AutoShutdown says whether the supervisor ends when its significant children have. Zero is AutoShutdownNever.
	AutoShutdown AutoShutdown
	// Ceiling promises that no child ever ends this supervisor; Validate refuses a spec that does not keep the promise.
	Ceiling bool
	// Probe is the wait before a parked child is tried again, and how long it must then run to leave parking. Zero is
	// DefaultProbe. Only with Park.
	Probe backoff.Policy
	// MaxChildren bounds the number of children, running or not. Zero is no bound.
	MaxChildren int
	// Children are started in this order with the supervisor.
	Children []ChildSpec
}

// DefaultProbe is how a parked child is tried again unless the spec says otherwise: every 30 s to 10 min, at least half of
// which is waited, and out of parking after a minute of work.
func DefaultProbe() backoff.Policy {
	return backoff.Policy{Base: 30 * time.Second, Cap: 10 * time.Minute, Jitter: backoff.Equal, Healthy: time.Minute}
}

func (s Spec) withDefaults() Spec {
	s.Intensity = s.Intensity.withDefaults()
	if s.Exhaustion == Park && s.Probe == (backoff.Policy{}) {
		s.Probe = DefaultProbe()
	}
	return s
}
