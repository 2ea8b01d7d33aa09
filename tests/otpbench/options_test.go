package main

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
)

func TestParseOptions(t *testing.T) {
	for _, test := range []struct {
		name, args string
		rounds     int
		rows       string
		n          int // of the first row
		err        string
	}{
		{name: "defaults", rounds: 5, rows: strings.Join(names(rows(false)), ","), n: 20_000},
		{name: "quick is once and a tenth", args: "--quick --rounds 9", rounds: 1, rows: strings.Join(names(rows(false)), ","), n: 2_000},
		{name: "rows keep their order", args: "--rows memory,storm-error", rounds: 5, rows: "storm-error,memory", n: 10_000},
		{name: "least", args: "--rounds 1 --rows start", rounds: 1, rows: "start", n: 100_000},
		{name: "no rounds", args: "--rounds 0", err: "--rounds 0 is not from 1 to 101"},
		{name: "too many rounds", args: "--rounds 102", err: "--rounds 102 is not from 1 to 101"},
		{name: "unknown row", args: "--rows memory,speed", err: `"speed" is none of restart-error`},
		{name: "empty row", args: "--rows memory,", err: `"" is none of`},
		{name: "unknown flag", args: "--fast", err: "flag provided but not defined"},
		{name: "argument", args: "memory", err: `argument "memory"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, err := parseOptions(strings.Fields(test.args), io.Discard)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "\n") {
					t.Fatalf("error: got %v, want one line with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(names(o.rows), ","); got != test.rows || o.rounds != test.rounds || o.rows[0].n != test.n {
				t.Errorf("options: got %d rounds of %s, first with %d, want %d of %s, first with %d",
					o.rounds, got, o.rows[0].n, test.rounds, test.rows, test.n)
			}
		})
	}
}

func TestHelpGoesToOutput(t *testing.T) {
	var out strings.Builder
	if _, err := parseOptions([]string{"--help"}, &out); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("error: got %v, want %v", err, flag.ErrHelp)
	}
	for _, want := range []string{"Usage:", "measure SIDE ROW N", "-rounds", "-quick"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("help: got %q, want it to hold %q", out.String(), want)
		}
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); err != nil {
		t.Errorf("run -h: got %v, want no error", err)
	}
}

func TestParseJob(t *testing.T) {
	for _, test := range []struct{ name, args, err string }{
		{name: "ours", args: "ours memory-function 7"},
		{name: "most", args: "protoactor start 200000"},
		{name: "too few words", args: "ours start", err: "SIDE ROW N"},
		{name: "no such side", args: "otp start 7", err: `"otp" is neither`},
		{name: "no such row", args: "ours speed 7", err: `ours has no row "speed"`},
		{name: "not this side's row", args: "protoactor memory-function 7", err: "protoactor has no row"},
		{name: "none", args: "ours start 0", err: `"0" is not a number from 1 to 200000`},
		{name: "too many", args: "ours start 200001", err: "200001"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseJob(strings.Fields(test.args))
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error: got %v, want %q", err, test.err)
			}
		})
	}
}
