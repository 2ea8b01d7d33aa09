package actors

import (
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// EventKind names what happened. The names are part of the stream's contract.
type EventKind string

// What a runtime reports. Beside each kind: the fields it sets beyond Seq, At
// and Kind.
const (
	// Supervision. Child is the path in the tree, as "root/service/api/watcher";
	// each of these says in Supervisor whose decision it was.
	EventChildStarted     EventKind = "child_started"      // Child, Incarnation
	EventChildRestarting  EventKind = "child_restarting"   // Child, Incarnation: the next one is being started
	EventChildStopping    EventKind = "child_stopping"     // Child, Incarnation: told to stop
	EventChildExited      EventKind = "child_exited"       // Child, Exit, Class (of a failure), Reason, Trace
	EventChildBackoff     EventKind = "child_backoff"      // Child, DelayMS, Reason: restart put off
	EventChildParked      EventKind = "child_parked"       // Child, DelayMS, Reason: budget spent, probed from now on
	EventChildReleased    EventKind = "child_released"     // Child: parked until now, in service again
	EventChildAbandoned   EventKind = "child_abandoned"    // Child, Reason: it did not start or stop in time
	EventChildReturned    EventKind = "child_returned"     // Child: abandoned until now, it has ended after all
	EventChildIgnored     EventKind = "child_ignored"      // Child: it found nothing to do, and is down
	EventChildEnded       EventKind = "child_ended"        // Child, Reason: its restart type leaves it down
	EventChildExhausted   EventKind = "child_exhausted"    // Child, Reason: budget spent, and it stays down
	EventChildTerminated  EventKind = "child_terminated"   // Child: down, by request
	EventRequestRefused   EventKind = "request_refused"    // Child, Reason
	EventSubtreeLost      EventKind = "subtree_lost"       // Child, Reason: it is a supervisor, and stays down
	EventAutoShutdown     EventKind = "auto_shutdown"      // Child, Reason: its end ends its supervisor
	EventSupervisorUp     EventKind = "supervisor_up"      // Child (the supervisor): all initial children are up
	EventSupervisorGaveUp EventKind = "supervisor_gave_up" // Child (the supervisor), Reason
	EventSupervisorFailed EventKind = "supervisor_failed"  // Child (the supervisor), Reason: an initial child did not come up
	EventSupervisorDown   EventKind = "supervisor_down"    // Child (the supervisor), Exit: all its children are down

	// Reading a directory.
	EventSourceSynced    EventKind = "source_synced"      // Service, Index, Instances, Quarantined: first listing applied
	EventSourceFailed    EventKind = "source_failed"      // Service, Reason, Instances, Quarantined, AgeMS: serving what was known
	EventSourceRecovered EventKind = "source_recovered"   // Service, Index, AgeMS: how long it was away
	EventSourcePolling   EventKind = "source_polling"     // Service, Index, Reason: listings are answered, watches are not
	EventSourceWatched   EventKind = "source_watched"     // Service, Index: a watch was answered again
	EventHistoryLost     EventKind = "history_lost"       // Service, Index: listing again
	EventSourceWentBack  EventKind = "source_went_back"   // Service, Index: the registry lost data
	EventPublished       EventKind = "snapshot_published" // Service, Generation, Instances, Quarantined, Index

	// One key of a directory.
	EventInstanceAdded     EventKind = "instance_added"     // Service, Key, Index
	EventInstanceUpdated   EventKind = "instance_updated"   // Service, Key, Index
	EventInstanceRemoved   EventKind = "instance_removed"   // Service, Key, Reason
	EventKeyQuarantined    EventKind = "key_quarantined"    // Service, Key, Class, Reason, Index
	EventValueRefused      EventKind = "value_refused"      // Service, Key, Index, Reason, Attempt: its consumer did not take it, and is asked again
	EventStuckLimit        EventKind = "stuck_limit"        // Service, Key, Attempt: so many calls of consumers and decoders have not come back that none is made
	EventKeyReleased       EventKind = "key_released"       // Service, Key, Index, AgeMS: time in quarantine
	EventKeyDoubted        EventKind = "key_doubted"        // Service, Key, Index: it flaps, and has to prove itself
	EventKeyDegraded       EventKind = "key_degraded"       // Service, Key, AgeMS: an old value has been served for that long
	EventInstanceHeld      EventKind = "instance_held"      // Service, Key, Hold, Reason: gone from the registry, served on
	EventInstanceReclaimed EventKind = "instance_reclaimed" // Service, Key, Index, AgeMS: held until now, it is back

	// Choosing among instances.
	EventInstanceEjected  EventKind = "instance_ejected"  // Service, Key, DelayMS: calls to it failed, it is not picked for that long
	EventInstanceReturned EventKind = "instance_returned" // Service, Key: ejected until now, picked again

	// Comparing with what is used today.
	EventShadowDiffers EventKind = "shadow_differs" // Service, Reason, Instances: so many are in both lists
	EventShadowAgrees  EventKind = "shadow_agrees"  // Service, Instances
	EventShadowFailed  EventKind = "shadow_failed"  // Service, Reason: today's list cannot be read

	// What operators asked for.
	EventOrderGiven       EventKind = "order_given"       // Service, Key, Order, Reason, Index: an operator banned, pinned or quarantined it
	EventOrderLifted      EventKind = "order_lifted"      // Service, Key, Order, AgeMS: how long it stood
	EventKeyRejudged      EventKind = "key_rejudged"      // Service, Key, Index: an operator asked for another verdict
	EventBaselineAccepted EventKind = "baseline_accepted" // Service, Instances: an operator ended the guard against mass expiry

	// The guards of a view.
	EventGuardEngaged    EventKind = "guard_engaged"         // Service, Guard, Zone, Reason, Suspect
	EventGuardReminded   EventKind = "guard_reminded"        // the same and AgeMS: it has been engaged for that long
	EventGuardDisengaged EventKind = "guard_disengaged"      // Service, Guard, Zone, AgeMS
	EventSourceStale     EventKind = "source_stale"          // Service, Staleness, AgeMS: how long it has been silent
	EventSlept           EventKind = "process_slept"         // Service, AgeMS: this process did not run for that long
	EventDiverged        EventKind = "view_diverged"         // Service, Key, Reason: the changes had not told it all
	EventRestored        EventKind = "snapshot_restored"     // Service, Instances, AgeMS, Reason: serving what an earlier process saved
	EventRestoreFailed   EventKind = "snapshot_not_restored" // Service, Reason
	EventSaveFailed      EventKind = "snapshot_not_saved"    // Service, Reason

	// Restart safety: told when the answer changes, and the first time.
	EventRestartSafe   EventKind = "restart_safe"   // Service, Instances: a start would find that many
	EventRestartUnsafe EventKind = "restart_unsafe" // Service, Instances, Reason

	// Announcing an instance.
	EventAnnounced     EventKind = "announced"        // Service, Key, Index
	EventAnnounceRetry EventKind = "announce_failed"  // Service, Key, Reason, DelayMS, Attempt
	EventLeaseConflict EventKind = "lease_conflict"   // Service, Key, Reason: somebody else holds the key
	EventLeaseRepaired EventKind = "lease_repaired"   // Service, Key, Reason, Index
	EventLeaseTaken    EventKind = "lease_taken_over" // Service, Key, Index: our predecessor's record replaced
	EventLeaseLost     EventKind = "lease_lost"       // Service, Key: expired or removed; announced again
	EventWithdrawn     EventKind = "withdrawn"        // Service, Key

	EventAnnounceDraining EventKind = "announce_draining"  // Service, Key, Index, DelayMS: our record says that it drains
	EventAnnounceResumed  EventKind = "announce_resumed"   // Service, Key, Index: our record takes work again
	EventAnnouncePaused   EventKind = "announce_paused"    // Service, Key, Reason: our record is out, by wish
	EventUnhealthy        EventKind = "announce_unhealthy" // Service, Key, Reason, Kept: its check of health failed
	EventHealthy          EventKind = "announce_healthy"   // Service, Key: it is well
	EventComplaintHeard   EventKind = "complaint_heard"    // Service, Key, Reason, Index: a consumer cannot read our record

	// What the consumers say of bad values.
	EventComplained       EventKind = "key_complained"    // Service, Key, Class, Index: we said that we cannot read it
	EventFaultConfirmed   EventKind = "fault_confirmed"   // Service, Key, Class, Index, Reason: others cannot read it either
	EventDecoderSuspected EventKind = "decoder_suspected" // Service, Key, Class, Index: nobody else complains of it
	EventDecoderCleared   EventKind = "decoder_cleared"   // AgeMS: that suspicion is over
)

// Event is one thing that happened in a runtime: names and numbers only, fit
// for a JSON line. Fields that a kind does not set are zero and left out.
type Event struct {
	// Seq counts the events of one runtime from 1; a gap in a subscriber's
	// stream means that it read too slowly.
	Seq  uint64    `json:"seq"`
	At   time.Time `json:"at"`
	Kind EventKind `json:"kind"`

	// Supervisor is the path of the supervisor that has the child, or of the one
	// that the event is about. It is not always what comes before the last slash:
	// an ID may hold slashes itself.
	Supervisor  string `json:"supervisor,omitzero"`
	Child       string `json:"child,omitzero"`
	Incarnation int    `json:"incarnation,omitzero"`
	Exit        string `json:"exit,omitzero"`
	// Trace is where a panic happened; it is rendered when it is read.
	Trace *Trace `json:"trace,omitzero"`

	Service    string         `json:"service,omitzero"`
	Key        string         `json:"key,omitzero"`
	Class      string         `json:"class,omitzero"`
	Hold       string         `json:"hold,omitzero"`
	Order      string         `json:"order,omitzero"`
	Guard      string         `json:"guard,omitzero"`
	Zone       string         `json:"zone,omitzero"`
	Staleness  string         `json:"staleness,omitzero"`
	Suspect    bool           `json:"suspect,omitzero"`
	Kept       bool           `json:"kept,omitzero"`
	Reason     string         `json:"reason,omitzero"`
	Index      registry.Index `json:"index,omitzero"`
	Generation uint64         `json:"generation,omitzero"`
	// Instances is how many instances a picker may choose from.
	Instances   int   `json:"instances"`
	Quarantined int   `json:"quarantined"`
	DelayMS     int64 `json:"delay_ms,omitzero"`
	// Attempt counts the failures in a row, from 1.
	Attempt int   `json:"attempt,omitzero"`
	AgeMS   int64 `json:"age_ms,omitzero"`
}
