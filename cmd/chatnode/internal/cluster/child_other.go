//go:build !unix

package cluster

import (
	"errors"
	"os"
	"syscall"
)

// ownGroup is a matter of unix terminals.
func ownGroup() *syscall.SysProcAttr { return nil }

func pauseProcess(*os.Process) error { return errors.New("this system cannot pause a process") }

func resumeProcess(*os.Process) error { return nil }
