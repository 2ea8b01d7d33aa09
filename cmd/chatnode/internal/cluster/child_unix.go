//go:build unix

package cluster

import "syscall"

// ownGroup puts a child into a process group of its own, so that a Ctrl-C on
// the terminal reaches the controller alone, which stops its children in order.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
