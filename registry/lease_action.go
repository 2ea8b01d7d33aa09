package registry

import "time"

// LeaseAction is what a [Lease] answers: a call to make, a wait, a fact, or the
// end. At most one call or wait is open at any time; the next LeaseWait
// replaces an earlier one.
//
//sumtype:decl
type LeaseAction interface{ leaseAction() }

// LeaseCreate asks for [Writer].Create.
type LeaseCreate struct {
	Key, Value string
	TTL        time.Duration
}

// LeaseRefresh asks for [Writer].Refresh.
type LeaseRefresh struct {
	Key string
	TTL time.Duration
}

// LeaseSwap asks for [Writer].Swap. Previous is never 0.
type LeaseSwap struct {
	Key, Value string
	TTL        time.Duration
	Previous   Index
}

// LeaseGet asks for [Source].Get.
type LeaseGet struct{ Key string }

// LeaseDelete asks for [Writer].Delete. Previous is never 0.
type LeaseDelete struct {
	Key      string
	Previous Index
}

// LeaseWait asks for [Lease.Due] after a delay.
type LeaseWait struct{ Delay time.Duration }

// LeaseFact is something to report.
type LeaseFact struct {
	Kind LeaseFactKind
	// Detail is one line of bounded length, or empty.
	Detail string
	// Index is that of the record the fact is about, 0 when unknown.
	Index Index
	// Delay is how long until the next attempt, when the fact is a failure.
	Delay time.Duration
}

// LeaseDone says that the withdrawal is over: nothing will follow.
type LeaseDone struct{}

func (LeaseCreate) leaseAction()  {}
func (LeaseRefresh) leaseAction() {}
func (LeaseSwap) leaseAction()    {}
func (LeaseGet) leaseAction()     {}
func (LeaseDelete) leaseAction()  {}
func (LeaseWait) leaseAction()    {}
func (LeaseFact) leaseAction()    {}
func (LeaseDone) leaseAction()    {}

// LeaseFactKind says what happened to a lease.
type LeaseFactKind string

// The kinds of fact.
const (
	// LeaseAnnounced: our record is in place, and was not before.
	LeaseAnnounced LeaseFactKind = "announced"
	// LeaseRenewed: its TTL was extended.
	LeaseRenewed LeaseFactKind = "renewed"
	// LeaseRetrying: a call failed or surprised; another follows after Delay.
	LeaseRetrying LeaseFactKind = "retrying"
	// LeaseConflict: somebody else's readable record holds the key.
	LeaseConflict LeaseFactKind = "conflict"
	// LeaseRepaired: a broken record under our key was replaced.
	LeaseRepaired LeaseFactKind = "repaired"
	// LeaseTakenOver: the record of our predecessor was replaced.
	LeaseTakenOver LeaseFactKind = "taken_over"
	// LeaseLost: our record is gone, and is announced again.
	LeaseLost LeaseFactKind = "lost"
	// LeaseDraining: our record says that it drains, by wish or on the way out.
	LeaseDraining LeaseFactKind = "draining"
	// LeaseResumed: our record takes work again, after it drained.
	LeaseResumed LeaseFactKind = "resumed"
	// LeasePaused: there is no record of ours, by wish.
	LeasePaused LeaseFactKind = "paused"
	// LeaseComplained: a consumer says that it cannot read our record.
	LeaseComplained LeaseFactKind = "complained"
	// LeaseWithdrawn: our record was removed, or is left to its TTL.
	LeaseWithdrawn LeaseFactKind = "withdrawn"
)
