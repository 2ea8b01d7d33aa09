package verdict

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// good is a report with nothing to object to.
const good = `{"seed":1,"acts":[
{"profile":"naive","nodes":6,"users":2000,
 "poison":{"key":"/services/api/api-4","method":"torn-put","target":"new","stored_value":"","stored_ttl":0,"duration_ms":2001},
 "node_exits":7,"exit_codes":{"70":7},"nodes_exited":6,"watcher_restarts":24,"peak_capacity_lost":1.0,
 "sessions_before":2000,"sessions_lost":2000,"lost_session_seconds":9120.5,"recovered_ms":9400,
 "messages_acked":812,"messages_lost":0,"messages_undelivered":3,"guilds_unavailable_max":50,"reconnect_attempts":2310,"resumes_ok":12,
 "api_instances_before":3,"api_instances_min":3,"quarantined_max":0,"quarantine_healed_ms":0,
 "quarantine_entered_ms":0,"quarantined_nodes":0,"recovered":true},
{"profile":"isolated","nodes":6,"users":2000,
 "poison":{"key":"/services/api/api-4","method":"torn-put","target":"new","stored_value":"","stored_ttl":0,"duration_ms":2001},
 "node_exits":0,"exit_codes":{},"nodes_exited":0,"watcher_restarts":0,"peak_capacity_lost":0,
 "sessions_before":2000,"sessions_lost":0,"lost_session_seconds":0,"recovered_ms":0,
 "messages_acked":1080,"messages_lost":0,"messages_undelivered":0,"guilds_unavailable_max":0,"reconnect_attempts":0,"resumes_ok":0,
 "api_instances_before":3,"api_instances_min":3,"quarantined_max":1,"quarantine_healed_ms":14,
 "quarantine_entered_ms":12,"quarantined_nodes":6,"recovered":true}]}`

func read(t *testing.T, text string) Report {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAGoodReportHasNoFault(t *testing.T) {
	if got := read(t, good).Faults(); len(got) > 0 {
		t.Errorf("faults: got %q, want none", got)
	}
}

// TestEveryFaultIsSeen changes one figure of the good report and expects it to
// be named.
func TestEveryFaultIsSeen(t *testing.T) {
	for _, row := range []struct {
		act   int // 0 naive, 1 isolated
		name  string
		value string
	}{
		{0, "nodes_exited", "1"},
		{0, "exit_codes", `{"1":7}`},
		{0, "exit_codes", `{"70":6}`},
		{0, "watcher_restarts", "17"},
		{0, "peak_capacity_lost", "0"},
		{0, "sessions_lost", "0"},
		{0, "lost_session_seconds", "0"},
		{0, "reconnect_attempts", "1999"},
		{0, "messages_lost", "1"},
		{0, "messages_acked", "0"},
		{1, "messages_lost", "1"},
		{1, "messages_undelivered", "1"},
		{1, "guilds_unavailable_max", "1"},
		{1, "reconnect_attempts", "1"},
		{0, "recovered", "false"},
		{0, "sessions_before", "1999"},
		{0, "notes", `["not recovered"]`},
		{0, "profile", `"other"`},
		{0, "poison.stored_value", `"{"`},
		{0, "poison.stored_ttl", "60"},
		{0, "poison.method", `"put"`},
		{0, "poison.key", `"/services/api-4"`},
		{0, "poison.duration_ms", "0"},
		{1, "node_exits", "1"},
		{1, "peak_capacity_lost", "0.5"},
		{1, "sessions_lost", "1"},
		{1, "lost_session_seconds", "0.1"},
		{1, "recovered_ms", "1"},
		{1, "api_instances_min", "2"},
		{1, "api_instances_before", "0"},
		{1, "quarantined_nodes", "5"},
		{1, "quarantined_max", "0"},
		{1, "quarantine_entered_ms", "1001"},
		{1, "quarantine_healed_ms", "1001"},
	} {
		t.Run(row.name+"="+row.value, func(t *testing.T) {
			got := strings.Join(read(t, changed(t, row.act, row.name, row.value)).Faults(), "\n")
			if !strings.Contains(got, row.name+":") {
				t.Errorf("faults: got %q, want one about %s", got, row.name)
			}
		})
	}
}

func TestAMissingFigureIsAFault(t *testing.T) {
	for _, name := range []string{"sessions_lost", "messages_lost", "guilds_unavailable_max", "api_instances_min", "poison.stored_value", "recovered"} {
		got := strings.Join(read(t, changed(t, 1, name, "null")).Faults(), "\n")
		last := name[strings.LastIndexByte(name, '.')+1:]
		if !strings.Contains(got, "got no") || !strings.Contains(got, last) {
			t.Errorf("faults without %s: got %q, want it named", name, got)
		}
	}
	if got := read(t, `{}`).Faults(); len(got) != 2 {
		t.Errorf("faults of an empty report: got %q, want the seed and the acts", got)
	}
}

// changed returns the good report with one figure replaced.
func changed(t *testing.T, act int, name, value string) string {
	t.Helper()
	type object = map[string]json.RawMessage
	var report struct {
		Seed json.RawMessage `json:"seed"`
		Acts []object        `json:"acts"`
	}
	fill := func(into any, text []byte) {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	text := func(of any) []byte {
		out, err := json.Marshal(of)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	fill(&report, []byte(good))
	if inner, ok := strings.CutPrefix(name, "poison."); ok {
		var poison object
		fill(&poison, report.Acts[act]["poison"])
		poison[inner] = json.RawMessage(value)
		name, value = "poison", string(text(poison))
	}
	report.Acts[act][name] = json.RawMessage(value)
	return string(text(report))
}
