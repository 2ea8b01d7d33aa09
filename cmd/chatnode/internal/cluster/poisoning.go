package cluster

import "time"

// What "recovered" means.
const (
	holdTime      = 2 * time.Second // how long users must be back
	recoveredPart = 0.99            // of the users there were before
)

// enough says whether so many users count as all that there were before.
func enough(connected, before int) bool {
	return float64(connected) >= recoveredPart*float64(before)
}

// poisoning is the story of the one bad write: cut by the proxy, stored by
// etcd, written again in full, good again in etcd.
type poisoning struct {
	cut       time.Time  // the proxy cut the write
	early     recordSeen // the last bad record before the cut was heard of
	stored    recordSeen // the first bad record after that
	forwarded time.Time  // the proxy passed the next write on in full
	healed    recordSeen // the first good record after the bad one
}

// apply notes the first of each step, in order; every other event is not its own.
func (p *poisoning) apply(e event) {
	switch e := e.(type) {
	case putCut:
		if p.cut.IsZero() {
			p.cut = e.At
			// The proxy reports after etcd has answered, so etcd's watch may be
			// heard first. What counts is when it happened.
			if p.early.At.After(p.cut) {
				p.stored = p.early
			}
		}
	case putForwarded:
		if !p.cut.IsZero() && p.forwarded.IsZero() {
			p.forwarded = e.At
		}
	case recordSeen:
		switch {
		case p.cut.IsZero() && !e.Good:
			p.early = e
		case p.cut.IsZero():
		case !e.Good && p.stored.At.IsZero():
			p.stored = e
		case e.Good && !p.stored.At.IsZero() && p.healed.At.IsZero():
			p.healed = e
		}
	case processStarted, processReady, processExited, processFailed, loadSampled, nodeReported, fleetScaled, clusterMeasured:
	}
}

// over says that the poison has come and gone: written again in full and, where
// etcd held a bad record, good there too.
func (p *poisoning) over() bool {
	return !p.forwarded.IsZero() && (p.stored.At.IsZero() || !p.healed.At.IsZero())
}

// duration is how long the bad record was what etcd served; until then for one
// that never healed.
func (p *poisoning) duration(until time.Time) time.Duration {
	switch {
	case p.stored.At.IsZero():
		return 0
	case p.healed.At.IsZero():
		return until.Sub(p.stored.At)
	}
	return p.healed.At.Sub(p.stored.At)
}
