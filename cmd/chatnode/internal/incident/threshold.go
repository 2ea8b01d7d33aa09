package incident

// thresholds are the losses from which on a signal is worth each severity. A signal
// is well again below half of the first. The severities follow what was felt in
// outages that were told in public: a sixth of all sessions gone was a bad
// afternoon, half of the capacity gone the worst hour of the year.
type thresholds struct{ sev3, sev2, sev1 float64 }

// never is a loss that cannot be.
const never = 1e300

// rounding keeps one node of ten from being a little less than a tenth.
const rounding = 1e-9

// judge says how bad a level is. slack is 1 to judge a loss, and 0.5 to judge whether
// it is over: the gap between the two is the hysteresis.
func (c Config) judge(s Signal, baseline, level, slack float64) Severity {
	switch s {
	case Sessions:
		lost := baseline - level
		if baseline < c.LeastSessions || lost < c.LeastLost*slack {
			return None
		}
		return thresholds{0.05, 0.15, 1.0 / 3}.of(lost/baseline, slack)
	case Capacity:
		return thresholds{0.1, 0.25, 0.5}.of(baseline-level, slack)
	case Calls:
		return thresholds{0.02, 0.1, 0.5}.of(baseline-level, slack)
	case Restarts:
		// Nobody feels a restart as such: what users feel is in the other signals.
		return thresholds{max(1, 4*baseline), never, never}.of(level, slack)
	}
	return None
}

func (t thresholds) of(loss, slack float64) Severity {
	loss += rounding
	switch {
	case loss >= t.sev1*slack:
		return SEV1
	case loss >= t.sev2*slack:
		return SEV2
	case loss >= t.sev3*slack:
		return SEV3
	}
	return None
}

// better says whether more of a signal is better.
func (s Signal) better() bool { return s != Restarts }

func (s Signal) valid(v float64) bool {
	if !(v >= 0 && v < 1e15) {
		return false
	}
	return s == Sessions || s == Restarts || (s == Capacity || s == Calls) && v <= 1
}
