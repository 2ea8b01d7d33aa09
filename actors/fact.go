package actors

import (
	"fmt"

	"github.com/firebreak-go/firebreak/registry"
)

// eventOfFact is what a view's fact looks like in the stream of events.
func eventOfFact(fact registry.Step) Event {
	switch f := fact.(type) { //nolint:gochecksumtype // the others are guards', or requests
	case registry.Added:
		return Event{Kind: EventInstanceAdded, Key: f.Key, Index: f.Index}
	case registry.Updated:
		return Event{Kind: EventInstanceUpdated, Key: f.Key, Index: f.Index}
	case registry.Removed:
		return Event{Kind: EventInstanceRemoved, Key: f.Key, Index: f.Index, Reason: removal(f), Hold: held(f.Held)}
	case registry.Quarantined:
		return Event{
			Kind: EventKeyQuarantined, Key: f.Bad.Key, Index: f.Bad.Index, Class: f.Bad.Class.String(), Reason: f.Bad.Reason,
		}
	case registry.Refused:
		return Event{Kind: EventValueRefused, Key: f.Key, Index: f.Index, Reason: f.Reason, Attempt: f.Attempt}
	case registry.Released:
		return Event{Kind: EventKeyReleased, Key: f.Key, Index: f.Index, AgeMS: f.After.Milliseconds()}
	case registry.Held:
		return Event{Kind: EventInstanceHeld, Key: f.Key, Hold: held(f.Hold), Reason: departure(f.Kind)}
	case registry.Reclaimed:
		return Event{Kind: EventInstanceReclaimed, Key: f.Key, Index: f.Index, AgeMS: f.After.Milliseconds()}
	case registry.Doubted:
		return Event{Kind: EventKeyDoubted, Key: f.Key, Index: f.Index}
	case registry.Degraded:
		return Event{Kind: EventKeyDegraded, Key: f.Key, AgeMS: f.After.Milliseconds()}
	}
	return eventOfGuard(fact)
}

func eventOfGuard(fact registry.Step) Event {
	switch f := fact.(type) { //nolint:gochecksumtype // the others have been told, or are requests
	case registry.Engaged:
		return guardEvent(EventGuardEngaged, f.State)
	case registry.Reminded:
		e := guardEvent(EventGuardReminded, f.State)
		e.AgeMS = f.After.Milliseconds()
		return e
	case registry.Disengaged:
		return Event{Kind: EventGuardDisengaged, Guard: f.Guard.String(), Zone: f.Zone, AgeMS: f.After.Milliseconds()}
	case registry.Aged:
		return Event{Kind: EventSourceStale, Staleness: f.Level.String(), AgeMS: f.Age.Milliseconds()}
	case registry.Slept:
		return Event{Kind: EventSlept, AgeMS: f.For.Milliseconds()}
	case registry.Diverged:
		d := f.Divergence
		return Event{Kind: EventDiverged, Key: d.First, Reason: fmt.Sprintf("%d keys missed, %d missing, %d extra, %d different", d.Missed, d.Missing, d.Extra, d.Different)}
	}
	return eventOfOrder(fact)
}

func guardEvent(kind EventKind, g registry.GuardState) Event {
	return Event{Kind: kind, Guard: g.Guard.String(), Zone: g.Zone, Reason: g.Reason, Suspect: g.Suspect}
}

// held names why something was held, and nothing where it was not.
func held(h registry.Hold) string {
	if h == registry.HoldNone {
		return ""
	}
	return h.String()
}

// removal is why a key serves nothing any more, as far as the registry told.
func removal(r registry.Removed) string {
	switch r.Order {
	case registry.OrderNone:
	case registry.OrderBanned, registry.OrderQuarantined:
		return r.Order.String() + " by an operator"
	case registry.OrderPinned:
		return "unpinned, and gone from the registry"
	}
	if r.Kind == 0 && r.Class != 0 {
		return "its value is bad: " + r.Class.String()
	}
	return departure(r.Kind)
}

func departure(kind registry.ChangeKind) string {
	if kind == 0 {
		return "missing from a listing"
	}
	return kind.String()
}
