package cluster

import (
	"math"
	"strconv"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/load"
)

// Results is what the demo writes to its JSON file.
type Results struct {
	Seed uint64      `json:"seed"`
	Acts []ActResult `json:"acts"`
}

// ActResult is what one act showed. Every figure is measured.
type ActResult struct {
	Profile string `json:"profile"`
	Nodes   int    `json:"nodes"`
	Users   int    `json:"users"`
	Poison  Poison `json:"poison"`
	// NodeExits counts the exits of chat nodes that we did not ask for, ExitCodes
	// the same by code, NodesExited the nodes that exited at least once.
	NodeExits   int            `json:"node_exits"`
	ExitCodes   map[string]int `json:"exit_codes"`
	NodesExited int            `json:"nodes_exited"`
	// WatcherRestarts counts how often a chat node restarted its watcher of the directory.
	WatcherRestarts int `json:"watcher_restarts"`
	// PeakCapacityLost is the largest fraction of the chat nodes that was down
	// at once, from a node's exit until it is ready again.
	PeakCapacityLost float64 `json:"peak_capacity_lost"`
	SessionsBefore   int     `json:"sessions_before"`
	// SessionsLost counts sessions whose socket ended without the user's close.
	SessionsLost int64 `json:"sessions_lost"`
	// LostSessionSeconds is the integral of (before - connected) from the cut
	// write to the end of the act.
	LostSessionSeconds float64 `json:"lost_session_seconds"`
	// RecoveredMS is from the good announcement until 99 % of the users were
	// connected for good; 0 when they never were fewer. When Recovered is false
	// it is how long was waited in vain.
	RecoveredMS int64 `json:"recovered_ms"`
	Traffic
	// APIInstancesBefore and APIInstancesMin are the fewest API instances that
	// any living chat node could pick from: just before, and during the act.
	APIInstancesBefore int `json:"api_instances_before"`
	APIInstancesMin    int `json:"api_instances_min"`
	// QuarantinedMax is the most keys that any one chat node held in quarantine.
	QuarantinedMax int `json:"quarantined_max"`
	// QuarantineHealedMS is from the good announcement to the last node's release.
	QuarantineHealedMS int64 `json:"quarantine_healed_ms"`
	// QuarantineEnteredMS is from the cut write until the last of the
	// QuarantinedNodes had the key in quarantine.
	QuarantineEnteredMS int64 `json:"quarantine_entered_ms"`
	QuarantinedNodes    int   `json:"quarantined_nodes"`
	Scaling
	Alarms
	// Recovered says that everything was back before the act's time limit.
	Recovered bool `json:"recovered"`
	// Notes say in words what did not go as it should.
	Notes []string `json:"notes,omitempty"`
}

// Poison is the bad record.
type Poison struct {
	Key    string `json:"key"`
	Method string `json:"method"`
	Target string `json:"target"`
	// StoredValue and StoredTTL (seconds, 0 for none) are read back from etcd.
	StoredValue string `json:"stored_value"`
	StoredTTL   int64  `json:"stored_ttl"`
	// DurationMS is how long etcd served the bad record.
	DurationMS int64 `json:"duration_ms"`
}

// methodTornPut is a PUT whose connection ends between its headers and its body.
const methodTornPut = "torn-put"

// record is one act as it was seen. The results are computed from it alone.
type record struct {
	profile, target, key string
	users                int
	nodes                []string
	// serving is when all users were connected, ended when the act was over.
	serving, ended time.Time
	events         []event
	// settled says that everything was back before the time limit.
	settled bool
	notes   []string
	// read is what reading the acknowledged messages back showed.
	read load.Check
}

// result computes what the act showed.
func (r *record) result() ActResult {
	var p poisoning
	for _, e := range r.events {
		p.apply(e)
	}
	exits := countExits(r.events, len(r.nodes))
	sessions := r.sessions(p)
	instances := r.instances(p.cut)
	quarantine := r.quarantine(p)
	return ActResult{
		Profile: r.profile, Nodes: len(r.nodes), Users: r.users,
		Poison: Poison{
			Key: r.key, Method: methodTornPut, Target: r.target,
			StoredValue: p.stored.Value, StoredTTL: int64(p.stored.TTL / time.Second),
			DurationMS: p.duration(r.ended).Milliseconds(),
		},
		NodeExits: exits.total, ExitCodes: exits.codes, NodesExited: exits.nodes,
		WatcherRestarts: countWatcherRestarts(r.events), PeakCapacityLost: exits.peak,
		SessionsBefore: sessions.before, SessionsLost: sessions.lost, LostSessionSeconds: sessions.seconds,
		RecoveredMS: sessions.recovery.Milliseconds(), Traffic: r.traffic(p.cut),
		APIInstancesBefore: instances.before, APIInstancesMin: instances.fewest,
		QuarantinedMax: quarantine.most, QuarantineHealedMS: quarantine.healed.Milliseconds(),
		QuarantineEnteredMS: quarantine.entered.Milliseconds(), QuarantinedNodes: quarantine.nodes,
		Scaling:   r.scaling(),
		Alarms:    r.alarms(p),
		Recovered: r.settled && sessions.back, Notes: r.notes,
	}
}

type exitFigures struct {
	total, nodes int
	codes        map[string]int
	peak         float64
}

// countExits counts the ends of chat nodes that nobody asked for, and how many
// were down at once.
func countExits(events []event, nodes int) exitFigures {
	f := exitFigures{codes: map[string]int{}}
	exited, down, most := map[string]bool{}, map[string]bool{}, 0
	for _, e := range events {
		switch e := e.(type) {
		case processExited:
			if e.Role != roleNode || e.Asked {
				continue
			}
			f.total++
			f.codes[strconv.Itoa(e.Code)]++
			exited[e.Name], down[e.Name] = true, true
			most = max(most, len(down))
		case processReady:
			delete(down, e.Name)
		case processStarted, processFailed, loadSampled, nodeReported, putCut, putForwarded, recordSeen, fleetScaled, clusterMeasured:
		}
	}
	f.nodes = len(exited)
	f.peak = round(float64(most)/float64(max(nodes, 1)), 4)
	return f
}

func countWatcherRestarts(events []event) int {
	n := 0
	for _, e := range events {
		if e, ok := e.(nodeReported); ok && e.Kind == actors.EventChildRestarting {
			n++
		}
	}
	return n
}

func round(x float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(x*scale) / scale
}
