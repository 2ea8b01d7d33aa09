package observe_test

import (
	"bytes"
	"encoding/json"
	"testing"

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
