package verdict

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// The promises with a time in them.
const (
	maxQuarantineMS = 1000 // from the bad write until every node has the key in quarantine
	maxReleaseMS    = 1000 // from the good announcement until every node has released it
	// restartsToExit is how many watcher restarts a node of the naive profile
	// bears within its intensity; it exits at the next one.
	restartsToExit = 3
)

// Faults lists what the report should show and does not, one line each.
func (r Report) Faults() []string {
	var faults []string
	if r.Seed == nil {
		faults = append(faults, "seed: got none, want one")
	}
	if len(r.Acts) == 0 {
		faults = append(faults, "acts: got none, want at least one")
	}
	for _, a := range r.Acts {
		for _, fault := range a.faults() {
			faults = append(faults, a.Profile+": "+fault)
		}
	}
	return faults
}

func (a Act) faults() []string {
	if missing := a.missing(); len(missing) > 0 {
		return []string{"figures: got no " + strings.Join(missing, ", ") + "; want all"}
	}
	faults := a.commonFaults()
	switch a.Profile {
	case "naive":
		return append(faults, a.naiveFaults()...)
	case "isolated":
		return append(faults, a.isolatedFaults()...)
	}
	return append(faults, fmt.Sprintf("profile: got %q, want naive or isolated", a.Profile))
}

// missing names the figures that the file does not have.
func (a Act) missing() []string {
	var names []string
	for _, part := range []any{a, a.Poison} {
		v := reflect.ValueOf(part)
		for field := range v.Type().Fields() {
			if field.Type.Kind() == reflect.Pointer && v.FieldByIndex(field.Index).IsNil() {
				names = append(names, field.Tag.Get("json"))
			}
		}
	}
	return names
}

// list collects what is not as it must be.
type list []string

func (l *list) check(ok bool, format string, args ...any) {
	if !ok {
		*l = append(*l, fmt.Sprintf(format, args...))
	}
}

// commonFaults are those of any act: the poison was the real one, and the
// cluster was whole before and after.
func (a Act) commonFaults() list {
	var l list
	p := a.Poison
	l.check(p.Method == "torn-put", "poison.method: got %q, want torn-put", p.Method)
	l.check(strings.HasPrefix(p.Key, "/services/api/"), "poison.key: got %q, want one under /services/api/", p.Key)
	l.check(*p.StoredValue == "", "poison.stored_value: got %q, want an empty value in etcd", *p.StoredValue)
	l.check(*p.StoredTTL == 0, "poison.stored_ttl: got %d, want none", *p.StoredTTL)
	l.check(p.DurationMS > 0, "poison.duration_ms: got %d, want above 0", p.DurationMS)
	l.check(*a.SessionsBefore == a.Users, "sessions_before: got %d, want all %d users", *a.SessionsBefore, a.Users)
	l.check(*a.Recovered, "recovered: got false, want true")
	l.check(len(a.Notes) == 0, "notes: got %q, want none", a.Notes)
	l.check(*a.MessagesAcked > 0, "messages_acked: got 0, want some")
	l.check(*a.MessagesLost == 0, "messages_lost: got %d of %d, want 0", *a.MessagesLost, *a.MessagesAcked)
	sum := 0
	for _, n := range a.ExitCodes {
		sum += n
	}
	l.check(sum == *a.NodeExits, "exit_codes: got %v, want %d exits in all", a.ExitCodes, *a.NodeExits)
	return l
}

// naiveFaults: a third of the nodes must give up and take their sessions along.
func (a Act) naiveFaults() list {
	var l list
	l.check(3*(*a.NodesExited) >= a.Nodes, "nodes_exited: got %d of %d, want at least a third", *a.NodesExited, a.Nodes)
	codes := slices.Sorted(maps.Keys(a.ExitCodes))
	l.check(slices.Equal(codes, []string{"70"}), "exit_codes: got %v, want 70 alone: restart intensity exceeded", a.ExitCodes)
	l.check(*a.WatcherRestarts >= restartsToExit*(*a.NodesExited), "watcher_restarts: got %d, want at least %d for each of %d nodes", *a.WatcherRestarts, restartsToExit, *a.NodesExited)
	l.check(*a.PeakCapacityLost > 0, "peak_capacity_lost: got 0, want more")
	l.check(*a.SessionsLost > 0, "sessions_lost: got 0, want those of the nodes that exited")
	l.check(*a.LostSessionSeconds > 0, "lost_session_seconds: got 0, want more")
	l.check(*a.ReconnectAttempts >= *a.SessionsLost, "reconnect_attempts: got %d, want one at least for each of %d sessions lost", *a.ReconnectAttempts, *a.SessionsLost)
	return l
}

// isolatedFaults: nothing but the one key may be touched.
func (a Act) isolatedFaults() list {
	var l list
	l.check(*a.NodeExits == 0 && *a.NodesExited == 0, "node_exits: got %d (%v), want 0", *a.NodeExits, a.ExitCodes)
	l.check(*a.PeakCapacityLost == 0, "peak_capacity_lost: got %v, want 0", *a.PeakCapacityLost)
	l.check(*a.SessionsLost == 0, "sessions_lost: got %d, want 0", *a.SessionsLost)
	l.check(*a.LostSessionSeconds == 0, "lost_session_seconds: got %v, want 0", *a.LostSessionSeconds)
	l.check(*a.RecoveredMS == 0, "recovered_ms: got %d, want 0: sessions never went", *a.RecoveredMS)
	l.check(*a.ReconnectAttempts == 0 && *a.ResumesOK == 0, "reconnect_attempts: got %d, and %d resumed, want 0: nobody was disconnected", *a.ReconnectAttempts, *a.ResumesOK)
	l.check(*a.GuildsUnavailable == 0, "guilds_unavailable_max: got %d, want 0", *a.GuildsUnavailable)
	l.check(*a.MessagesUndelivered == 0, "messages_undelivered: got %d, want 0", *a.MessagesUndelivered)
	l.check(*a.APIInstancesMin >= *a.APIInstancesBefore, "api_instances_min: got %d, want never below the %d before", *a.APIInstancesMin, *a.APIInstancesBefore)
	l.check(*a.APIInstancesBefore > 0, "api_instances_before: got 0, want some")
	l.check(*a.QuarantinedNodes == a.Nodes, "quarantined_nodes: got %d, want the key in quarantine on all %d", *a.QuarantinedNodes, a.Nodes)
	l.check(*a.QuarantinedMax == 1, "quarantined_max: got %d, want the one key", *a.QuarantinedMax)
	l.check(*a.QuarantineEnteredMS <= maxQuarantineMS, "quarantine_entered_ms: got %d, want at most %d", *a.QuarantineEnteredMS, maxQuarantineMS)
	l.check(*a.QuarantineHealedMS <= maxReleaseMS, "quarantine_healed_ms: got %d, want at most %d", *a.QuarantineHealedMS, maxReleaseMS)
	return l
}
