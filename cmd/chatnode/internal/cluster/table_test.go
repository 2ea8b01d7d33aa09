package cluster

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// twoActs is what the incident and its absence look like.
func twoActs() Results {
	return Results{Seed: 1, Acts: []ActResult{
		{
			Profile: "naive", Nodes: 6, Users: 2000,
			Poison:    Poison{Key: badKey, Method: "torn-put", Target: "new", DurationMS: 2013},
			NodeExits: 7, ExitCodes: map[string]int{"70": 6, "137": 1}, NodesExited: 6, WatcherRestarts: 72, PeakCapacityLost: 1,
			SessionsBefore: 2000, SessionsLost: 2000, LostSessionSeconds: 9120.5, RecoveredMS: 9400,
			Traffic:            Traffic{MessagesAcked: 812, GuildsUnavailableMax: 50, ReconnectAttempts: 4310, ResumesOK: 12},
			APIInstancesBefore: 3, APIInstancesMin: 3, Recovered: true, Alarms: Alarms{PoisonToPageMS: new(int64(2640))},
		},
		{
			Profile: "isolated", Nodes: 6, Users: 2000,
			Poison:    Poison{Key: badKey, Method: "torn-put", Target: "new", DurationMS: 2009},
			ExitCodes: map[string]int{}, SessionsBefore: 2000, Traffic: Traffic{MessagesAcked: 1080},
			APIInstancesBefore: 3, APIInstancesMin: 3, QuarantinedMax: 1, QuarantineHealedMS: 41,
			QuarantineEnteredMS: 12, QuarantinedNodes: 6, Recovered: true,
		},
	}}
}

func TestTable(t *testing.T) {
	lame := twoActs().Acts[0]
	lame.Recovered, lame.RecoveredMS = false, 74_000
	lame.Poison.StoredValue, lame.Poison.StoredTTL = `{"v":1,"service":"api","id":"api-4"`, 60
	lame.Notes = []string{"not recovered: 12 of 2,000 users connected (time limit of 1m30s)"}
	for _, row := range []struct {
		name    string
		results Results
	}{
		{"both", twoActs()},
		{"not_recovered", Results{Acts: []ActResult{lame}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got bytes.Buffer
			if err := printTable(&got, row.results); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "table_"+row.name+".txt")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("table:\n got %s\nwant %s", got.Bytes(), want)
			}
		})
	}
}

func TestVerdictFollowsTheFigures(t *testing.T) {
	for _, row := range []struct {
		name string
		act  ActResult
		want string
	}{
		{
			"quiet",
			ActResult{Profile: "isolated", Nodes: 6, Recovered: true},
			"One bad record in etcd: with isolated nodes no chat node exited and no session was lost.",
		},
		{
			"one session",
			ActResult{Profile: "naive", Nodes: 6, NodeExits: 2, NodesExited: 1, SessionsLost: 1, Recovered: true},
			"One bad record in etcd: with naive nodes 1 of 6 chat nodes exited and 1 session was lost.",
		},
		{
			"isolated that fails",
			ActResult{Profile: "isolated", Nodes: 2, NodeExits: 2, NodesExited: 2, SessionsLost: 1200},
			"One bad record in etcd: with isolated nodes 2 of 2 chat nodes exited and 1,200 sessions were lost, and it had not recovered when the act ended.",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := verdict([]ActResult{row.act}); got != row.want {
				t.Errorf("verdict:\n got %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestRecoveryInWords(t *testing.T) {
	for _, row := range []struct {
		act  ActResult
		want string
	}{
		{ActResult{Recovered: true}, "never away"},
		{ActResult{Recovered: true, SessionsLost: 5}, "back before it"},
		{ActResult{Recovered: true, SessionsLost: 5, RecoveredMS: 40}, "40 ms"},
		{ActResult{Recovered: false, SessionsLost: 5, RecoveredMS: 9400}, "not within 9.4 s"},
	} {
		if got := recoveryText(row.act); got != row.want {
			t.Errorf("recovery of %+v: got %q, want %q", row.act, got, row.want)
		}
	}
}
