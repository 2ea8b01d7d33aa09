package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestFlags(t *testing.T) {
	tests := []struct {
		name, args string
		live       bool
		want       string // how the error begins
	}{
		{"none", "", false, ""},
		{"actors", "-actors", true, ""},
		{"two dashes", "--actors", true, ""},
		{"no actors", "-actors=false", false, ""},
		{"help", "--help", false, flag.ErrHelp.Error()},
		{"unknown", "-actor", false, "flag provided but not defined: -actor; usage: otptrace"},
		{"no boolean", "-actors=maybe", false, `invalid boolean value "maybe" for -actors`},
		{"a file", "x.scn", false, `the scenario comes on standard input, not as "x.scn"; usage: otptrace`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			live, err := parseFlags(strings.Fields(tt.args))
			if live != tt.live || (err == nil) != (tt.want == "") {
				t.Fatalf("parseFlags: got %v and %v, want %v and %q", live, err, tt.live, tt.want)
			}
			if err != nil && (!strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("error: got %q, want one line that begins with %q", err, tt.want)
			}
		})
	}
}

// TestCommand runs the program itself: only the trace reaches standard output.
func TestCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	program := filepath.Join(t.TempDir(), "otptrace")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	trace, err := os.ReadFile("testdata/conf/c054_stop_infinity_slow.trace")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, args, scenario string
		stdout, stderr       string
		code                 int
	}{
		{"machine", "", "c054_stop_infinity_slow", string(trace), "", 0},
		{"actors", "-actors", "c054_stop_infinity_slow", string(trace), "", 0},
		{"help", "-h", "", usage + "\n", "", 0},
		{"bad flag", "-x", "", "", "otptrace: flag provided but not defined: -x; " + usage + "\n", 1},
		{"bad scenario", "-actors", "", "", "otptrace: line 1: no supervisor: declare one with: sup r STRATEGY INTENSITY PERIOD\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var scenario []byte
			if tt.scenario != "" {
				if scenario, err = os.ReadFile("testdata/conf/" + tt.scenario + ".scn"); err != nil {
					t.Fatal(err)
				}
			}
			var stdout, stderr bytes.Buffer
			command := exec.CommandContext(t.Context(), program, strings.Fields(tt.args)...)
			command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(scenario), &stdout, &stderr
			code := 0
			if err := command.Run(); err != nil {
				failed, ok := errors.AsType[*exec.ExitError](err)
				if !ok {
					t.Fatal(err)
				}
				code = failed.ExitCode()
			}
			if code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
				t.Errorf("got code %d, output:\n%s\nerrors:\n%s\nwant code %d, output:\n%s\nerrors:\n%s",
					code, &stdout, &stderr, tt.code, tt.stdout, tt.stderr)
			}
		})
	}
}
