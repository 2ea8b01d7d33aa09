package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxReproducer is how many lines somebody else is asked to read.
const maxReproducer = 40

// TestUpstreamProgram runs the program of docs/UPSTREAM.md as its reader would, and
// holds the output that is printed there to what it says.
func TestUpstreamProgram(t *testing.T) {
	report, err := os.ReadFile(filepath.Join(root, "docs", "UPSTREAM.md"))
	if err != nil {
		t.Fatal(err)
	}
	program, rest, found := block(string(report), "```go\n")
	want, _, alsoFound := block(rest, "```\n")
	if !found || !alsoFound {
		t.Fatal("docs/UPSTREAM.md: got no program with its output, want both as blocks of code, in that order")
	}
	if lines := strings.Count(program, "\n"); lines >= maxReproducer {
		t.Errorf("program: got %d lines, want under %d", lines, maxReproducer)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "main.go")
	if err := os.WriteFile(path, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", path)
	cmd.Dir = dir
	got, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go run of the program: %v\n%s", err, got)
	}
	if string(got) != want {
		t.Errorf("program: it prints\n%s\nthe report says\n%s", got, want)
	}
}

// block cuts the first block of code that starts with the fence, and what follows it.
func block(text, fence string) (code, rest string, found bool) {
	_, text, opened := strings.Cut(text, "\n"+fence)
	code, rest, closed := strings.Cut(text, "```\n")
	return code, rest, opened && closed
}
