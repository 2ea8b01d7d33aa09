package pick

import "strconv"

// Policy is a way to choose.
type Policy uint8

// The policies.
const (
	// RoundRobin takes one after the other.
	RoundRobin Policy = iota
	// Random draws one, each as likely as any other.
	Random
	// PowerOfTwo draws two and takes the one with fewer calls under way.
	PowerOfTwo
	// Weighted draws one, as likely as its weight says.
	Weighted
	// ZoneAware keeps to the caller's own zone as far as that has its share of the
	// whole, by weight; see [Table.Near].
	ZoneAware
)

// String names the policy as configurations and pages do.
func (p Policy) String() string {
	switch p {
	case RoundRobin:
		return "round_robin"
	case Random:
		return "random"
	case PowerOfTwo:
		return "power_of_two"
	case Weighted:
		return "weighted"
	case ZoneAware:
		return "zone_aware"
	}
	return "policy(" + strconv.Itoa(int(p)) + ")"
}
