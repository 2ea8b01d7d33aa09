package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// environment fills flags that the arguments leave out, each from a variable of
// its own.
type environment struct {
	lookup func(string) (string, bool)
	// used are the flags that were taken from the environment.
	used []*kong.Flag
}

// Validate has nothing to check before the values are read.
func (e *environment) Validate(*kong.Application) error { return nil }

// Resolve reads the variable of one flag; nil means that it is not set.
func (e *environment) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	name, ok := variable(flag.Name)
	if !ok || e.lookup == nil {
		return nil, nil
	}
	value, ok := e.lookup(name)
	if !ok {
		return nil, nil
	}
	e.used = append(e.used, flag)
	return value, nil
}

// blame names the variable instead of the flag in a message about a value that
// came from the environment.
func (e *environment) blame(message string) string {
	for _, flag := range e.used {
		name, _ := variable(flag.Name)
		// Kong begins a message about a value with the flag's summary.
		for _, prefix := range []string{flag.ShortSummary(), "--" + flag.Name} {
			if rest, ok := strings.CutPrefix(message, prefix); ok {
				return "environment variable " + name + rest
			}
		}
	}
	return message
}

// variable is the environment variable of a flag; help and version have none.
func variable(flag string) (name string, ok bool) {
	if flag == "help" || flag == "version" {
		return "", false
	}
	return "FIREBREAK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")), true
}

// describeFlag is a flag's help text with the variable beside it.
func describeFlag(value *kong.Value) string {
	if value.Flag == nil {
		return value.Help
	}
	name, ok := variable(value.Flag.Name)
	if !ok {
		return value.Help
	}
	return fmt.Sprintf("%s ($%s)", value.Help, name)
}
