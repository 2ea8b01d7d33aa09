package actors

import (
	"context"
	"fmt"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Snapshot returns what the runtime believes of a service now: immutable, read
// without a lock, never nil, empty for a service that is not watched.
func (r *Runtime) Snapshot(name string) *registry.Snapshot {
	if s, watched := r.byName[name]; watched {
		return s.snapshot.Load()
	}
	return &registry.Snapshot{}
}

// WaitReady waits until a picker has at least minimum instances of a service
// to choose from.
func (r *Runtime) WaitReady(ctx context.Context, name string, minimum int) error {
	s, watched := r.byName[name]
	if !watched {
		return fmt.Errorf("actors: wait for %s: it is not watched", name)
	}
	for {
		published := s.published.wait()
		have := s.snapshot.Load().Len()
		if have >= minimum {
			return nil
		}
		select {
		case <-published:
		case <-r.finished:
			return fmt.Errorf("actors: wait for %d instances of %s: the runtime has stopped", minimum, name)
		case <-ctx.Done():
			return fmt.Errorf("actors: wait for %d instances of %s, have %d: %w", minimum, name, have, ctx.Err())
		}
	}
}

// Subscribe returns a channel of events: first the recent past, then
// everything new. It is closed when the runtime has ended. A subscriber that
// falls more than buffer events behind misses some, and sees a gap in
// [Event.Seq]. The function ends the subscription.
func (r *Runtime) Subscribe(buffer int) (<-chan Event, func()) {
	return r.kernel.events.subscribe(buffer)
}

// Status is what an operator wants to know about a runtime, as data.
type Status struct {
	Isolation string `json:"isolation"`
	Failed    string `json:"failed,omitzero"`
	Restarts  uint64 `json:"restarts"`
	Abandoned int64  `json:"abandoned"`
	// Stuck is how many calls of consumers and decoders were left behind and have
	// not come back.
	Stuck int64 `json:"stuck,omitzero"`
	// Suspect says that this process suspects its own decoder.
	Suspect   bool            `json:"suspect,omitzero"`
	Services  []ServiceStatus `json:"services"`
	Announced []string        `json:"announced"`
	// Records are the same as Announced, and how they stand.
	Records []RecordStatus `json:"records"`
	// Restart is whether a restart now would be safe; nil where that is not asked.
	Restart *RestartStatus `json:"restart,omitzero"`
}

// ServiceStatus is the state of one watched directory.
type ServiceStatus struct {
	Service    string         `json:"service"`
	Directory  string         `json:"directory"`
	Generation uint64         `json:"generation"`
	Index      registry.Index `json:"index"`
	// Source is "syncing" before the registry's first answer, then "live", or
	// "polling" while it answers listings and no watch, or "stale" while it does not
	// answer.
	Source string `json:"source"`
	Reason string `json:"reason,omitzero"`
	// ConfirmedAgeMS is how long ago the registry last answered; -1 for never.
	ConfirmedAgeMS int64 `json:"confirmed_age_ms"`
	// Staleness is how long the registry has been silent, as the view counts it:
	// "fresh", "stale", "warning" or "critical".
	Staleness string `json:"staleness"`
	// Resume is how much of the registry's history is left to this directory's
	// watch; nil before the view first looked. Like Staleness it is five seconds
	// old at most.
	Resume    *ResumeStatus `json:"resume,omitzero"`
	Instances int           `json:"instances"`
	// Guards are those that are engaged, the most severe first.
	Guards []GuardStatus `json:"guards"`
	// Epoch counts how often the registry was found to have forgotten.
	Epoch       uint64              `json:"epoch"`
	Rows        []RowStatus         `json:"rows"`
	Quarantined []QuarantinedStatus `json:"quarantined"`
	// Shadow is set where the directory is compared with what is used today.
	Shadow *ShadowStatus `json:"shadow,omitzero"`
	// Orders are the operators' that stand, also those on keys without a row.
	Orders []OrderStatus `json:"orders"`
}

// ResumeStatus is how much of the registry's history is left: when it has run
// out, changes are missed, and a listing makes up for them.
type ResumeStatus struct {
	// Lag is how many writes of the whole keyspace came after the last one that
	// was read, Left how many more may come.
	Lag  int `json:"lag"`
	Left int `json:"left"`
	// WritesPerSecond are those of the whole keyspace; 0 while it is not known.
	WritesPerSecond float64 `json:"writes_per_second"`
	// ForMS is how long Left lasts at that rate; -1 for ever, as far as is known.
	ForMS int64 `json:"for_ms"`
}

// RowStatus is one instance in service.
type RowStatus struct {
	Key     string         `json:"key"`
	Address string         `json:"address"`
	Status  string         `json:"status"`
	Index   registry.Index `json:"index"`
	AgeMS   int64          `json:"age_ms"`
	// Origin is where the value was read, Hold why it is served although the
	// registry does not have it, or says something else.
	Origin string `json:"origin"`
	Hold   string `json:"hold,omitzero"`
	HeldMS int64  `json:"held_ms,omitzero"`
	// Order is what an operator said of the key: "pinned" or "quarantined".
	Order string `json:"order,omitzero"`
	// State is the instance's own word: one that is "draining" is not picked.
	State string `json:"state"`
}

// GuardStatus is one guard that is engaged.
type GuardStatus struct {
	Guard   string `json:"guard"`
	Zone    string `json:"zone,omitzero"`
	Reason  string `json:"reason"`
	AgeMS   int64  `json:"age_ms"`
	Suspect bool   `json:"suspect,omitzero"`
}

// QuarantinedStatus is one key whose value is bad.
type QuarantinedStatus struct {
	Key      string         `json:"key"`
	Class    string         `json:"class"`
	Reason   string         `json:"reason"`
	Index    registry.Index `json:"index"`
	AgeMS    int64          `json:"age_ms"`
	Attempts int            `json:"attempts"`
	Serving  bool           `json:"serving_last_good"`
	// Verdict is what the fleet says: "data", when other consumers cannot read it
	// either, "local", when nobody else complains, else "open".
	Verdict string `json:"verdict,omitzero"`
}

// Status reads the state of the runtime.
func (r *Runtime) Status() Status {
	now := time.Now()
	status := Status{
		Isolation: r.policy.Isolation.String(),
		Restarts:  r.kernel.restarts.Load(),
		Abandoned: r.kernel.abandoned.Load(),
		Stuck:     r.kernel.stuck.Load(),
		Services:  []ServiceStatus{}, // JSON readers get lists, never null
		Announced: []string{},
		Records:   []RecordStatus{},
		Suspect:   r.fleet.suspect.Load(),
	}
	if err := r.Err(); err != nil {
		status.Failed = err.Error()
	}
	if restart, asked := r.RestartSafety(); asked {
		status.Restart = &restart
	}
	for _, s := range r.services {
		status.Services = append(status.Services, r.fleet.annotate(s.status(now)))
	}
	for _, a := range r.announcements {
		status.Announced = append(status.Announced, a.key)
		status.Records = append(status.Records, a.status())
	}
	return status
}

// Tree reads the whole tree of supervisors: the states of all children, the
// budgets, and the last decisions. The error is [ErrNotRunning] before Start and
// after the end, or the context's.
func (r *Runtime) Tree(ctx context.Context) (Node, error) {
	root, err := r.kernel.branch(rootName)
	if err != nil {
		return Node{}, err
	}
	return tree(ctx, rootName, rootName, root)
}

func (s *service) status(now time.Time) ServiceStatus {
	return s.statusOf(s.snapshot.Load(), now)
}

// statusOf is the state of the directory with a snapshot, or with a part of one.
func (s *service) statusOf(snapshot *registry.Snapshot, now time.Time) ServiceStatus {
	contact := s.contact.Load()
	status := ServiceStatus{
		Service: s.name, Directory: s.directory, Generation: snapshot.Generation, Index: snapshot.Index,
		Source: "live", Reason: contact.reason, ConfirmedAgeMS: -1, Instances: snapshot.Len(),
		Rows: []RowStatus{}, Quarantined: []QuarantinedStatus{}, Guards: []GuardStatus{}, Epoch: snapshot.Epoch, Orders: []OrderStatus{},
	}
	if contact.confirmed.IsZero() {
		status.Source = "syncing"
	} else {
		status.ConfirmedAgeMS = now.Sub(contact.confirmed).Milliseconds()
		switch {
		case !contact.failing.IsZero():
			status.Source = "stale"
		case contact.polling:
			status.Source = "polling"
		}
	}
	status.Staleness, status.Resume = s.outlook.Load().status()
	status.Shadow = s.shadowed.Load().status(now)
	for row := range snapshot.Rows.All() {
		r := RowStatus{
			Key: row.Key, Address: addressOf(row.Instance), Status: row.Status.String(), Index: row.Index,
			AgeMS: now.Sub(row.Since).Milliseconds(), Origin: row.Origin.String(), Hold: held(row.Hold),
			Order: ordered(row.Order), State: string(row.Instance.State),
		}
		if row.Hold != registry.HoldNone {
			r.HeldMS = now.Sub(row.HeldSince).Milliseconds()
		}
		status.Rows = append(status.Rows, r)
	}
	for _, g := range snapshot.Guards {
		status.Guards = append(status.Guards, GuardStatus{
			Guard: g.Guard.String(), Zone: g.Zone, Reason: g.Reason, AgeMS: now.Sub(g.Since).Milliseconds(), Suspect: g.Suspect,
		})
	}
	for _, o := range snapshot.Orders {
		status.Orders = append(status.Orders, orderStatus(o, now))
	}
	for _, bad := range snapshot.Quarantined {
		status.Quarantined = append(status.Quarantined, QuarantinedStatus{
			Key: bad.Key, Class: bad.Class.String(), Reason: bad.Reason, Index: bad.Index,
			AgeMS: now.Sub(bad.FirstSeen).Milliseconds(), Attempts: bad.Attempts, Serving: bad.ServingIndex != 0,
		})
	}
	return status
}

// addressOf is empty for what is no instance.
func addressOf(in registry.Instance) string {
	if in.Host == "" {
		return ""
	}
	return in.Address()
}

// status is what an operator sees of it; of a view that has not looked yet, nothing.
func (o *outlook) status() (string, *ResumeStatus) {
	if o == nil {
		return registry.Fresh.String(), nil
	}
	resume := &ResumeStatus{
		Lag: o.resume.Lag, Left: o.resume.Left, WritesPerSecond: o.resume.Rate, ForMS: o.resume.For.Milliseconds(),
	}
	if o.resume.Rate == 0 && o.resume.Left > 0 {
		resume.ForMS = -1
	}
	return o.staleness.String(), resume
}
