package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// child is one life of a process: a running child of ours.
type child struct {
	pid int
	// exited delivers the exit code, once.
	exited <-chan int
	// terminate asks the child to stop; kill ends it whether it wants or not.
	terminate, kill func()
	// pause keeps the child from running, and resume lets it go on.
	pause, resume func() error
}

// spawn returns the starter that runs binary. The child's standard input is a
// lifeline pipe: it reaches its end when we are gone, however we went.
func spawn(binary string) starter {
	env := childEnvironment(os.Environ())
	return func(s spec) (*child, error) {
		out, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, fmt.Errorf("%s: log file: %w", s.Name, err)
		}
		defer out.Close() // the child has its own copy
		read, write, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("%s: lifeline: %w", s.Name, err)
		}
		defer read.Close()

		// Not bound to a context: a process is asked to stop before it is forced.
		cmd := exec.Command(binary, s.Args...) //nolint:noctx // ended by terminate and kill
		cmd.Env, cmd.SysProcAttr = env, ownGroup()
		cmd.Stdin, cmd.Stdout, cmd.Stderr = read, out, out
		if err := cmd.Start(); err != nil {
			_ = write.Close()
			// The reason goes where the process itself would have said it.
			_, _ = fmt.Fprintln(out, err)
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		exited := make(chan int, 1)
		go func() {
			// Its error only repeats the exit code.
			_ = cmd.Wait()
			_ = write.Close()
			exited <- exitCode(cmd.ProcessState)
		}()
		return &child{
			pid: cmd.Process.Pid, exited: exited,
			terminate: func() {
				_ = resumeProcess(cmd.Process) // a paused child would not hear of it
				terminate(cmd.Process, write)
			},
			pause:  func() error { return pauseProcess(cmd.Process) },
			resume: func() error { return resumeProcess(cmd.Process) },
			kill:   func() { _ = cmd.Process.Kill() }, // an error means that it is gone already
		}, nil
	}
}

// terminate asks a child to stop: by SIGTERM, or by cutting its lifeline where
// that signal does not exist.
func terminate(process *os.Process, lifeline *os.File) {
	if err := process.Signal(syscall.SIGTERM); err != nil {
		_ = lifeline.Close()
	}
}

// exitCode is the code a shell would show: 128 plus the signal's number for a
// process that a signal ended.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// exitReason says an exit code in words, as the roles document their codes.
func exitReason(code int) string {
	switch code {
	case codeNotBegun:
		return "it could not be started"
	case 0:
		return "it ended by itself"
	case 1:
		return "it failed"
	case 2:
		return "it refused its flags"
	case 70:
		return "restart intensity exceeded"
	case 128 + int(syscall.SIGKILL):
		return "killed"
	case 128 + int(syscall.SIGTERM):
		return "terminated"
	}
	if code > 128 {
		return fmt.Sprintf("signal %d", code-128)
	}
	return "unknown"
}

// childEnvironment is ours without the variables that stand for flags: a child
// gets its flags from us alone. How to log may be said from outside.
func childEnvironment(env []string) []string {
	kept := make([]string, 0, len(env))
	for _, v := range env {
		if !strings.HasPrefix(v, "FIREBREAK_") || strings.HasPrefix(v, "FIREBREAK_LOG_") {
			kept = append(kept, v)
		}
	}
	return kept
}
