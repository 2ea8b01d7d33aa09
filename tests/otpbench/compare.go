package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// measurementLimit ends a measurement that hangs. The longest, OTP's storm, takes half a minute on a busy machine.
const measurementLimit = 5 * time.Minute

// killGrace is how long the pipes of an ended measurement may stay open.
const killGrace = 2 * time.Second

// results are the figures of each row, by side.
type results map[string]map[string]figures

func (r results) add(row, side string, all []sample) {
	if r[row] == nil {
		r[row] = make(map[string]figures)
	}
	if r[row][side] == nil {
		r[row][side] = make(figures)
	}
	r[row][side].add(all)
}

// compare measures every row on every side, round after round, and prints the table.
func compare(ctx context.Context, o options, vm *erlang, stdout, stderr io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	all := make(results)
	for round := range o.rounds {
		for _, r := range o.rows {
			progress := []string{fmt.Sprintf("round %d of %d: %s:", round+1, o.rounds, r.name)}
			for i := range r.sides {
				side := r.sides[(i+round)%len(r.sides)]
				samples, err := measureApart(ctx, vm, self, side, r)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", r.name, side, err)
				}
				all.add(r.name, side, samples)
				progress = append(progress, side, spellSamples(r, samples))
			}
			fmt.Fprintln(stderr, strings.Join(progress, " "))
		}
	}
	fmt.Fprintf(stdout, "%s; %s, GOMAXPROCS %d; median of %d\n", vm.version, runtime.Version(), runtime.GOMAXPROCS(0), o.rounds)
	if o.quick {
		fmt.Fprintln(stdout, "A quick run: the figures mean nothing.")
	}
	fmt.Fprintln(stdout)
	return writeTables(stdout, o.rows, all)
}

// measureApart takes one measurement in a process of its own.
func measureApart(ctx context.Context, vm *erlang, self, side string, r row) ([]sample, error) {
	ctx, cancel := context.WithTimeout(ctx, measurementLimit)
	defer cancel()
	c := exec.CommandContext(ctx, self, "measure", side, r.name, strconv.Itoa(r.n))
	if side == otp {
		c = vm.command(ctx, r.name, r.n)
	}
	c.WaitDelay = killGrace
	text, err := output(c)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("ended before it was finished: %w", ctx.Err())
	}
	if err != nil {
		return nil, err
	}
	return parseSamples(r.name, text)
}

func spellSamples(r row, all []sample) string {
	var words []string
	for _, s := range all {
		words = append(words, spell(r, s.value))
	}
	return strings.Join(words, "/")
}
