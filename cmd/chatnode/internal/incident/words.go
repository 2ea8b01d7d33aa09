package incident

import (
	"fmt"
	"math"
	"strconv"
)

// Text is the state in a sentence.
func (s State) Text() string {
	switch s {
	case Operational:
		return "All systems operational"
	case Degraded:
		return "Degraded service"
	case PartialOutage:
		return "Partial outage"
	case MajorOutage:
		return "Major outage"
	case Recovering:
		return "Recovered, being watched"
	case Unknown:
	}
	return "Not known: nothing is measured"
}

// Text is the role's name for people.
func (r Role) Text() string {
	switch r {
	case ChatNode:
		return "Chat nodes"
	case APINode:
		return "API nodes"
	case Store:
		return "Store"
	}
	return "Other"
}

// Text is the signal's name for people.
func (s Signal) Text() string {
	switch s {
	case Sessions:
		return "Connected sessions"
	case Capacity:
		return "Capacity"
	case Calls:
		return "Calls that succeed"
	case Restarts:
		return "Restarts a second"
	}
	return "Something else"
}

// Format writes a value of the signal.
func (s Signal) Format(v float64) string {
	switch s {
	case Capacity, Calls:
		return fmt.Sprintf("%.1f %%", 100*v)
	case Restarts:
		return fmt.Sprintf("%.1f", v)
	case Sessions:
	}
	return thousands(v)
}

// Text is what happened, in our own words: no name, and no value from elsewhere.
func (e Entry) Text() string {
	text := e.sentence()
	if e.Times > 1 {
		text += fmt.Sprintf(" (%s times)", thousands(float64(e.Times)))
	}
	return text
}

func (e Entry) sentence() string {
	switch e.Kind {
	case Poisoned:
		return "A registry record does not decode"
	case Healed:
		return "The registry record is good again"
	case GuardEngaged:
		return "A guard holds what the registry says"
	case GaveUp:
		return "A supervisor gave up"
	case Exited:
		return "A chat node exited"
	case Returned:
		return "A chat node is ready again"
	case Throttled:
		if e.Value == 0 {
			return "Connections are stopped"
		}
		return "Connections are throttled to " + number(e.Value) + " a second"
	case Unthrottled:
		return "The throttle on connections is off"
	case RepairsPaused:
		return "Repairs are paused"
	case RepairsReleased:
		return "Repairs go on"
	case Scaled:
		return "API nodes are " + thousands(e.Value) + " now"
	case Skewed:
		return skew(e.Value)
	case Blind:
		return "Nothing answers the observer: all is down, or it is cut off"
	case Sighted:
		return "The observer is answered again"
	case Paged:
		return fmt.Sprintf("Paged, %s: %s", e.Severity, e.Signal.complaint())
	case Escalated:
		return fmt.Sprintf("Escalated to %s: %s", e.Severity, e.Signal.complaint())
	case Recovered:
		return "Everything measured is back"
	case Relapsed:
		return "Worse again: " + e.Signal.complaint()
	case Closed:
		return "Closed"
	}
	return "Something else happened"
}

func (s Signal) complaint() string {
	switch s {
	case Sessions:
		return "sessions were lost"
	case Capacity:
		return "chat nodes are not ready"
	case Calls:
		return "calls to API nodes fail"
	case Restarts:
		return "supervisors restart more than before"
	}
	return "a signal is bad"
}

func skew(seconds float64) string {
	way := "ahead of"
	if seconds < 0 {
		way = "behind"
	}
	return fmt.Sprintf("A clock is %s s %s the observer's", thousands(math.Abs(seconds)), way)
}

func number(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }

// thousands writes a whole number with separators.
func thousands(v float64) string {
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	first := 0
	if len(digits) > 0 && digits[0] == '-' {
		first = 1
	}
	for n := len(digits) - 3; n > first; n -= 3 {
		digits = digits[:n] + "," + digits[n:]
	}
	return digits
}
