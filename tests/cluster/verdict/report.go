package verdict

import (
	"encoding/json"
	"fmt"
	"os"
)

// Report is what a demo measured.
type Report struct {
	Seed *uint64 `json:"seed"`
	Acts []Act   `json:"acts"`
}

// Act is one cluster's story in figures. A pointer is a figure that must be
// there even when it is zero.
type Act struct {
	Profile             string         `json:"profile"`
	Nodes               int            `json:"nodes"`
	Users               int            `json:"users"`
	Poison              Poison         `json:"poison"`
	NodeExits           *int           `json:"node_exits"`
	ExitCodes           map[string]int `json:"exit_codes"`
	NodesExited         *int           `json:"nodes_exited"`
	WatcherRestarts     *int           `json:"watcher_restarts"`
	PeakCapacityLost    *float64       `json:"peak_capacity_lost"`
	SessionsBefore      *int           `json:"sessions_before"`
	SessionsLost        *int           `json:"sessions_lost"`
	LostSessionSeconds  *float64       `json:"lost_session_seconds"`
	RecoveredMS         *int64         `json:"recovered_ms"`
	MessagesAcked       *int           `json:"messages_acked"`
	MessagesLost        *int           `json:"messages_lost"`
	MessagesUndelivered *int           `json:"messages_undelivered"`
	GuildsUnavailable   *int           `json:"guilds_unavailable_max"`
	ReconnectAttempts   *int           `json:"reconnect_attempts"`
	ResumesOK           *int           `json:"resumes_ok"`
	APIInstancesBefore  *int           `json:"api_instances_before"`
	APIInstancesMin     *int           `json:"api_instances_min"`
	QuarantinedMax      *int           `json:"quarantined_max"`
	QuarantineHealedMS  *int64         `json:"quarantine_healed_ms"`
	QuarantineEnteredMS *int64         `json:"quarantine_entered_ms"`
	QuarantinedNodes    *int           `json:"quarantined_nodes"`
	Recovered           *bool          `json:"recovered"`
	Notes               []string       `json:"notes"`
}

// Poison is the bad record as etcd held it.
type Poison struct {
	Key         string  `json:"key"`
	Method      string  `json:"method"`
	Target      string  `json:"target"`
	StoredValue *string `json:"stored_value"`
	StoredTTL   *int64  `json:"stored_ttl"`
	DurationMS  int64   `json:"duration_ms"`
}

// Read reads a file that a demo wrote.
func Read(path string) (Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Report{}, err
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return Report{}, fmt.Errorf("%s: not a demo's results: %w", path, err)
	}
	return r, nil
}
