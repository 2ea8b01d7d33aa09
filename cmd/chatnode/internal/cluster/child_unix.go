//go:build unix

package cluster

import (
	"os"
	"syscall"
)

// ownGroup puts a child into a process group of its own, so that a Ctrl-C on
// the terminal reaches the controller alone, which stops its children in order.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// pauseProcess keeps a child from running. Should we end meanwhile, the system ends
// it: its group is then an orphan with a stopped member.
func pauseProcess(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

func resumeProcess(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
