package actors

import (
	"github.com/firebreak-go/firebreak/registry"
)

// report tells a fact of the lease, and how the record stands.
func (a *announcer) report(fact registry.LeaseFact) {
	a.count(fact.Kind)
	if state := stateOf(fact.Kind); state != "" {
		a.announcement.become(state)
	}
	kind, report := eventOf(fact.Kind)
	if !report {
		return
	}
	a.tell(Event{
		Kind: kind, Reason: fact.Detail, Index: fact.Index, DelayMS: fact.Delay.Milliseconds(), Attempt: a.fails,
	})
}

func (a *announcer) tell(e Event) {
	e.Service, e.Key = a.announcement.Instance.Service, a.announcement.key
	a.kernel.events.emit(e)
}

// count counts the failures since the record was last known to be in place.
func (a *announcer) count(kind registry.LeaseFactKind) {
	switch kind {
	case registry.LeaseRetrying:
		a.fails++
	case registry.LeaseAnnounced, registry.LeaseRenewed, registry.LeaseRepaired, registry.LeaseTakenOver, registry.LeaseWithdrawn,
		registry.LeaseDraining, registry.LeaseResumed, registry.LeasePaused:
		a.fails = 0
	case registry.LeaseLost, registry.LeaseConflict, registry.LeaseComplained:
	}
}

// stateOf is how a record stands after a fact; empty: as before.
func stateOf(kind registry.LeaseFactKind) string {
	switch kind {
	case registry.LeaseAnnounced, registry.LeaseResumed:
		return "announced"
	case registry.LeaseRetrying, registry.LeaseLost:
		return "failing"
	case registry.LeaseConflict:
		return "conflict"
	case registry.LeaseDraining:
		return "draining"
	case registry.LeasePaused:
		return "paused"
	case registry.LeaseWithdrawn:
		return "withdrawn"
	case registry.LeaseRenewed, registry.LeaseRepaired, registry.LeaseTakenOver, registry.LeaseComplained:
	}
	return ""
}

// eventOf is the event of a lease's fact; a renewal is none, it is the rule.
func eventOf(kind registry.LeaseFactKind) (EventKind, bool) {
	switch kind {
	case registry.LeaseAnnounced:
		return EventAnnounced, true
	case registry.LeaseRetrying:
		return EventAnnounceRetry, true
	case registry.LeaseConflict:
		return EventLeaseConflict, true
	case registry.LeaseRepaired:
		return EventLeaseRepaired, true
	case registry.LeaseTakenOver:
		return EventLeaseTaken, true
	case registry.LeaseLost:
		return EventLeaseLost, true
	case registry.LeaseDraining:
		return EventAnnounceDraining, true
	case registry.LeaseResumed:
		return EventAnnounceResumed, true
	case registry.LeasePaused:
		return EventAnnouncePaused, true
	case registry.LeaseComplained:
		return EventComplaintHeard, true
	case registry.LeaseWithdrawn:
		return EventWithdrawn, true
	case registry.LeaseRenewed:
	}
	return "", false
}
