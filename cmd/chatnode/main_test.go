package main

import (
	"bytes"
	"strings"
	"testing"
)

func noVariables(string) (string, bool) { return "", false }

func TestRunReturnsTheExitCodeAndOneLine(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"demo", "--nodes=none"}, strings.NewReader(""), &stdout, &stderr, noVariables)
	if code != 2 {
		t.Errorf("exit code: got %d, want 2", code)
	}
	if got := stderr.String(); !strings.Contains(got, "--nodes") || strings.Count(got, "\n") != 1 {
		t.Errorf("stderr: got %q, want one line that names --nodes", got)
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout: got %q, want nothing", stdout.String())
	}
}

func TestRunPrintsTheVersion(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--version"}, strings.NewReader(""), &stdout, &stderr, noVariables)
	if code != 0 || !strings.HasPrefix(stdout.String(), "chatnode ") || stderr.Len() > 0 {
		t.Errorf("--version: got code %d, stdout %q, stderr %q; want 0, the build, nothing", code, stdout.String(), stderr.String())
	}
}
