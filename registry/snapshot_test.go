package registry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func TestViewSnapshot(t *testing.T) {
	b := newDriver(t, registry.Config{})
	first := b.Snapshot(b.now)
	if first.Generation != 0 || first.Directory != apis || first.Rows.Len() != 0 {
		t.Errorf("first snapshot: got %+v, want an empty one", first)
	}
	b.list(9, entry("b", 1, 6), entry("a", 1, 5))
	if b.Snapshot(b.now) != first {
		t.Error("snapshot before a verdict: got another one")
	}
	b.accept("b", 1, 6)
	b.accept("a", 1, 5)
	second := b.Snapshot(b.now)
	if got := showSnapshot(second); got != "a@5:1, b@6:1" || second.Generation != 2 || second.Index != 9 || !second.At.Equal(b.now) {
		t.Errorf("second snapshot: got %s in %+v", got, second)
	}
	b.now = b.now.Add(time.Minute)
	b.put("a", 1, 10)
	b.want("equal value", b.accept("a", 1, 10), "")
	if b.Snapshot(b.now) != second {
		t.Error("snapshot after an equal value: got another one")
	}
	b.put("a", 0, 11)
	b.reject("a", 11)
	b.wantRows("after a bad value", "a@10:1 cached, b@6:1, bad a@11")
	if got := showSnapshot(second); got != "a@5:1, b@6:1" {
		t.Errorf("old snapshot: got %s, want it unchanged", got)
	}
	bad := b.Snapshot(b.now).Quarantined[0]
	if bad.Sample != `""` || bad.ServingIndex != 10 || bad.Reason != "nothing" || bad.Hash == 0 {
		t.Errorf("bad row: got %+v", bad)
	}
}

func TestSnapshotPickSet(t *testing.T) {
	s := &registry.Snapshot{Rows: registry.NewRows([]registry.Row{
		{Instance: registry.Instance{ID: "a", State: registry.StateUp}},
		{Instance: registry.Instance{ID: "b", State: registry.StateDraining}},
		{Instance: registry.Instance{ID: "c"}, Status: registry.StatusQuarantinedCached},
	})}
	var ids []string
	for in := range s.Instances() {
		ids = append(ids, in.ID)
	}
	if got := strings.Join(ids, " "); got != "a c" || s.Len() != 2 {
		t.Errorf("pick set: got %s (%d), want a c (2)", got, s.Len())
	}
	for in := range s.Instances() {
		if in.ID != "a" {
			t.Errorf("after a break: got %s", in.ID)
		}
		break
	}
}

func TestQuarantineIsBounded(t *testing.T) {
	b := newDriver(t, registry.Config{QuarantineRows: 2})
	torn := registry.Entry{Key: apis + "c", Value: `{"v":`, Index: 3}
	b.list(9, entry("a", 0, 1), entry("b", 0, 2), torn, entry("d", 1, 4))
	b.accept("d", 1, 4)
	b.put("d", 0, 10)
	for id, index := range map[string]registry.Index{"a": 1, "b": 2} {
		b.reject(id, index)
	}
	b.want("rejection without room", b.reject("c", 3), "quarantined c@3 empty x1 serving 0, republish")
	b.reject("d", 10)
	b.wantRows("full", "d@4:1 cached, bad a@1, bad b@2, and 2 more")
	if _, ok := b.Pending(apis + "c"); ok {
		t.Error("pending without room: got a value, want none to be kept")
	}
	if !b.KnownBad(torn) {
		t.Error("known bad without room: got false")
	}
	b.put("b", 0, 11)
	b.want("another bad value of a listed key", b.reject("b", 11), "quarantined b@11 empty x2 serving 0, republish")
	b.wantRows("full, with news of a listed key", "d@4:1 cached, bad a@1, bad b@11, and 2 more")
	b.remove("a", registry.ChangeDeleted, 12)
	b.reject("c", 3)
	b.put("b", 1, 13)
	b.accept("b", 1, 13)
	b.wantRows("with room again", "b@13:1, d@4:1 cached, bad c@3, and 1 more")
}

func TestViewBoundsWhatItKeeps(t *testing.T) {
	b := newDriver(t, registry.Config{})
	huge := registry.Entry{Key: apis + "a", Value: strings.Repeat("\x00", 2<<20), Index: 5}
	b.want("listing", b.list(9, huge), "judge a@5")
	kept, _ := b.Pending(apis + "a")
	if len(kept.Value) != registry.MaxValueBytes+1 {
		t.Errorf("kept value: got %d bytes, want %d", len(kept.Value), registry.MaxValueBytes+1)
	}
	_, err := registry.Decode("api", "a", kept.Value)
	checkFault(t, err, registry.ClassOversize)
	b.reject("a", 5)
	if !b.KnownBad(huge) {
		t.Error("known bad: got false for the value as it was")
	}
	if got := len(b.Snapshot(b.now).Quarantined[0].Sample); got > registry.MaxReasonBytes || got < registry.MaxReasonBytes/2 {
		t.Errorf("sample: got %d bytes, want close to %d", got, registry.MaxReasonBytes)
	}
}

func TestViewRestore(t *testing.T) {
	old := newDriver(t, registry.Config{})
	old.list(9, entry("a", 1, 5), entry("b", 1, 6), entry("c", 0, 7), entry("d", 1, 8), entry("e", 1, 9))
	old.accept("e", 1, 9)
	old.accept("a", 1, 5)
	old.accept("b", 1, 6)
	old.reject("c", 7)
	old.accept("d", 1, 8)
	old.put("d", 0, 10)
	old.reject("d", 10)
	snapshot := old.Snapshot(old.now)

	b := newDriver(t, registry.Config{})
	b.now = old.now.Add(time.Minute)
	b.Restore(nil)
	b.Restore(&registry.Snapshot{Directory: "/else/where/", Generation: 7})
	if got := b.Snapshot(b.now).Generation; got != 0 {
		t.Errorf("generation after another directory's snapshot: got %d, want 0", got)
	}
	b.Restore(snapshot)
	b.Restore(&registry.Snapshot{Directory: apis, Generation: 99})
	if b.Snapshot(b.now) != snapshot {
		t.Errorf("restored snapshot: got %s, want the same pointer", showSnapshot(b.Snapshot(b.now)))
	}
	if b.Synced() {
		t.Error("synced: got true before a listing")
	}
	if _, ok := b.Pending(apis + "c"); ok {
		t.Error("pending: got a value, want none before a listing")
	}
	b.want("listing judges everything anew", b.list(11, entry("b", 1, 6), entry("c", 0, 7), entry("d", 1, 11), entry("e", 1, 9)),
		"judge b@6, judge c@7, judge d@11, judge e@9, removed a@11 unknown, drop a, republish")
	b.want("unchanged", b.accept("b", 1, 6), "")
	b.want("still bad", b.reject("c", 7), "")
	b.want("healed meanwhile", b.accept("d", 1, 11), "released d@11 after 1m0s, republish")
	b.wantRows("at the end", "b@6:1, d@11:1, e@9:1, bad c@7")
	if got := b.Snapshot(b.now); got.Generation <= snapshot.Generation {
		t.Errorf("generation: got %d, want more than %d", got.Generation, snapshot.Generation)
	}
	b.Restore(snapshot)
	b.wantRows("restoring a view that knows something", "b@6:1, d@11:1, e@9:1, bad c@7")
}
