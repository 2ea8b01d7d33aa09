package cli

import (
	"errors"
	"fmt"
	"strings"
)

// What the process ends with.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitBad    = 3
	exitGaveUp = 70
)

// errShown means that the command line asked for text (help, version) that has
// been printed: there is nothing left to do.
var errShown = errors.New("shown")

// exitError is an error that ends the process with a code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// withCode makes err end the process with code.
func withCode(code int, err error) error { return &exitError{code: code, err: err} }

// usagef is a mistake in the arguments or the environment.
func usagef(format string, args ...any) error {
	return withCode(exitUsage, fmt.Errorf(format, args...))
}

// exitCode is what the process ends with after err.
func exitCode(err error) int {
	if err == nil || errors.Is(err, errShown) {
		return exitOK
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return exitFailed
}

// oneLine makes any error fit on a line: an error of the environment may quote
// input with line ends, and a joined error has one for each part.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// exitCodes is the part of a command's help that lists what it may end with.
func exitCodes(more ...string) string {
	lines := append([]string{
		"Exit codes:",
		"",
		"    0    it did what was asked, or was told to stop",
		"    1    it failed at run time; the last line on stderr says why",
		"    2    an argument or environment variable is wrong",
	}, more...)
	return strings.Join(lines, "\n")
}
