package page

// Level is what a verdict comes to, in one word.
type Level string

// The levels.
const (
	LevelStarting   Level = "starting"
	LevelOK         Level = "ok"
	LevelPoisoned   Level = "poisoned"
	LevelCascading  Level = "cascading"
	LevelRecovering Level = "recovering"
	LevelOver       Level = "over"
)

// Verdict says in words what is true now.
type Verdict struct {
	Level Level  `json:"level"`
	Text  string `json:"text"`
}

// Frame is what is true at one moment of an act.
type Frame struct {
	// T is the time since the act's start, in milliseconds.
	T   int64 `json:"t"`
	Act int   `json:"act"`
	// Whole says that Nodes and Flags are all there are, and not only what is new.
	Whole    bool     `json:"whole,omitempty"`
	Verdict  Verdict  `json:"verdict"`
	Band     Band     `json:"band"`
	Nodes    []Node   `json:"nodes,omitempty"`
	Registry Registry `json:"registry"`
	Chain    Chain    `json:"chain"`
	Messages Messages `json:"messages"`
	Flags    []Flag   `json:"flags,omitempty"`
	// Incidents are the alarms of this act, the newest last.
	Incidents []Incident `json:"incidents,omitempty"`
}

// Incident is an alarm that was raised, in one line.
type Incident struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	// T is the time from the act's start to its opening, in milliseconds.
	T    int64 `json:"t"`
	Open bool  `json:"open"`
}

// Band is the capacity band.
type Band struct {
	// Sessions are connected now; Users is how many there should be.
	Sessions int `json:"sessions"`
	Users    int `json:"users"`
	// Offered is how many connections users try to make a second.
	Offered float64 `json:"offered"`
	// Throttle is how many are admitted a second; nil: as many as come.
	Throttle *float64 `json:"throttle"`
	// Capacity is how many sessions the chat nodes that serve have room for, when
	// all of them together have room for all users.
	Capacity int `json:"capacity"`
}

// NodeState is what a chat node is doing.
type NodeState string

// The states.
const (
	NodeStarting NodeState = "starting"
	NodeUp       NodeState = "up"
	// NodeDegraded serves, while its supervisors restart something, or has fallen silent.
	NodeDegraded NodeState = "degraded"
	NodeDown     NodeState = "down"
	NodeDraining NodeState = "draining"
)

// Node is one cell of the wall.
type Node struct {
	ID       string    `json:"id"`
	State    NodeState `json:"state"`
	Sessions int       `json:"sessions"`
	// Restarts are those inside the window, of the Intensity that its supervisor allows.
	Restarts  int   `json:"restarts"`
	Intensity int   `json:"intensity"`
	WindowMS  int64 `json:"window_ms"`
	// Exits count the ends of its process that nobody asked for.
	Exits int `json:"exits"`
}

// Registry is the directory of the API nodes, as the chat nodes hold it: of each
// figure the largest that any of them reports.
type Registry struct {
	Live        int `json:"live"`
	Quarantined int `json:"quarantined"`
	Limbo       int `json:"limbo"`
	Held        int `json:"held"`
	// Watchers is how many watches wait at etcd, Index its position.
	Watchers int    `json:"watchers"`
	Index    uint64 `json:"index"`
	// Bad lists the bad keys, the oldest first.
	Bad []BadKey `json:"bad"`
	// BadTotal is how many there are, listed or not.
	BadTotal int `json:"bad_total"`
}

// BadKey is a key whose newest value is bad.
type BadKey struct {
	Key     string `json:"key"`
	Class   string `json:"class"`
	SinceMS int64  `json:"since_ms"`
	// Preview is the beginning of the value, escaped.
	Preview string `json:"preview"`
}

// Chain counts each step from a bad write to the users, since the act began.
type Chain struct {
	Writes      int   `json:"writes"`      // bad records that etcd stored
	Keys        int   `json:"keys"`        // keys that were ever bad
	Failures    int   `json:"failures"`    // times a chat node could not decode one
	Restarts    int   `json:"restarts"`    // watchers restarted
	Escalations int   `json:"escalations"` // supervisors that gave up
	Exits       int   `json:"exits"`       // chat nodes that exited
	Sessions    int64 `json:"sessions"`    // sessions lost
	Reconnects  int64 `json:"reconnects"`  // attempts to connect since the first exit or loss
}

// Messages count what became of chat messages.
type Messages struct {
	Acked       int64 `json:"acked"`
	Undelivered int64 `json:"undelivered"`
	Lost        int64 `json:"lost"`
}

// FlagKind says what a flag on the time axis is about.
type FlagKind string

// The kinds of flags.
const (
	FlagPoison   FlagKind = "poison"
	FlagExit     FlagKind = "exit"
	FlagAction   FlagKind = "action"
	FlagGuard    FlagKind = "guard"
	FlagPage     FlagKind = "page"
	FlagThrottle FlagKind = "throttle"
	FlagRepairs  FlagKind = "repairs"
	FlagHeal     FlagKind = "heal"
)

// Flag marks a moment on the time axis of an act.
type Flag struct {
	T    int64    `json:"t"`
	Kind FlagKind `json:"kind"`
	Text string   `json:"text"`
}
