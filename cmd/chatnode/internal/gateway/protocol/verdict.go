package protocol

// Refusal is why an Identify does not get its user.
type Refusal uint8

// The refusals.
const (
	// TokenUnknown is final.
	TokenUnknown Refusal = iota
	// TooOften says that the token identified too often lately.
	TooOften
	// Unavailable says that nobody could be asked.
	Unavailable
	// Busy says that too many want to identify, and nobody was asked.
	Busy
)

// String returns the refusal's words.
func (r Refusal) String() string {
	switch r {
	case TokenUnknown:
		return "token is not known"
	case TooOften:
		return "identified too often"
	case Unavailable:
		return "user could not be loaded"
	case Busy:
		return "node is busy"
	}
	return "unknown"
}

// Verdict is what a node says to a Resume of one of its own sessions.
type Verdict uint8

// The verdicts.
const (
	// ResumeAccepted goes on where the client left off.
	ResumeAccepted Verdict = iota
	// ResumeUnknown says that there is no such session, or not for this token.
	ResumeUnknown
	// ResumeForgotten says that the session has dropped what the client missed.
	ResumeForgotten
	// ResumeAhead says that the client claims to have seen what was never sent.
	ResumeAhead
	// ResumeBusy says that too many want to resume, and nobody has looked.
	ResumeBusy
)

// String returns the verdict's words.
func (v Verdict) String() string {
	switch v {
	case ResumeAccepted:
		return "accepted"
	case ResumeUnknown:
		return "session is not known"
	case ResumeForgotten:
		return "missed too much"
	case ResumeAhead:
		return "ahead of the session"
	case ResumeBusy:
		return "node is busy"
	}
	return "unknown"
}

// Outcome is what became of an Identify or a Resume.
type Outcome uint8

// The outcomes.
const (
	Identified Outcome = iota
	IdentifyFailed
	ResumeDone
	ResumeRefused
	ResumeProxied
	IdentifyRejected
)

// String returns the outcome's words.
func (o Outcome) String() string {
	switch o {
	case Identified:
		return "identified"
	case IdentifyFailed:
		return "identify failed"
	case ResumeDone:
		return "resumed"
	case ResumeRefused:
		return "resume refused"
	case ResumeProxied:
		return "resume proxied"
	case IdentifyRejected:
		return "identify rejected"
	}
	return "unknown"
}
