package actors

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Announcement is an instance to be announced, and how. Only Instance has no
// default.
type Announcement struct {
	Instance registry.Instance
	// Lease tunes how the record is kept: its TTL, its retries, how long it drains.
	// Jitter, Spend, Fleet and Trusted are replaced by the runtime's own.
	Lease registry.LeaseConfig
	// Fleet is how many instances the service has, about: a fleet that starts at one
	// moment spreads its writes by it. 0 means as many as the runtime sees, if it
	// watches the service, else a few.
	Fleet int
	// Checker, when it is not nil, is asked whether the instance is well. It is
	// announced when it first is, says that it drains while it is not, and takes
	// work again when it is: not more often than Health allows, and not while most
	// other instances are unwell too, as far as the runtime watches them.
	Checker HealthChecker
	Health  registry.HealthConfig
}

// HealthChecker says whether an instance can do its work.
type HealthChecker interface {
	// Healthy returns nil when it can. It is called from a goroutine of its own, one
	// call at a time; the context ends after two seconds. A panic is an error; a
	// call that does not return counts as failed at every further check.
	Healthy(ctx context.Context) error
}

// healthLimit bounds one check.
const healthLimit = 2 * time.Second

// announcement is an [Announcement] and what outlives its announcer's incarnations.
type announcement struct {
	Announcement

	key string

	// wanted is what whoever steers the runtime wants, a [registry.Want].
	wanted  atomic.Uint32
	address atomic.Pointer[process] // of the announcer; nil before its first start
	state   atomic.Pointer[string]  // for [Status]
}

func newAnnouncement(a Announcement, key string) *announcement {
	made := &announcement{Announcement: a, key: key}
	made.wanted.Store(uint32(registry.WantUp))
	made.become("pending")
	return made
}

func (a *announcement) become(state string) { a.state.Store(&state) }

func (a *announcement) tell(message leasing) {
	if announcer := a.address.Load(); announcer != nil {
		announcer.post(message)
	}
}

// Announce makes the runtime enter an instance into its service's directory
// and keep it there until Stop. The record is renewed three times per ttl; 0
// means 60 s, the least is 2 s. Call it before Start.
func (r *Runtime) Announce(instance registry.Instance, ttl time.Duration) error {
	return r.AnnounceWith(Announcement{Instance: instance, Lease: registry.LeaseConfig{TTL: ttl}})
}

// AnnounceWith is [Runtime.Announce] with everything that can be said about it.
func (r *Runtime) AnnounceWith(a Announcement) error {
	if err := r.preparing(); err != nil {
		return err
	}
	if r.config.Writer == nil || r.config.Source == nil {
		return fmt.Errorf("actors: announce %s: Config.Writer and Config.Source are both needed", a.Instance.ID)
	}
	key, err := registry.Key(r.config.Prefix, a.Instance.Service, a.Instance.ID)
	if err != nil {
		return fmt.Errorf("actors: announce: %w", err)
	}
	if _, err := registry.NewLease(a.Lease, key, a.Instance); err != nil {
		return fmt.Errorf("actors: announce %s: %w", key, err)
	}
	if _, err := registry.NewHealthGate(a.Health); err != nil {
		return fmt.Errorf("actors: announce %s: %w", key, err)
	}
	r.announcements = append(r.announcements, newAnnouncement(a, key))
	return nil
}

// Pause takes the record of an announced instance out, in order: it drains, and is
// deleted. [Runtime.Resume] brings it back.
func (r *Runtime) Pause(service, id string) error { return r.direct(service, id, registry.WantAbsent) }

// Drain makes an announced instance say that it drains: it is listed and not
// picked, until Resume. Do it a moment before the last work is done and Stop is
// called.
func (r *Runtime) Drain(service, id string) error {
	return r.direct(service, id, registry.WantDraining)
}

// Resume ends what [Runtime.Pause] or [Runtime.Drain] began.
func (r *Runtime) Resume(service, id string) error { return r.direct(service, id, registry.WantUp) }

func (r *Runtime) direct(service, id string, want registry.Want) error {
	for _, a := range r.announcements {
		if a.Instance.Service == service && a.Instance.ID == id {
			a.wanted.Store(uint32(want))
			a.tell(directed{})
			return nil
		}
	}
	return fmt.Errorf("actors: %s/%s: it is not announced here", service, id)
}

// RecordStatus is one record that this runtime keeps.
type RecordStatus struct {
	Key string `json:"key"`
	// State is "pending" before the record was first in, then "announced";
	// "failing" while it is not known to be in, "conflict" while somebody else has
	// its key, "draining", "paused", "withdrawn".
	State string `json:"state"`
	// Wanted is what the operator wants: "up", "draining" or "absent".
	Wanted string `json:"wanted"`
}

func (a *announcement) status() RecordStatus {
	return RecordStatus{Key: a.key, State: *a.state.Load(), Wanted: registry.Want(a.wanted.Load()).String()}
}
