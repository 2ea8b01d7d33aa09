package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
)

var start = time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)

// sec is a moment of an act.
func sec(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

func newTestFold(nodes int) *Fold {
	cfg := FoldConfig{Start: start, Users: 1000, Intensity: 3, Window: 5 * time.Second}
	for i := range nodes {
		cfg.Nodes = append(cfg.Nodes, fmt.Sprintf("node-%d", i+1))
	}
	return NewFold(cfg)
}

const badKey = "/services/api/api-4"

// moment is something that is seen, and the verdict that is true afterwards; an
// empty one is not asked for.
type moment struct {
	at      float64
	see     []Observation
	verdict string
}

func process(at float64, change ProcessChange, code int, nodes ...int) []Observation {
	var all []Observation
	for _, n := range nodes {
		all = append(all, ProcessSeen{At: sec(at), Node: fmt.Sprintf("node-%d", n), Life: 1, Change: change, Code: code})
	}
	return all
}

func life(at float64, life, node int) []Observation {
	var all []Observation
	for _, c := range []ProcessChange{ProcessStarted, ProcessReady} {
		all = append(all, ProcessSeen{At: sec(at), Node: fmt.Sprintf("node-%d", node), Life: life, Change: c})
	}
	return all
}

func users(at float64, connected int, lost, attempts int64) []Observation {
	return []Observation{LoadSeen{At: sec(at), Life: 1, Connected: connected, Lost: lost, Attempts: attempts}}
}

func wrote(at float64, verdict string, index uint64) []Observation {
	return []Observation{WriteSeen{At: sec(at), Key: badKey, Index: index, Verdict: verdict}}
}

func told(at float64, kind actors.EventKind, e actors.Event, nodes ...int) []Observation {
	var all []Observation
	e.At, e.Kind = sec(at), kind
	for _, n := range nodes {
		all = append(all, NodeTold{Node: fmt.Sprintf("node-%d", n), Life: 1, Event: e})
	}
	return all
}

func restarted(at float64, nodes ...int) []Observation {
	return told(at, actors.EventChildRestarting, actors.Event{Child: "root/service/api/watcher"}, nodes...)
}

func quarantined(at float64, kind actors.EventKind, nodes ...int) []Observation {
	return told(at, kind, actors.Event{Key: badKey, Class: "empty", Index: 7}, nodes...)
}

// up are six nodes and a thousand users at 4 s.
func up() []moment {
	begin := append(process(1, ProcessStarted, 0, 1, 2, 3, 4, 5, 6), process(2, ProcessReady, 0, 1, 2, 3, 4, 5, 6)...)
	return []moment{
		{0, nil, "starting: 0 of 6 nodes up, 0 of 1,000 users connected"},
		{2, begin, "starting: 6 of 6 nodes up, 0 of 1,000 users connected"},
		{3, users(3, 400, 0, 400), "starting: 6 of 6 nodes up, 400 of 1,000 users connected"},
		{4, append(users(4, 1000, 0, 1000), ServingSeen{At: sec(4)}), "ok: 6 of 6 nodes up, 1,000 of 1,000 users connected, no bad key"},
		{6, users(6, 1000, 0, 1000), ""},
	}
}

// TestVerdictIsTrueAtEveryMoment plays sequences of what is seen; after each, the
// verdict must say what is so, and nothing that was so before.
func TestVerdictIsTrueAtEveryMoment(t *testing.T) {
	exit := func(at float64, nodes ...int) []Observation { return process(at, ProcessExited, 70, nodes...) }
	for _, row := range []struct {
		name    string
		moments []moment
	}{
		{"naive", append(up(),
			moment{10, wrote(10, "empty", 7), "poisoned: 1 key bad, 0 nodes affected"},
			moment{10.2, restarted(10.2, 1, 2, 3), "cascading: 1 key bad, 3 restarting their watchers"},
			moment{10.6, exit(10.6, 1), "cascading: 1 key bad, 1 of 6 nodes down, 2 restarting their watchers"},
			moment{10.8, append(exit(10.8, 2, 3, 4), users(10.8, 330, 670, 1000)...), "cascading: 1 key bad, 4 of 6 nodes down, sessions −67 %"},
			moment{11.4, users(11.4, 330, 670, 1300), "cascading: 1 key bad, 4 of 6 nodes down, sessions −67 %, reconnect storm"},
			moment{13, append(wrote(13, "good", 9), users(13, 330, 670, 1310)...), "cascading: 4 of 6 nodes down, sessions −67 %"},
			moment{16, users(16, 400, 670, 1312), "recovering: 4 of 6 nodes down, sessions −60 %"},
			moment{17, append(append(life(17, 2, 1), life(17, 2, 2)...), users(17, 500, 670, 1330)...), "recovering: 2 of 6 nodes down, sessions −50 %"},
			moment{19, append(append(life(19, 2, 3), life(19, 2, 4)...), users(19, 1000, 670, 1400)...), "ok: 6 of 6 nodes up, 1,000 of 1,000 users connected, no bad key"},
			moment{20, []Observation{ActOver{At: sec(20), Summary: "4 of 6 chat nodes exited"}}, "over: 4 of 6 chat nodes exited"},
		)},
		{"isolated", append(up(),
			moment{10, wrote(10, "empty", 7), "poisoned: 1 key bad, 0 nodes affected"},
			moment{10.1, quarantined(10.1, actors.EventKeyQuarantined, 1, 2, 3, 4, 5, 6), "poisoned: 1 key bad, 0 nodes affected"},
			moment{12, wrote(12, "good", 9), "poisoned: 1 key bad, 0 nodes affected"},
			moment{12.1, quarantined(12.1, actors.EventKeyReleased, 1, 2, 3, 4, 5), "poisoned: 1 key bad, 0 nodes affected"},
			moment{12.2, quarantined(12.2, actors.EventKeyReleased, 6), "ok: 6 of 6 nodes up, 1,000 of 1,000 users connected, no bad key"},
		)},
		{"killed by hand", append(up(),
			moment{10, append(process(10, ProcessExited, 137, 1), users(10, 830, 170, 1000)...), "recovering: 1 of 6 nodes down, sessions −17 %"},
			moment{10.5, wrote(10.5, "empty", 7), "recovering: 1 key bad, 1 of 6 nodes down, sessions −17 %"},
			moment{11, wrote(11, "expired", 8), "recovering: 1 of 6 nodes down, sessions −17 %"},
		)},
		{"hangs", append(up(),
			moment{7, []Observation{PulseSeen{At: sec(7), Node: "node-1", Life: 1, Pulse: pulse.Pulse{Sessions: 9}}}, "ok: 6 of 6 nodes up, 1,000 of 1,000 users connected, no bad key"},
			moment{11.5, nil, "recovering: 1 silent"},
			moment{12, []Observation{PulseSeen{At: sec(12), Node: "node-1", Life: 1}}, "ok: 6 of 6 nodes up, 1,000 of 1,000 users connected, no bad key"},
		)},
		{"quarantine of a node that went", append(up(),
			moment{10, quarantined(10, actors.EventKeyQuarantined, 1), "poisoned: 1 key bad, 0 nodes affected"},
			moment{11, process(11, ProcessExited, 0, 1), "recovering: 1 of 6 nodes down"},
			moment{12, quarantined(12, actors.EventKeyQuarantined, 1), "recovering: 1 of 6 nodes down"}, // its last words
		)},
		{"a few users away are no loss", append(up(),
			moment{10, users(10, 990, 10, 1000), "ok: 6 of 6 nodes up, 990 of 1,000 users connected, no bad key"},
			moment{11, users(11, 989, 11, 1000), "recovering: sessions −1 %"},
		)},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newTestFold(6)
			for _, m := range row.moments {
				for _, o := range m.see {
					f.Apply(o)
				}
				got := f.Frame(sec(m.at)).Verdict
				if m.verdict != "" && got.Text != m.verdict {
					t.Errorf("verdict at %v s:\n got %s\nwant %s", m.at, got.Text, m.verdict)
				}
				if !strings.HasPrefix(got.Text, string(got.Level)+": ") {
					t.Errorf("verdict at %v s: got %q, want it to begin with its level %s", m.at, got.Text, got.Level)
				}
			}
		})
	}
}

func TestFrameTellsWhatIsNew(t *testing.T) {
	f := newTestFold(2)
	if got := len(f.Frame(sec(0)).Nodes); got != 2 {
		t.Errorf("nodes of the first frame: got %d, want both", got)
	}
	for _, o := range append(process(1, ProcessStarted, 0, 1, 2), process(1, ProcessReady, 0, 1)...) {
		f.Apply(o)
	}
	if got := f.Frame(sec(1)).Nodes; len(got) != 1 || got[0].ID != "node-1" || got[0].State != NodeUp {
		t.Errorf("nodes after node-1 came up: got %+v, want it alone", got)
	}
	for _, o := range restarted(2, 1) {
		f.Apply(o)
	}
	got := f.Frame(sec(2)).Nodes
	if len(got) != 1 || got[0].Restarts != 1 || got[0].Intensity != 3 || got[0].State != NodeDegraded {
		t.Errorf("nodes after a restart: got %+v, want 1 of 3 used", got)
	}
	if got := f.Frame(sec(4.5)).Nodes; len(got) != 1 || got[0].State != NodeUp || got[0].Restarts != 1 {
		t.Errorf("nodes when the restart is over: got %+v, want it up, the restart still counted", got)
	}
	if got := f.Frame(sec(7.1)).Nodes; len(got) != 1 || got[0].Restarts != 0 {
		t.Errorf("nodes past the window: got %+v, want no restart counted", got)
	}
}

func TestThrottlesOfNodesAddUp(t *testing.T) {
	f := newTestFold(3)
	if got := f.Frame(sec(0)).Band.Throttle; got != nil {
		t.Errorf("nobody throttles: got %v, want none", *got)
	}
	rate := 50.0
	for _, o := range process(1, ProcessStarted, 0, 1, 2, 3) {
		f.Apply(o)
	}
	for i, own := range []*float64{&rate, nil, &rate} {
		f.Apply(PulseSeen{At: sec(1), Node: fmt.Sprintf("node-%d", i+1), Life: 1, Pulse: pulse.Pulse{Throttle: own}})
	}
	if got := f.Frame(sec(1)).Band.Throttle; got == nil || *got != 100 || rate != 50 {
		t.Errorf("two nodes with 50/s: got %v, want 100", got)
	}
}

func TestLoadThatBeginsAgainIsCountedOn(t *testing.T) {
	f := newTestFold(1)
	for _, o := range []Observation{
		LoadSeen{At: sec(1), Life: 1, Connected: 10, Attempts: 12, Messages: Messages{Acked: 5, Undelivered: 1}},
		LoadSeen{At: sec(2), Life: 1, Connected: 0, Lost: 10, Attempts: 20, Messages: Messages{Acked: 7, Undelivered: 1}},
		LoadSeen{At: sec(5), Life: 2, Connected: 9, Lost: 1, Attempts: 10, Messages: Messages{Acked: 2, Undelivered: 1}},
		ReadBack{Lost: 3},
	} {
		f.Apply(o)
	}
	frame := f.Frame(sec(6))
	if frame.Messages != (Messages{Acked: 9, Undelivered: 2, Lost: 3}) || frame.Chain.Sessions != 11 || frame.Chain.Reconnects != 18 {
		t.Errorf("frame: got %+v, %+v, want both lives together", frame.Messages, frame.Chain)
	}
}

func TestExitsOfOneFrameAreOneFlag(t *testing.T) {
	f := newTestFold(6)
	for _, o := range append(process(1, ProcessStarted, 0, 1, 2, 3), process(2, ProcessExited, 70, 1, 2, 3)...) {
		f.Apply(o)
	}
	got := f.Frame(sec(3)).Flags
	if len(got) != 1 || got[0] != (Flag{T: 2000, Kind: FlagExit, Text: "node-1 and 2 more exited with code 70"}) {
		t.Errorf("flags: got %+v, want one", got)
	}
	if again := f.Frame(sec(3.2)).Flags; len(again) != 0 {
		t.Errorf("flags of the next frame: got %+v, want none", again)
	}
}

// TestHealIsFlaggedWhenNothingBadIsLeft: once each time, with the last of the bad keys.
func TestHealIsFlaggedWhenNothingBadIsLeft(t *testing.T) {
	f := newTestFold(1)
	write := func(at float64, key, verdict string) {
		f.Apply(WriteSeen{At: sec(at), Key: "/services/api/" + key, Verdict: verdict})
	}
	for round := range 2 {
		at := float64(10 * round)
		write(at, "a", "empty")
		write(at, "b", "null")
		write(at+1, "a", verdictGood)
		write(at+2, "b", verdictDeleted)
		write(at+3, "b", verdictGood)
		var got []string
		for _, flag := range f.Frame(sec(at + 4)).Flags {
			got = append(got, string(flag.Kind)+" "+flag.Text)
		}
		want := "[poison etcd holds 2 bad records, the first for a: empty heal etcd holds no bad record any more: b deleted]"
		if fmt.Sprint(got) != want {
			t.Errorf("round %d: flags:\n got %v\nwant %s", round, got, want)
		}
	}
}

func TestIncidentsAreFlagged(t *testing.T) {
	f := newTestFold(1)
	closed := int64(9000)
	for i, d := range []IncidentDetail{
		{ID: "1", Severity: "SEV3", Title: "sessions fell", OpenedMS: 1000},
		{ID: "1", Severity: "SEV1", Title: "sessions fell", OpenedMS: 1000},
		{ID: "1", Severity: "SEV1", Title: "sessions fell", OpenedMS: 1000},
		{ID: "1", Severity: "SEV1", Title: "sessions fell", OpenedMS: 1000, ClosedMS: &closed},
	} {
		f.Apply(IncidentsSeen{At: sec(float64(i)), Incidents: []IncidentDetail{d}})
	}
	frame := f.Frame(sec(9))
	var got []string
	for _, flag := range frame.Flags {
		got = append(got, fmt.Sprint(flag.T, " ", flag.Text))
	}
	want := "0 SEV3: incident 1 opened: sessions fell|1000 incident 1 is SEV1 now, after SEV3|3000 incident 1 closed"
	if strings.Join(got, "|") != want {
		t.Errorf("flags:\n got %s\nwant %s", strings.Join(got, "|"), want)
	}
	if fmt.Sprint(frame.Incidents) != "[{1 SEV1 sessions fell 1000 false}]" {
		t.Errorf("incidents: got %v", frame.Incidents)
	}
	if d, known := f.Incident("1"); !known || d.ClosedMS == nil {
		t.Errorf("incident 1: got %+v, want it", d)
	}
	if _, known := f.Incident("2"); known {
		t.Error("incident 2: got one, want none")
	}
}

func TestActEndsOnce(t *testing.T) {
	feed := NewFeed(Run{Acts: []Act{{Name: "naive"}}}, nil)
	r := NewRecorder(feed)
	r.Observe(ServingSeen{At: sec(0)}) // before the first act: nothing
	r.Begin(FoldConfig{Start: start, Nodes: []string{"node-1"}, Users: 1}, Act{Name: "naive"})
	r.Observe(ActOver{At: sec(1), Summary: "all is said"})
	r.Observe(ActOver{At: sec(2), Summary: "stopped"})
	r.Rest()
	r.Observe(Flagged{At: sec(3), Text: "too late"})
	last, err := feed.Last(0)
	if err != nil || last.Verdict.Text != "over: all is said" || len(last.Flags) > 0 || *feed.Run().Acts[0].End != sec(1).UnixMilli() {
		t.Errorf("act: got %+v, %v, want its first end", last, err)
	}
	if _, err := r.Key(badKey); err == nil {
		t.Error("key between acts: got a history, want none")
	}
}

func TestKeyHistorySaysWhoTookWhat(t *testing.T) {
	f := newTestFold(3)
	for _, o := range process(1, ProcessStarted, 0, 1, 2, 3) {
		f.Apply(o)
	}
	see := func(all []Observation) {
		for _, o := range all {
			f.Apply(o)
		}
	}
	see(wrote(1, "good", 5))
	see(told(1, actors.EventInstanceAdded, actors.Event{Key: badKey, Index: 5}, 3, 1))
	f.Apply(WriteSeen{At: sec(2), Key: badKey, Index: 7, Value: "<img onerror=\"x\">\n\x00", Verdict: "syntax"})
	see(quarantined(2, actors.EventKeyQuarantined, 1, 2))
	got, known := f.Key(badKey)
	want := `{/services/api/api-4 syntax the last good value (index 5) on 2 nodes ` +
		`[{1584368281000 5  good {[node-1 node-3] []}} {1584368282000 7 <img onerror="x">\n\x00 syntax {[] [node-1 node-2]}}]}`
	if !known || fmt.Sprint(got) != want {
		t.Errorf("history:\n got %v\nwant %s", got, want)
	}
	if _, known := f.Key("/services/api/api-9"); known {
		t.Error("a key nobody saw: got a history, want none")
	}
}

func TestShownIsShortAndOnOneLine(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", ""},
		{"plain", "plain"},
		{`{"v":1}`, `{"v":1}`},
		{"a\nb\x00\xff", `a\nb\x00\xff`},
		{strings.Repeat("x", 12), "xxxxxxxxxx…"},
		{"123456789é", "123456789…"},
		{"\u202egnp", `\u202egnp`},
	} {
		if got := shown(row.text, 10); got != row.want {
			t.Errorf("shown(%q): got %q, want %q", row.text, got, row.want)
		}
	}
}
