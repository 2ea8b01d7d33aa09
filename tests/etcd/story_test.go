package etcd

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestIncidentTellsTheRows holds the tables of docs/INCIDENT.md to the rows that
// the tests replay: each row is there once, with the outcome of each mode, and with
// a command that runs it and no other.
func TestIncidentTellsTheRows(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "INCIDENT.md"))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "| `go test") {
			told = append(told, line)
		}
	}
	missing := replayed()
	for _, line := range told {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 5 {
			t.Errorf("row %q: got %d cells, want a name, three outcomes and a command", line, len(cells))
			continue
		}
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " *`")
		}
		r, known := missing[cells[0]]
		if !known {
			t.Errorf("row %q: got no test of that name, or a second row of it", cells[0])
			continue
		}
		delete(missing, cells[0])
		for i, mode := range modes() {
			if got, want := cells[1+i], r.outcomes[mode]; got != want {
				t.Errorf("row %q in mode %s: the document says %q, the test %q", cells[0], mode, got, want)
			}
		}
		if got := selected(t, cells[4]); len(got) != 1 || got[0] != r.test+"/"+cells[0] {
			t.Errorf("row %q: its command runs %q, want this row alone", cells[0], got)
		}
	}
	for name := range missing {
		t.Errorf("row %q: got no line in docs/INCIDENT.md, want one", name)
	}
}

// replayedRow is a row of either table: the test that replays it, and its outcomes.
type replayedRow struct {
	test     string
	outcomes map[string]string
}

func replayed() map[string]replayedRow {
	all := map[string]replayedRow{}
	for _, r := range rows() {
		all[r.name] = replayedRow{"TestTornWrites", r.outcomes()}
	}
	for _, r := range clientRows() {
		all[r.name] = replayedRow{"TestClientWrites", r.outcomes()}
	}
	return all
}

// selected are the rows that a command runs, by the rules of go test: the parts of
// the pattern are matched level by level, and an empty one matches all modes.
func selected(t *testing.T, command string) []string {
	t.Helper()
	pattern, found := strings.CutPrefix(command, "go test -v ./tests/etcd -run ")
	parts := strings.Split(pattern, "/")
	if !found || len(parts) != 3 || parts[1] != "" {
		t.Errorf("command %q: want it like go test -v ./tests/etcd -run TornWrites//^a1_", command)
		return nil
	}
	var names []string
	for name, r := range replayed() {
		level, _, _ := strings.Cut(strings.ReplaceAll(name, " ", "_"), "/")
		if regexp.MustCompile(parts[0]).MatchString(r.test) && regexp.MustCompile(parts[2]).MatchString(level) {
			names = append(names, r.test+"/"+name)
		}
	}
	slices.Sort(names)
	return names
}
