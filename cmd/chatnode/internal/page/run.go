package page

// Run is what a page needs to know before the first frame.
type Run struct {
	Version string `json:"version"`
	Seed    uint64 `json:"seed"`
	// Started is when the run began, in Unix milliseconds.
	Started int64             `json:"started"`
	Params  map[string]string `json:"params"`
	Acts    []Act             `json:"acts"`
	Nodes   []string          `json:"nodes"`
	Users   int               `json:"users"`
	// Commands are what this page may ask for; none in a replay.
	Commands []CommandSpec `json:"commands"`
	// Token says that commands need one.
	Token bool `json:"token"`
}

// Act is one act of a run. Its times are Unix milliseconds, nil until they have come.
type Act struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Start *int64 `json:"start"`
	Cut   *int64 `json:"cut"`
	End   *int64 `json:"end"`
}

// CommandSpec describes a command, so that a page can offer it.
type CommandSpec struct {
	Name  string    `json:"name"`
	Label string    `json:"label"`
	Args  []ArgSpec `json:"args"`
	// Danger says that the command breaks something.
	Danger bool `json:"danger"`
}

// ArgType is how an argument is written.
type ArgType string

// The types of arguments.
const (
	ArgText   ArgType = "text"
	ArgNumber ArgType = "number"
	ArgChoice ArgType = "choice"
)

// ArgSpec describes one argument of a command. All are sent as text.
type ArgSpec struct {
	Name    string   `json:"name"`
	Type    ArgType  `json:"type"`
	Choices []string `json:"choices,omitempty"`
	// Value is what it is where nothing is said; Optional says that it may be left out.
	Value    string `json:"value,omitempty"`
	Optional bool   `json:"optional,omitempty"`
}

// Command asks for something to be done.
type Command struct {
	Name string            `json:"name"`
	Args map[string]string `json:"args"`
}

// ActEvent tells that an act has begun, was cut, or has ended.
type ActEvent struct {
	Index int `json:"index"`
	Act
}

// Result is the table at the end.
type Result struct {
	// Index is the last act in it.
	Index int `json:"index"`
	// Columns name the acts, Rows have a label and one figure per column.
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	// Verdict says it in one sentence.
	Verdict string `json:"verdict"`
}

// Series is one act over time, for plots. All slices are of the same length.
type Series struct {
	T        []int64    `json:"t"`
	Sessions []int      `json:"sessions"`
	Offered  []float64  `json:"offered"`
	Throttle []*float64 `json:"throttle"`
	Capacity []int      `json:"capacity"`
	Flags    []Flag     `json:"flags"`
}

// NodeDetail is what is behind one cell of the wall.
type NodeDetail struct {
	ID        string     `json:"id"`
	Tree      *TreeNode  `json:"tree"`
	Decisions []Decision `json:"decisions"`
	// Note says why there is no tree; empty when there is one.
	Note string `json:"note,omitempty"`
}

// TreeNode is a supervisor or a child of one.
type TreeNode struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"` // supervisor, child
	State    string `json:"state"`
	Restarts int    `json:"restarts"`
	LastExit string `json:"last_exit,omitempty"`
	// Used is how much of the Intensity the restarts inside the window have used;
	// an intensity of -1 has no bound. Of supervisors only.
	Intensity float64 `json:"intensity,omitempty"`
	WindowMS  int64   `json:"window_ms,omitempty"`
	Used      float64 `json:"used"`
	// BackoffMS is how long a wait or a probation still takes.
	BackoffMS int64      `json:"backoff_ms,omitempty"`
	Children  []TreeNode `json:"children,omitempty"`
	// Omitted is how many children are not listed.
	Omitted int `json:"omitted,omitempty"`
}

// Decision is one turn of a supervisor. T is Unix milliseconds.
type Decision struct {
	T    int64  `json:"t"`
	Text string `json:"text"`
}

// KeyDetail is the history of one key.
type KeyDetail struct {
	Key        string  `json:"key"`
	State      string  `json:"state"`
	ServedFrom string  `json:"served_from"`
	History    []Write `json:"history"`
}

// Write is one value that etcd stored under a key, or its removal.
type Write struct {
	// T is Unix milliseconds.
	T     int64  `json:"t"`
	Index uint64 `json:"index"`
	// Value is escaped and cut.
	Value string `json:"value"`
	// Verdict is "good", a fault's class, or how the key went.
	Verdict string `json:"verdict"`
	By      By     `json:"by"`
}

// By names the chat nodes that took a value, and those that did not.
type By struct {
	Accepted []string `json:"accepted"`
	Refused  []string `json:"refused"`
}

// IncidentDetail is the timeline of one incident.
type IncidentDetail struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	// OpenedMS is from the act's start, ClosedMS too; nil while it is open.
	OpenedMS int64          `json:"opened_ms"`
	ClosedMS *int64         `json:"closed_ms"`
	Timeline []IncidentStep `json:"timeline"`
}

// IncidentStep is one line of a timeline. T is milliseconds since the opening.
type IncidentStep struct {
	T    int64  `json:"t"`
	Kind string `json:"kind"`
	Text string `json:"text"`
}
