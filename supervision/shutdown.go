package supervision

import "time"

// DefaultShutdown is how long a child that is no supervisor has to stop, as in OTP.
const DefaultShutdown = 5 * time.Second

// Shutdown says how long a child has to stop when it is told to. The zero value is OTP's default: DefaultShutdown for a
// worker, without limit for a supervisor.
type Shutdown struct {
	kind shutdownKind
	wait time.Duration
}

type shutdownKind uint8

const (
	shutdownDefault shutdownKind = iota
	shutdownWithin
	shutdownInfinite
	shutdownAbandon
)

// ShutdownWithin gives a child the duration to stop; then it is abandoned.
func ShutdownWithin(d time.Duration) Shutdown { return Shutdown{kind: shutdownWithin, wait: d} }

// ShutdownInfinite waits for a child as long as it takes.
func ShutdownInfinite() Shutdown { return Shutdown{kind: shutdownInfinite} }

// ShutdownAbandon does not wait for a child at all: OTP's brutal kill, as near as Go comes to it.
func ShutdownAbandon() Shutdown { return Shutdown{kind: shutdownAbandon} }

// Infinite reports whether the child is waited for without limit.
func (s Shutdown) Infinite() bool { return s.kind == shutdownInfinite }

// Abandon reports whether the child is not waited for.
func (s Shutdown) Abandon() bool { return s.kind == shutdownAbandon }

// Wait returns how long the child is waited for; it has no meaning when Infinite. In an [Action] the default is filled in.
func (s Shutdown) Wait() time.Duration { return s.wait }

// String returns "default", "infinite", "abandon" or the duration.
func (s Shutdown) String() string {
	if s.kind == shutdownWithin {
		return s.wait.String()
	}
	return word("shutdown", uint8(s.kind), "default", "", "infinite", "abandon")
}

func (s Shutdown) withDefault(supervisor bool) Shutdown {
	switch {
	case s.kind != shutdownDefault:
		return s
	case supervisor:
		return ShutdownInfinite()
	default:
		return ShutdownWithin(DefaultShutdown)
	}
}
