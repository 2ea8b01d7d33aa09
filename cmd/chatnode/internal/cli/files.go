package cli

import (
	"fmt"
	"strconv"
)

const (
	// ownFiles is how many descriptors a role needs for itself: streams, logs, admin endpoints, etcd, other nodes.
	ownFiles = 128
	// endlessFiles is a limit that is none.
	endlessFiles = 1 << 40
)

// descriptors is how many files and sockets the process may have open at once.
type descriptors struct {
	limit uint64
	known bool // else the system has no such limit, or does not say
}

// fit is how many sessions may be open, besides what the role and more of its own need.
func (d descriptors) fit(more int) int {
	if !d.known || d.limit >= endlessFiles {
		return endlessFiles
	}
	return int(d.limit) - min(ownFiles+more, int(d.limit))
}

// line says what the limit allows.
func (d descriptors) line(more int) string {
	if !d.known || d.limit >= endlessFiles {
		return "file descriptors: no limit"
	}
	return "file descriptors: limit " + strconv.FormatUint(d.limit, 10) + ", sessions " + strconv.Itoa(d.fit(more)) + " fit"
}

// need refuses a number of sessions that do not fit.
func (d descriptors) need(sessions, more int) error {
	if fit := d.fit(more); sessions > fit {
		return fmt.Errorf("--users %d: this process may have %d files open, so that %d sessions fit; raise the limit (ulimit -n %d) or start several loads",
			sessions, d.limit, fit, sessions+ownFiles+more)
	}
	return nil
}
