//go:build unix

package cli

import "syscall"

// openFiles raises the limit of open files as far as this user may, and returns it.
func openFiles() descriptors {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return descriptors{}
	}
	if limit.Cur < limit.Max {
		raised := limit
		raised.Cur = raised.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised); err == nil {
			limit = raised
		}
	}
	return descriptors{limit: uint64(limit.Cur), known: true} //nolint:unconvert // signed on some systems
}
