package cli

import (
	"net"
	"os"
	"strings"
)

// ownName names a process after its machine and its port, which together are
// what a restart on the same machine has in common with what it replaces.
func ownName(bound net.Addr) string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	_, port, err := net.SplitHostPort(bound.String())
	if err != nil {
		port = "0"
	}
	return idOf(host) + "-" + port
}

// idOf keeps of a host name what an ID may hold.
func idOf(host string) string {
	const longest = 100 // leaves room for the port within an ID's 128 bytes
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '-'
	}, host)
	kept = strings.TrimLeft(kept, "._-")
	if kept == "" {
		return "node"
	}
	return kept[:min(len(kept), longest)]
}
