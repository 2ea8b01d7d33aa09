package incident

import "fmt"

// Severity says how bad an incident is; more is worse. The zero value is none.
type Severity int

// The severities, as incident responders number them: 1 is the worst.
const (
	// None is no incident.
	None Severity = iota
	// SEV3 is a loss that few users feel.
	SEV3
	// SEV2 is a loss that many users feel.
	SEV2
	// SEV1 is the loss of a large part of the service.
	SEV1
)

// String returns "none", or "SEV3" to "SEV1".
func (s Severity) String() string {
	if s <= None || s > SEV1 {
		return "none"
	}
	return fmt.Sprintf("SEV%d", 4-int(s))
}

// MarshalText makes a severity a word in JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts what [Severity.String] returns.
func (s *Severity) UnmarshalText(text []byte) error {
	for known := None; known <= SEV1; known++ {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("incident: %.16q is no severity", text)
}
