// Package cli is the command tree of chatnode: it turns arguments and
// environment into one running role, and whatever goes wrong into one line.
//
// [Run] parses, runs the chosen command and returns its exit code. Every role has
// a file of its own that reads as its wiring diagram, top to bottom: what it
// needs, its listeners, its backend, its runtime, wait, stop in reverse order.
//
// What holds for every command:
//   - A flag has an environment variable, FIREBREAK_ and its name in capitals;
//     an argument wins over the environment.
//   - Bad input is one line on stderr that names it and says what to do, and an
//     exit code other than 0 (exit.go); never a stack trace.
//   - Standard output is for results, standard error for the log and for errors.
//   - A role waits for what it needs (etcd, the store) and says once that it waits
//     and once that it waits no longer. A one-shot command fails instead.
//   - A role with --lifeline ends when its standard input does: within 1.5 s, also
//     when something in it does not stop.
package cli
