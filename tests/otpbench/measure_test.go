package main

import (
	"errors"
	"strings"
	"testing"
)

// few is crashes for one batch, and children for a storm.
const few = 50

// TestEveryRowCanBeMeasured holds the sides in Go to the format that they are read in.
func TestEveryRowCanBeMeasured(t *testing.T) {
	for _, r := range rows(true) {
		for _, side := range r.sides {
			if side == otp {
				continue
			}
			t.Run(r.name+"/"+side, func(t *testing.T) {
				var out strings.Builder
				if err := measure(t.Context(), job{side, r.name, few}, &out); err != nil {
					t.Fatal(err)
				}
				samples, err := parseSamples(r.name, out.String())
				if err != nil || len(samples) != len(variants(side, r.name)) {
					t.Errorf("samples: got %v, %v, want one for each of %d variants", samples, err, len(variants(side, r.name)))
				}
			})
		}
	}
}

func TestErlangMeasuresEveryRow(t *testing.T) {
	vm, err := findErlang(t.Context())
	if errors.Is(err, errNoErlang) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer vm.remove()
	if !strings.HasPrefix(vm.version, "Erlang/OTP ") {
		t.Errorf("version: got %q, want Erlang/OTP's", vm.version)
	}
	for _, r := range rows(true) {
		if !r.has(otp) {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			r.n = few
			samples, err := measureApart(t.Context(), vm, "", otp, r)
			if err != nil || len(samples) != 4 {
				t.Errorf("samples: got %v, %v, want four", samples, err)
			}
		})
	}
	if _, err := measureApart(t.Context(), vm, "", otp, row{name: "speed"}); err == nil || !strings.Contains(err.Error(), "function_clause") {
		t.Errorf("unknown row: got %v, want bench.erl's complaint", err)
	}
}

func TestWithoutErlangOneLineIsPrinted(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var out strings.Builder
	if err := run(t.Context(), nil, &out, &out); err != nil {
		t.Fatalf("run: got %v, want no error", err)
	}
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "apt-get install erlang-base") {
		t.Errorf("output: got %q, want one line that says what to install", got)
	}
}
