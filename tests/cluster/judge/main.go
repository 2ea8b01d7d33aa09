package main

import (
	"fmt"
	"io"
	"os"

	"github.com/firebreak-go/firebreak/tests/cluster/verdict"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run judges the files that are named; it returns the exit code.
func run(files []string, stdout, stderr io.Writer) int {
	if len(files) == 0 {
		_, _ = fmt.Fprintln(stderr, "judge: no file is named; give what chatnode demo --json wrote")
		return 2
	}
	code := 0
	for _, file := range files {
		report, err := verdict.Read(file)
		if err != nil {
			_, _ = fmt.Fprintln(stderr, "judge:", err)
			return 1
		}
		for _, fault := range report.Faults() {
			_, _ = fmt.Fprintf(stderr, "judge: %s: %s\n", file, fault)
			code = 1
		}
		_, _ = fmt.Fprintf(stdout, "%s: %d acts, exit code %d\n", file, len(report.Acts), code)
	}
	return code
}
