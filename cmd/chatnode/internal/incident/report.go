package incident

import "time"

// Role is what a target is.
type Role string

// The roles that are watched.
const (
	ChatNode Role = "chat_nodes"
	APINode  Role = "api_nodes"
	Store    Role = "store"
)

// Roles returns all of them, in the order in which they are shown.
func Roles() []Role { return []Role{ChatNode, APINode, Store} }

// Target is one process that is asked how it is.
type Target struct {
	// ID tells it from the others; it is never shown.
	ID   string
	Role Role
	// Draining says that it is about to leave, and has said so.
	Draining bool
}

// Answer is how a target took a question.
type Answer uint8

// The answers.
const (
	// Silent is none in time: the target hangs, or the way to it is cut.
	Silent Answer = iota
	// Refused is an answer from the machine: nothing listens there.
	Refused
	// Answered is one from the process.
	Answered
)

// Report is what one target said. Counters count since the process started.
type Report struct {
	Target string
	Answer Answer
	Ready  bool
	// Started is when the process started, in seconds of its own clock; 0 if it does
	// not say. It only tells one life from the next.
	Started float64
	// Sessions is how many are connected, of a chat node; below 0 if it does not say.
	Sessions float64
	// Restarts counts children that its supervisors restarted, Calls and Failed the
	// calls that it made to API nodes.
	Restarts, Calls, Failed float64
	// Skew is how much its clock is ahead of ours; 0 if it does not say.
	Skew time.Duration
	// Throttle is how many connections a second it lets in; below 0 for no limit.
	// Automatic says that it finds the limit itself, and changes it all the time.
	Throttle  float64
	Automatic bool
	// Repairs says whether the store's repair scan is paused.
	Repairs Repairs
}

// Repairs is the state of the store's repair scan.
type Repairs uint8

// The states.
const (
	RepairsUnknown Repairs = iota
	RepairsRun
	RepairsStopped
)
