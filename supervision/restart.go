package supervision

// Restart says when a child that ended is started again.
type Restart uint8

// The restart types.
const (
	// Permanent children are always restarted.
	Permanent Restart = iota
	// Transient children are restarted after an abnormal exit only.
	Transient
	// Temporary children are never restarted, and forgotten when they end.
	Temporary
)

// String returns the restart type's name.
func (r Restart) String() string {
	return word("restart", uint8(r), "permanent", "transient", "temporary")
}

func (r Restart) known() bool { return r <= Temporary }

// afterExit decides whether a child that ended by itself is to be started again. Whether it may is the budget's matter.
func (r Restart) afterExit(exit Exit) bool {
	switch r {
	case Permanent:
		return true
	case Transient:
		return exit.Abnormal()
	case Temporary:
		return false
	}
	return true
}

// Exhaustion says what happens when one more restart would exceed the intensity.
type Exhaustion uint8

// The ways to meet an exhausted budget.
const (
	// Escalate gives up: all children are stopped and the supervisor exits, as OTP's does; its parent's policy applies.
	Escalate Exhaustion = iota
	// Park takes the child out of service and starts it again only as a probe, with the delays of [Spec.Probe]. The
	// supervisor and the siblings that do not depend on it carry on.
	Park
	// StopChild leaves the child down for good, as if it were temporary, and touches nobody else.
	StopChild
)

// String returns the lower-case word for the exhaustion.
func (e Exhaustion) String() string {
	return word("exhaustion", uint8(e), "escalate", "park", "stop")
}

func (e Exhaustion) known() bool { return e <= StopChild }

// outcome is what becomes of a child that is to be restarted.
type outcome uint8

const (
	outcomeRestart outcome = iota
	outcomeGiveUp
	outcomePark
	outcomeStop
)

// judge decides about one restart, given whether the budget admits it.
func (e Exhaustion) judge(admitted bool) outcome {
	if admitted {
		return outcomeRestart
	}
	switch e {
	case Escalate:
		return outcomeGiveUp
	case Park:
		return outcomePark
	case StopChild:
		return outcomeStop
	}
	return outcomeGiveUp
}
