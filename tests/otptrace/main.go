package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
)

const usage = "usage: otptrace [-actors] < SCENARIO (-actors: by the supervisors of package actors, not by the machine alone)"

func main() {
	live, err := parseFlags(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, err = fmt.Fprintln(os.Stdout, usage)
	case live:
		inTest(func(t *testing.T) {
			t.Helper()
			exit(runLive(t, os.Stdin, os.Stdout))
		})
	case err == nil:
		err = run(os.Stdin, os.Stdout)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "otptrace:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// inTest calls the function, which ends the process, in a test: what begins a bubble of virtual time wants one.
func inTest(play func(t *testing.T)) {
	os.Args = os.Args[:1] // the flags are ours
	anything := func(string, string) (bool, error) { return true, nil }
	testing.Main(anything, []testing.InternalTest{{Name: "actors", F: play}}, nil, nil)
}

func parseFlags(args []string) (live bool, err error) {
	flags := flag.NewFlagSet("otptrace", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&live, "actors", false, "")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return false, err
	} else if err != nil {
		return false, fmt.Errorf("%w; %s", err, usage)
	}
	if flags.NArg() > 0 {
		return false, fmt.Errorf("the scenario comes on standard input, not as %q; %s", flags.Arg(0), usage)
	}
	return live, nil
}

// run prints the trace of the scenario that it reads. A scenario that is not understood prints nothing.
func run(in io.Reader, out io.Writer) error {
	sc, err := parse(in)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, newWorld(sc).play())
	return err
}
