package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "otpbench:", err)
		os.Exit(1)
	}
}

// run prints the table on stdout and its progress on stderr, or the lines of one measurement on stdout.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == "measure" {
		j, err := parseJob(args[1:])
		if err != nil {
			return err
		}
		return measure(ctx, j, stdout)
	}
	o, err := parseOptions(args, stdout)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	vm, err := findErlang(ctx)
	if errors.Is(err, errNoErlang) {
		fmt.Fprintln(stdout, err)
		return nil
	}
	if err != nil {
		return err
	}
	defer vm.remove()
	return compare(ctx, o, vm, stdout, stderr)
}
