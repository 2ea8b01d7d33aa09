package registry_test

import (
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// take checks one answer against what is known, and the snapshot after it.
func (r *rehearsal) take(steps []registry.Step) {
	r.t.Helper()
	if r.now.After(r.newest) {
		r.newest = r.now
	}
	republished := false
	for i, step := range steps {
		r.believe(step)
		if _, last := step.(registry.Republish); last {
			republished = true
			if i != len(steps)-1 {
				r.t.Fatalf("steps %s: want republish once, at the end", show(steps))
			}
		}
	}
	before, after := r.seen, r.view.Snapshot(r.now)
	switch {
	case !republished && after != before:
		r.t.Fatalf("steps %q: got another snapshot, want none without a republish", show(steps))
	case republished && after.Generation <= before.Generation:
		r.t.Fatalf("generation: got %d after %d", after.Generation, before.Generation)
	case len(steps) == 0:
		return
	case republished && r.shown != showAll(before):
		r.t.Fatalf("old snapshot: got %s, was %s", showAll(before), r.shown)
	}
	if problem := audit(r.view, r.now); problem != "" {
		r.t.Fatalf("after %q: %s", show(steps), problem)
	}
	r.wantTold(after, steps)
	r.wantExplained(before, after)
	if republished {
		r.seen, r.shown = after, showAll(after)
	}
}

// believe takes one step for what it says.
func (r *rehearsal) believe(step registry.Step) {
	switch s := step.(type) {
	case registry.Judge:
		if !s.Previous && r.view.KnownBad(s.Entry) {
			r.t.Fatalf("judge %s@%d: got it asked again, want a rejected write judged once", s.Entry.Key, s.Entry.Index)
		}
		if _, ours := registry.SplitKey(apis, s.Entry.Key); !ours || len(s.Entry.Value) > registry.MaxValueBytes+1 {
			r.t.Fatalf("judge %q: got %d bytes, want a key of the directory and a bounded value", s.Entry.Key, len(s.Entry.Value))
		}
		r.judges = append(r.judges, s.Entry)
	case registry.Added:
		r.told[s.Key] = *s.Instance
	case registry.Updated:
		r.told[s.Key] = *s.Instance
	case registry.Removed:
		r.parted[s.Key] = r.told[s.Key]
		delete(r.told, s.Key)
		if s.Kind == registry.ChangeDeleted {
			r.deleted[s.Key] = true
		}
	case registry.Held:
		if _, serves := r.told[s.Key]; !serves {
			r.told[s.Key] = r.parted[s.Key] // it is back
		}
	default: // changes nothing that is served
	}
}

// wantTold: whoever followed the steps knows what is served, and each of it was once
// found good for its key.
func (r *rehearsal) wantTold(s *registry.Snapshot, steps []registry.Step) {
	r.t.Helper()
	rows := 0
	for row := range s.Rows.All() {
		rows++
		if told, ok := r.told[row.Key]; !ok || !told.Equal(row.Instance) {
			r.t.Fatalf("after %q: got %s serving %v, and the steps told of %v", show(steps), row.Key, row.Instance, told)
		}
		if !r.fit[fitting(row.Key, row.Instance)] {
			r.t.Fatalf("row %s: got %v, which was never accepted", row.Key, row.Instance)
		}
	}
	if rows != len(r.told) {
		r.t.Fatalf("after %q: got %d rows, and the steps told of %d", show(steps), rows, len(r.told))
	}
	if limit := r.cfg.QuarantineRows; limit > 0 && len(s.Quarantined) > limit {
		r.t.Fatalf("quarantine: got %d rows, want at most %d", len(s.Quarantined), limit)
	}
}

// wantExplained: the last instances go only when each was deleted, drains, was proved
// dead, or an operator said so.
func (r *rehearsal) wantExplained(before, after *registry.Snapshot) {
	r.t.Helper()
	if before.Len() == 0 || after.Len() > 0 || r.forced || r.cfg.FailClosed || r.cfg.Unguarded {
		return
	}
	for row := range before.Rows.All() {
		now, still := after.Rows.Get(row.Key)
		drains := row.Instance.State == registry.StateDraining || still && now.Instance.State == registry.StateDraining
		if !r.deleted[row.Key] && !r.proved[row.Key] && !drains {
			r.t.Fatalf("got nothing left although nobody explained %s (%s)", row.Key, showSnapshot(before))
		}
	}
}

// rest is quiet after the history: one listing that stays true, every question
// answered, and time for all that ends by itself.
func (r *rehearsal) rest() {
	r.t.Helper()
	r.at = max(r.at, 1<<20)
	truth := make(map[string]registry.Entry)
	l := registry.Listing{Index: r.at, Cluster: "one"}
	for name, port := range r.rests {
		e := registry.Entry{Key: apis + name, Value: record(name, port), Index: r.at - registry.Index(name[0])}
		truth[e.Key] = e
		l.Entries = append(l.Entries, e)
	}
	r.forced = true // from here on the listing says who is gone
	r.take(r.view.Resync(l, r.now))
	r.decide(len(r.judges))
	r.take(r.view.Resync(l, r.now))
	for end := r.now.Add(25 * time.Minute); r.now.Before(end); {
		r.decide(len(r.judges))
		r.now = r.restful(l, truth)
	}
	r.decide(len(r.judges))
	r.wantQuiet(truth)
	r.take(r.view.Thaw(r.now))
	if s := r.view.Snapshot(r.now); len(s.Guards) > 0 {
		r.t.Fatalf("guards after a thaw: got %+v, want none", s.Guards)
	}
	r.wantEqual(truth)
}

// restful is one appointment with a quiet registry, in which what is missing is dead.
func (r *rehearsal) restful(l registry.Listing, truth map[string]registry.Entry) (next time.Time) {
	r.take(r.view.Confirm(r.now))
	steps, next := r.view.Tick(r.now)
	r.take(steps)
	for _, step := range steps {
		switch s := step.(type) {
		case registry.Reread:
			e, found := truth[s.Key]
			r.take(r.view.Reread(s.Key, e, found, r.now))
		case registry.Probe:
			_, alive := truth[s.Key]
			r.take(r.view.Probed(s.Key, alive, r.now))
		case registry.Relist:
			r.take(r.view.Resync(l, r.now))
		default: // asks for nothing
		}
	}
	return next
}

// wantQuiet: every difference to the registry has a name, and there is none but by
// the guards that do not end by themselves.
func (r *rehearsal) wantQuiet(truth map[string]registry.Entry) {
	r.t.Helper()
	s := r.view.Snapshot(r.now)
	endless := false
	for _, g := range s.Guards {
		endless = endless || g.Guard == registry.GuardOperator || g.Guard == registry.GuardCorruption
	}
	if !endless {
		r.wantEqual(truth)
		return
	}
	for row := range s.Rows.All() {
		if _, there := truth[row.Key]; !there && row.Hold == registry.HoldNone {
			r.t.Fatalf("%s: got it served without a reason, and it is gone (%s)", row.Key, showSnapshot(s))
		}
	}
	for key, e := range truth {
		row, serves := s.Rows.Get(key)
		if good := e.Value != ""; good && (!serves || row.Status != registry.StatusLive) && row.Hold == registry.HoldNone && r.view.FaultOf(key) == nil {
			r.t.Fatalf("%s: got it not served, without a reason (%s)", key, showSnapshot(s))
		}
	}
}

// wantEqual: what is served live is what is good in the registry, and what is in
// quarantine what is bad.
func (r *rehearsal) wantEqual(truth map[string]registry.Entry) {
	r.t.Helper()
	s := r.view.Snapshot(r.now)
	bad := 0
	for key, e := range truth {
		if e.Value == "" {
			bad++
			continue
		}
		id, _ := registry.SplitKey(apis, key)
		want, err := registry.Decode("api", id, e.Value)
		if err != nil {
			r.t.Fatal(err)
		}
		if row, _ := s.Rows.Get(key); row.Status != registry.StatusLive || !row.Instance.Equal(want) {
			r.t.Fatalf("%s at rest: got %v %v, want %v live (%s; guards %+v)", key, row.Status, row.Instance, want, showSnapshot(s), s.Guards)
		}
	}
	for row := range s.Rows.All() {
		if _, there := truth[row.Key]; !there {
			r.t.Fatalf("%s at rest: got it served, want it gone (%s; guards %+v)", row.Key, showSnapshot(s), s.Guards)
		}
	}
	if got := len(s.Quarantined) + s.QuarantineOverflow; got != bad {
		r.t.Fatalf("quarantine at rest: got %d keys, want the %d bad ones (%s)", got, bad, showSnapshot(s))
	}
}
