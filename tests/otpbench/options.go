package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// maxRounds keeps a run from taking a day by a slip of the finger.
const maxRounds = 101

const usage = `Usage: otpbench [flags]
       otpbench measure SIDE ROW N

Measures the supervisors of Erlang/OTP, protoactor's own and ours side by side
and prints a table. Needs Erlang (apt-get install erlang-base); without it, it
says so and ends.

The second form prints one measurement of protoactor or ours with N crashes or
children, as lines "ROW VARIANT VALUE" in nanoseconds or bytes.

Flags:
`

// options is what the table's command line says.
type options struct {
	rounds int
	quick  bool
	rows   []row
}

// parseOptions reads the flags. Asked for help, it prints it and returns flag.ErrHelp.
func parseOptions(args []string, stdout io.Writer) (options, error) {
	set := flag.NewFlagSet("otpbench", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	rounds := set.Int("rounds", 5, "how many times each side is measured, `N`; a figure is the median")
	list := set.String("rows", "", "only these `ROWS`, separated by commas: "+strings.Join(names(rows(false)), ",")+"\n(default all)")
	quick := set.Bool("quick", false, "a tenth of the crashes and children, once: shows that it works, the figures mean nothing")
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			_, _ = io.WriteString(stdout, usage)
			set.SetOutput(stdout)
			set.PrintDefaults()
		}
		return options{}, err
	}
	if set.NArg() > 0 {
		return options{}, fmt.Errorf("argument %q is not understood: see --help", set.Arg(0))
	}
	if *rounds < 1 || *rounds > maxRounds {
		return options{}, fmt.Errorf("--rounds %d is not from 1 to %d", *rounds, maxRounds)
	}
	if *quick {
		*rounds = 1
	}
	chosen, err := chooseRows(rows(*quick), *list)
	return options{rounds: *rounds, quick: *quick, rows: chosen}, err
}

func chooseRows(all []row, list string) ([]row, error) {
	if list == "" {
		return all, nil
	}
	wanted := strings.Split(list, ",")
	for _, name := range wanted {
		if !slices.Contains(names(all), name) {
			return nil, fmt.Errorf("--rows: %q is none of %s", name, strings.Join(names(all), ", "))
		}
	}
	return slices.DeleteFunc(all, func(r row) bool { return !slices.Contains(wanted, r.name) }), nil
}

// maxN bounds the crashes or children of one measurement; OTP's default number of processes is below.
const maxN = 200_000

// job is one measurement of one side.
type job struct {
	side, row string
	n         int
}

func parseJob(args []string) (job, error) {
	if len(args) != 3 {
		return job{}, errors.New("measure needs SIDE ROW N: see --help")
	}
	j := job{side: args[0], row: args[1]}
	if j.side != protoactor && j.side != ours {
		return job{}, fmt.Errorf("measure: side %q is neither %s nor %s", j.side, protoactor, ours)
	}
	i := slices.IndexFunc(rows(false), func(r row) bool { return r.name == j.row })
	if i < 0 || !rows(false)[i].has(j.side) {
		return job{}, fmt.Errorf("measure: %s has no row %q", j.side, j.row)
	}
	var err error
	if j.n, err = strconv.Atoi(args[2]); err != nil || j.n < 1 || j.n > maxN {
		return job{}, fmt.Errorf("measure: %q is not a number from 1 to %d", args[2], maxN)
	}
	return j, nil
}
