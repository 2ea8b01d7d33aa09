//go:build !unix

package cluster

import "syscall"

// ownGroup is a matter of unix terminals.
func ownGroup() *syscall.SysProcAttr { return nil }
