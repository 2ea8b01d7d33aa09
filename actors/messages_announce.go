package actors

import "github.com/firebreak-go/firebreak/registry"

// leasing is what an announcer is told.
//
//sumtype:decl
type leasing interface{ isLeasing() }

// leaseMoved: a call ended, or a wait is over. beginDue: it is time to look whether
// the directory has been seen. directed: something else is wanted. doubted: the
// registry may have forgotten. checkDue: it is time for a check of health.
type (
	leaseMoved struct{ quiet }
	beginDue   struct{ quiet }
	directed   struct{ quiet }
	doubted    struct{ quiet }
	checkDue   struct{ quiet }
)

// complained: a consumer cannot read the record.
type complained struct {
	quiet
	complaint registry.Complaint
}

// checked: this is how the instance is.
type checked struct {
	quiet
	err error
}

func (leaseMoved) isLeasing() {}
func (beginDue) isLeasing()   {}
func (directed) isLeasing()   {}
func (doubted) isLeasing()    {}
func (checkDue) isLeasing()   {}
func (complained) isLeasing() {}
func (checked) isLeasing()    {}

// fleeting is what the fleet's actor is told.
//
//sumtype:decl
type fleeting interface{ isFleeting() }

// fleetDue: its appointment.
type fleetDue struct{ quiet }

// directoryPublished: a directory may look different. directoryDue: it does, and it
// is time to look, and to wait for the next time.
type directoryPublished struct {
	quiet
	service int
}

type directoryDue struct {
	quiet
	service int
}

// complaintsListed, complaintsChanged and complaintsWaited: the call with this
// number ended.
type complaintsListed struct {
	quiet
	call    uint64
	listing registry.Listing
	err     error
}

type complaintsChanged struct {
	quiet
	call   uint64
	change registry.Change
	err    error
}

type complaintsWaited struct {
	quiet
	call uint64
}

// complaintMade: a complaint of ours stands, or not, and these are the others'.
type complaintMade struct {
	quiet
	complaint registry.Complaint
	others    []registry.Complaint
	stands    bool
	err       error
}

func (fleetDue) isFleeting()           {}
func (directoryPublished) isFleeting() {}
func (directoryDue) isFleeting()       {}
func (complaintsListed) isFleeting()   {}
func (complaintsChanged) isFleeting()  {}
func (complaintsWaited) isFleeting()   {}
func (complaintMade) isFleeting()      {}
