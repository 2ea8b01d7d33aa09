package registry

import (
	"fmt"
	"strings"
)

// DefaultPrefix is the folder of all services. Two clusters that share one
// registry differ by their prefix.
const DefaultPrefix = "/services"

// MaxValueBytes is the longest value that is decoded.
const MaxValueBytes = 64 << 10

const (
	maxNameBytes   = 128
	maxPrefixBytes = 256
	nameRule       = "want 1 to 128 letters, digits, '.', '_' or '-', not beginning with '.' or '_'"
)

// Directory returns the directory of a service's keys, always with the slash at
// its end, without which "/services/api" would also match "/services/api2". An
// empty prefix means [DefaultPrefix].
//
// A prefix is one or more names, each after a slash. A name, of a folder, a
// service or an instance, is 1 to 128 letters, digits, '.', '_' or '-'; it does
// not begin with '_' (etcd's v2 API hides such keys) nor with '.'.
func Directory(prefix, service string) (string, error) {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	if !validPrefix(prefix) {
		return "", fmt.Errorf("registry: prefix %s: want /name or /name/name, no slash at the end, at most %d bytes",
			quote(prefix), maxPrefixBytes)
	}
	if !validName(service) {
		return "", fmt.Errorf("registry: service name %s: %s", quote(service), nameRule)
	}
	return prefix + "/" + service + "/", nil
}

// Key returns the key of one instance of a service; see [Directory] for what
// the names may be.
func Key(prefix, service, id string) (string, error) {
	directory, err := Directory(prefix, service)
	if err != nil {
		return "", err
	}
	if !validName(id) {
		return "", fmt.Errorf("registry: instance ID %s: %s", quote(id), nameRule)
	}
	return directory + id, nil
}

// SplitKey returns the last part of a key that lies directly in directory
// (which ends in a slash). Anything else is no instance's key: a key elsewhere,
// deeper down, or longer than any name may be.
//
// The ID is not otherwise checked, so that a key with a strange name is seen
// and rejected by [Decode] rather than overlooked.
func SplitKey(directory, key string) (id string, ok bool) {
	id, inside := strings.CutPrefix(key, directory)
	if !inside || id == "" || len(id) > maxNameBytes || strings.Contains(id, "/") {
		return "", false
	}
	return id, true
}

func validPrefix(prefix string) bool {
	rest, rooted := strings.CutPrefix(prefix, "/")
	if !rooted || len(prefix) > maxPrefixBytes {
		return false
	}
	for name := range strings.SplitSeq(rest, "/") {
		if !validName(name) {
			return false
		}
	}
	return true
}

func validName(s string) bool {
	if s == "" || len(s) > maxNameBytes || s[0] == '_' || s[0] == '.' {
		return false
	}
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return true
}

func isNameByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '.' || c == '_' || c == '-'
}
