package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "otptrace:", err)
		os.Exit(1)
	}
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
