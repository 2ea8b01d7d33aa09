package supervision_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A scenario file is a list of blocks: commands, a line "----", what they caused, an empty line. Lines that begin with #
// are comments. The commands are those of interpreter.do; go test -run TestScenarios -update rewrites the results.
var update = flag.Bool("update", false, "rewrite the results in testdata/*.txt")

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("scenario files: got %d (%v), want some", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScenario(t, string(raw))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(raw) {
				t.Errorf("%s: got other results than the file has; first difference:\n%s", file, firstDifference(got, string(raw)))
			}
		})
	}
}

// runScenario returns the file with the results that its commands have now.
func runScenario(t *testing.T, text string) string {
	t.Helper()
	in := &interpreter{}
	var out strings.Builder
	inResult := false
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case line == "":
			inResult = false
			out.WriteString("\n")
		case line == "----":
			inResult = true
			out.WriteString("----\n" + in.takeOutput())
		case inResult: // the old result
		case strings.HasPrefix(line, "#"):
			out.WriteString(line + "\n")
		default:
			out.WriteString(line + "\n")
			if err := in.do(strings.Fields(line)); err != nil {
				t.Fatalf("command %q: %v", line, err)
			}
		}
	}
	return out.String()
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		line := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return "(end)"
		}
		if line(g) != line(w) {
			return "got:  " + line(g) + "\nwant: " + line(w)
		}
	}
	return "none"
}
