package observe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/actors/observe"
)

func TestLog(t *testing.T) {
	tests := []struct {
		name  string
		event actors.Event
		level string
		field string
		value any
	}{
		{"a bad key warns", actors.Event{Kind: actors.EventKeyQuarantined, Key: "/services/api/a", Class: "empty"}, "warn", "class", "empty"},
		{"its entry's exit is routine", actors.Event{Kind: actors.EventChildExited, Exit: "error", Class: "data"}, "debug", "class", "data"},
		{"a bug's exit warns", actors.Event{Kind: actors.EventChildExited, Exit: "panic", Class: "bug"}, "warn", "exit", "panic"},
		{"an orderly exit is routine", actors.Event{Kind: actors.EventChildExited, Exit: "shutdown"}, "debug", "exit", "shutdown"},
		{"a lost source says what is served", actors.Event{Kind: actors.EventSourceFailed, Instances: 3}, "warn", "instances", 3.0},
		{"a first failed announcement warns", actors.Event{Kind: actors.EventAnnounceRetry, Attempt: 1}, "warn", "attempt", 1.0},
		{"a second is the same state", actors.Event{Kind: actors.EventAnnounceRetry, Attempt: 2}, "debug", "attempt", 2.0},
		{"a root that gives up is an error", actors.Event{Kind: actors.EventSupervisorGaveUp, Child: "root"}, "error", "child", "root"},
		{"a kind from the future is printed", actors.Event{Kind: "new_kind"}, "debug", "message", "new_kind"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			observe.Log(zerolog.New(&out))(test.event)
			var line map[string]any
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatalf("line %q: got %v, want JSON", out.String(), err)
			}
			if line["level"] != test.level || line[test.field] != test.value {
				t.Errorf("line: got %v, want level %s and %s=%v", line, test.level, test.field, test.value)
			}
		})
	}
}

// logged runs the script and returns what was logged, a text per line. Lines are
// written by whoever caused them and by timers, which synctest tells apart.
func logged(t *testing.T, at zerolog.Level, script func(see func(...actors.Event))) []string {
	t.Helper()
	var lines []string
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := observe.Log(zerolog.New(zerolog.SyncWriter(&out)).Level(at))
		script(func(events ...actors.Event) {
			for _, e := range events {
				log(e)
			}
			synctest.Wait()
		})
		synctest.Wait()
		for text := range strings.Lines(out.String()) {
			var line struct {
				Level, Event, Child, Key, Supervisor, Service, Message string
				More                                                   int
				SuchAs                                                 []string `json:"such_as"`
			}
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatalf("line %q: got %v, want JSON", text, err)
			}
			shown := line.Level + " " + line.Event + " " + line.Child + line.Key
			if line.More > 0 {
				shown = fmt.Sprintf("%s %s %s%s: %d more, such as %s", line.Level, line.Event, line.Supervisor, line.Service,
					line.More, strings.Join(line.SuchAs, " "))
			}
			lines = append(lines, shown)
		}
	})
	return lines
}

func bad(key int) actors.Event {
	return actors.Event{Kind: actors.EventKeyQuarantined, Service: "api", Key: fmt.Sprint("/api/", key), Class: "empty"}
}

// TestLogOfBursts: whatever the registry holds, what is logged stays readable.
func TestLogOfBursts(t *testing.T) {
	exited := func(supervisor, class string) actors.Event {
		return actors.Event{Kind: actors.EventChildExited, Supervisor: supervisor, Child: supervisor + "/a", Exit: "error", Class: class}
	}
	down := func(supervisor string) actors.Event {
		return actors.Event{Kind: actors.EventSupervisorDown, Supervisor: supervisor, Child: supervisor}
	}
	tests := []struct {
		name   string
		script func(see func(...actors.Event))
		want   []string
	}{
		{"10,000 bad keys are one line and a count", func(see func(...actors.Event)) {
			for i := range 10_000 {
				see(bad(i))
			}
			time.Sleep(time.Second)
		}, []string{
			"warn key_quarantined /api/0",
			"warn key_quarantined api: 9999 more, such as /api/1 /api/2 /api/3 /api/4 /api/5",
		}},
		{"a single one behind the first is told in full", func(see func(...actors.Event)) {
			see(bad(0), bad(1))
			time.Sleep(time.Second)
		}, []string{"warn key_quarantined /api/0", "warn key_quarantined /api/1"}},
		{"what is a second apart is no burst", func(see func(...actors.Event)) {
			for i := range 3 {
				see(bad(i))
				time.Sleep(time.Second)
			}
		}, []string{"warn key_quarantined /api/0", "warn key_quarantined /api/1", "warn key_quarantined /api/2"}},
		{"a burst that does not end is told every ten seconds", func(see func(...actors.Event)) {
			for range 40 {
				see(bad(0))
				time.Sleep(490 * time.Millisecond) // so that no event meets the count's time
			}
			time.Sleep(time.Second)
		}, []string{
			"warn key_quarantined /api/0",
			"warn key_quarantined api: 20 more, such as /api/0",
			"warn key_quarantined api: 19 more, such as /api/0",
		}},
		{"a new burst comes behind the count of the last", func(see func(...actors.Event)) {
			see(bad(0), bad(1), bad(2))
			time.Sleep(5 * time.Second)
			see(bad(3))
		}, []string{
			"warn key_quarantined /api/0",
			"warn key_quarantined api: 2 more, such as /api/1 /api/2",
			"warn key_quarantined /api/3",
		}},
		{"supervisors and levels are told apart", func(see func(...actors.Event)) {
			see(exited("root", "data"), exited("root", "bug"), exited("root/b", "bug"), exited("root", "bug"), exited("root", "bug"))
			time.Sleep(time.Second)
		}, []string{"warn child_exited root/a", "warn child_exited root/b/a", "warn child_exited root: 2 more, such as root/a"}},
		{"nothing is kept back when the tree is down", func(see func(...actors.Event)) {
			see(exited("root", "bug"), exited("root/b", "bug"), exited("root/b", "bug"), exited("root/b", "bug"), down("root/b"))
			see(bad(0), bad(1), bad(2), down("root"))
		}, []string{
			"warn child_exited root/a", "warn child_exited root/b/a",
			"warn key_quarantined /api/0",
			"warn child_exited root/b: 2 more, such as root/b/a",
			"warn key_quarantined api: 2 more, such as /api/1 /api/2",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := logged(t, zerolog.InfoLevel, test.script); !slices.Equal(got, test.want) {
				t.Errorf("log: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// TestLogTellsApartOnlySoMuch: whoever makes very many supervisors gets one
// burst for those that are too many, and each of the others one of its own.
func TestLogTellsApartOnlySoMuch(t *testing.T) {
	const supervisors, apart = 5000, 1024
	got := logged(t, zerolog.InfoLevel, func(see func(...actors.Event)) {
		for i := range supervisors {
			path := fmt.Sprint("root/", i)
			see(actors.Event{Kind: actors.EventSupervisorGaveUp, Supervisor: path, Child: path})
		}
		time.Sleep(time.Second)
	})
	want := fmt.Sprintf("error supervisor_gave_up : %d more, such as root/1025 root/1026 root/1027 root/1028 root/1029", supervisors-apart-1)
	if len(got) != apart+2 || got[len(got)-1] != want {
		t.Errorf("log: got %d lines, the last %q, want %d and %q", len(got), got[len(got)-1], apart+2, want)
	}
}

// TestLogHasNoCountOfWhatItDoesNotShow: a level that is off is off.
func TestLogHasNoCountOfWhatItDoesNotShow(t *testing.T) {
	got := logged(t, zerolog.ErrorLevel, func(see func(...actors.Event)) {
		see(bad(0), bad(1), bad(2))
		time.Sleep(time.Minute)
	})
	if len(got) > 0 {
		t.Errorf("log at level error: got %q, want nothing", got)
	}
}
