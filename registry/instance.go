package registry

import (
	"maps"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// State is what an instance says about itself.
type State string

// The states.
const (
	// StateUp takes work. A record without a state is up.
	StateUp State = "up"
	// StateDraining finishes what it has and is about to leave: it is listed
	// but not picked.
	StateDraining State = "draining"
)

// Version is the record version that is written and understood.
const Version = 1

// DefaultWeight is the weight of a record that gives none.
const DefaultWeight = 100

// The bounds of a record, beside those of names (see [Directory]). 253 is the
// longest host name of DNS, 63 its longest label; the weight's bound is that of
// DNS SRV records (RFC 2782); the others are generous for the purpose and small
// enough for a log line or a page.
const (
	maxHostBytes      = 253
	maxLabelBytes     = 63
	maxPort           = 65535
	maxWeight         = 65535
	maxTextBytes      = 128
	maxMeta           = 64
	maxMetaNameBytes  = 128
	maxMetaValueBytes = 1024
)

// Instance is one process run that offers a service.
type Instance struct {
	// Version is the record's version, [Version]. 0 means [Version].
	Version int
	// Service and ID are names (see [Directory]); together they are the key.
	Service string
	ID      string
	// Incarnation tells one run of an ID from the next; at most 128 bytes of
	// text without control characters. Empty means that the writer does not say.
	Incarnation string
	// Host is a host name or an IP address without brackets and without a zone,
	// 1 to 253 bytes. The unspecified addresses (0.0.0.0, ::) are refused:
	// they name no machine.
	Host string
	// Port is 1 to 65535.
	Port int
	// Zone is where the instance runs; at most 128 bytes of text without
	// control characters, empty when unknown.
	Zone string
	// Weight is its share of the picks, 1 to 65535. 0 means [DefaultWeight]; to
	// take no work, be [StateDraining].
	Weight int
	// State is up or draining. Empty means up.
	State State
	// Meta is for the application: at most 64 entries, names of 1 to 128 bytes,
	// values of at most 1024.
	Meta map[string]string
}

// Address returns host:port, an IPv6 address in brackets.
func (in Instance) Address() string {
	port := strconv.Itoa(in.Port)
	if strings.Contains(in.Host, ":") {
		return "[" + in.Host + "]:" + port
	}
	return in.Host + ":" + port
}

// Equal reports whether both say the same. No meta and empty meta are the same.
func (in Instance) Equal(other Instance) bool {
	return in.Version == other.Version && in.Service == other.Service && in.ID == other.ID &&
		in.Incarnation == other.Incarnation && in.Host == other.Host && in.Port == other.Port &&
		in.Zone == other.Zone && in.Weight == other.Weight && in.State == other.State &&
		maps.Equal(in.Meta, other.Meta)
}

func (in Instance) withDefaults() Instance {
	if in.Version == 0 {
		in.Version = Version
	}
	if in.Weight == 0 {
		in.Weight = DefaultWeight
	}
	if in.State == "" {
		in.State = StateUp
	}
	return in
}

// check returns the first member that is outside its bounds, or nil.
func (in Instance) check() *Fault {
	if problem := hostProblem(in.Host); problem != "" {
		return faultf(ClassSemantic, "host %s %s", quote(in.Host), problem)
	}
	if in.Port < 1 || in.Port > maxPort {
		return faultf(ClassSemantic, "port is %d, want 1 to %d", in.Port, maxPort)
	}
	if in.Weight < 1 || in.Weight > maxWeight {
		return faultf(ClassSemantic, "weight is %d, want 1 to %d (to take no work, be draining)", in.Weight, maxWeight)
	}
	if in.State != StateUp && in.State != StateDraining {
		return faultf(ClassSemantic, "state is %s, want up or draining", quote(string(in.State)))
	}
	if !validText(in.Incarnation, maxTextBytes) {
		return faultf(ClassSemantic, "incarnation %s: want at most %d bytes of text", quote(in.Incarnation), maxTextBytes)
	}
	if !validText(in.Zone, maxTextBytes) {
		return faultf(ClassSemantic, "zone %s: want at most %d bytes of text", quote(in.Zone), maxTextBytes)
	}
	return checkMeta(in.Meta)
}

// checkMeta names no entry in its answer: which of several bad ones a map would
// give first is chance.
func checkMeta(meta map[string]string) *Fault {
	if len(meta) > maxMeta {
		return faultf(ClassSemantic, "meta has more than %d entries", maxMeta)
	}
	for name, value := range meta {
		if name == "" || len(name) > maxMetaNameBytes || len(value) > maxMetaValueBytes ||
			!utf8.ValidString(name) || !utf8.ValidString(value) {
			return faultf(ClassSemantic, "meta: want names of 1 to %d bytes, values of at most %d, all in UTF-8",
				maxMetaNameBytes, maxMetaValueBytes)
		}
	}
	return nil
}

func validText(s string, limit int) bool {
	if len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	return strings.IndexFunc(s, unicode.IsControl) < 0
}

// hostProblem completes the sentence "host x ...", or is empty.
//
// What ends in digits must be a whole IPv4 address: "10.0.0" is a torn one, and
// no top-level domain is a number.
func hostProblem(host string) string {
	if host == "" || len(host) > maxHostBytes {
		return "has " + strconv.Itoa(len(host)) + " bytes, want 1 to " + strconv.Itoa(maxHostBytes)
	}
	labels := strings.TrimSuffix(host, ".")
	last := labels[strings.LastIndexByte(labels, '.')+1:]
	if strings.Contains(host, ":") || strings.Trim(last, "0123456789") == "" {
		return addressProblem(host)
	}
	for label := range strings.SplitSeq(labels, ".") {
		if label == "" || len(label) > maxLabelBytes || label[0] == '-' {
			return "is no host name"
		}
		for i := range len(label) {
			if !isNameByte(label[i]) {
				return "is no host name"
			}
		}
	}
	return ""
}

func addressProblem(host string) string {
	address, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return "is no IP address"
	case address.Zone() != "":
		return "has a zone, which means something on one machine only"
	case address.IsUnspecified() || address.Unmap().IsUnspecified():
		return "names no machine: announce an address that others can reach"
	}
	return ""
}
