package registry_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func TestViewFollowsADirectory(t *testing.T) {
	b := newDriver(t, registry.Config{})
	if b.Synced() {
		t.Error("synced before a listing: got true")
	}
	b.want("listing", b.list(9, entry("b", 1, 5), entry("a", 1, 7), registry.Entry{Key: apis + "x/y", Value: "{}", Index: 8}),
		"judge b@5, judge a@7")
	b.want("first verdict", b.accept("a", 1, 7), "added a@7:1, republish")
	if b.Synced() {
		t.Error("synced with a verdict outstanding: got true")
	}
	b.want("second verdict", b.accept("b", 1, 5), "added b@5:1, republish")
	if !b.Synced() {
		t.Error("synced after all verdicts: got false")
	}
	b.wantRows("after the listing", "a@7:1, b@5:1")

	b.want("new key", b.put("c", 1, 10), "judge c@10")
	b.wantRows("before the verdict", "a@7:1, b@5:1")
	b.want("new key's verdict", b.accept("c", 1, 10), "added c@10:1, republish")
	b.want("update", b.put("a", 2, 11), "judge a@11")
	b.want("update's verdict", b.accept("a", 2, 11), "updated a@11:2, republish")
	b.want("expiry", b.remove("b", registry.ChangeExpired, 12), "removed b@12 expired, drop b, republish")
	b.want("deletion", b.remove("c", registry.ChangeDeleted, 13), "removed c@13 deleted, drop c, republish")
	b.want("deletion before the verdict", append(b.put("d", 1, 14), b.remove("d", registry.ChangeDeleted, 15)...),
		"judge d@14, drop d")
	b.want("late verdict", b.accept("d", 1, 14), "")
	b.wantRows("at the end", "a@11:2")
	if b.Index() != 15 {
		t.Errorf("index: got %d, want 15", b.Index())
	}
}

func TestViewIgnoresOldNews(t *testing.T) {
	b := newDriver(t, registry.Config{})
	b.list(20, entry("a", 1, 10))
	b.accept("a", 1, 10)
	for what, steps := range map[string][]registry.Step{
		"put at the same index":                b.put("a", 2, 10),
		"older put":                            b.put("a", 2, 9),
		"removal at the same index":            b.remove("a", registry.ChangeDeleted, 10),
		"removal of an unknown key":            b.remove("x", registry.ChangeDeleted, 21),
		"put of a key the listing lacked":      b.put("x", 1, 20),
		"put of a key before its removal":      b.put("x", 1, 21),
		"a directory's change":                 b.Observe(registry.Change{Kind: registry.ChangeDirectory, Index: 30}, b.now),
		"a change of no known kind":            b.Observe(registry.Change{Entry: entry("a", 2, 30), Index: 30}, b.now),
		"verdict on an unknown key":            b.accept("x", 1, 20),
		"verdict on an older value":            b.accept("a", 2, 9),
		"verdict on a value that is to come":   b.accept("a", 2, 11),
		"rejection of an unknown key":          b.reject("x", 20),
		"rejection of an older value":          b.reject("a", 9),
		"put in a neighbouring directory":      b.Observe(registry.Change{Kind: registry.ChangePut, Entry: registry.Entry{Key: "/services/api2/a", Index: 31}, Index: 31}, b.now),
		"put below a child":                    b.put("a/b", 1, 32),
		"put of a key with an overlong name":   b.put(strings.Repeat("x", 129), 1, 33),
		"the same verdict once more":           b.accept("a", 1, 10),
		"the same listing once more":           b.list(40, entry("a", 1, 10)),
		"verdict without a change of anything": b.accept("a", 1, 10),
	} {
		b.want(what, steps, "")
	}
	b.wantRows("after old news", "a@10:1")
}

// A key that is read on its own may be ahead of the changes: that must not
// make the view overlook the changes between.
func TestViewTakesAReadAheadOfTheChanges(t *testing.T) {
	b := newDriver(t, registry.Config{})
	b.list(10, entry("a", 0, 9))
	b.reject("a", 9)
	b.want("read ahead", b.put("a", 1, 50), "judge a@50")
	b.want("another key's change before it", b.put("b", 1, 45), "judge b@45")
	b.want("the change that was read ahead", b.put("a", 1, 50), "")
	b.want("a removal before it", b.remove("a", registry.ChangeDeleted, 49), "")
}

func TestViewQuarantines(t *testing.T) {
	b := newDriver(t, registry.Config{})
	b.list(9, entry("a", 1, 5), entry("b", 1, 6))
	b.accept("a", 1, 5)
	b.accept("b", 1, 6)

	b.want("torn put", b.put("a", 0, 10), "judge a@10")
	b.want("rejection", b.reject("a", 10), "quarantined a@10 empty x1 serving 5, republish")
	b.wantRows("with a last good value", "a@5:1 cached, b@6:1, bad a@10")
	if !b.KnownBad(entry("a", 0, 10)) || b.KnownBad(entry("a", 0, 11)) || b.KnownBad(entry("a", 1, 10)) || b.KnownBad(entry("b", 0, 10)) {
		t.Error("known bad: want exactly this key, index and value")
	}
	if e, ok := b.Pending(apis + "a"); !ok || e != entry("a", 0, 10) {
		t.Errorf("pending: got %+v %v, want the bad value", e, ok)
	}
	if f := b.FaultOf(apis + "a"); f == nil || f.Class != registry.ClassEmpty {
		t.Errorf("fault of a: got %v, want empty", f)
	}

	before := b.Snapshot(b.now)
	b.now = b.now.Add(time.Second)
	b.want("same verdict again", b.reject("a", 10), "")
	if b.Snapshot(b.now) != before {
		t.Error("snapshot after a repeated verdict: got another one")
	}
	b.want("listing that still has it", b.list(11, entry("a", 0, 10), entry("b", 1, 6)), "")
	b.want("another bad value", b.put("a", 0, 12), "judge a@12")
	b.want("its rejection", b.reject("a", 12), "quarantined a@12 empty x3 serving 5, republish")
	b.want("verdict on the superseded one", b.accept("a", 1, 10), "")

	b.now = b.now.Add(time.Second)
	b.want("good value", b.put("a", 1, 13), "judge a@13")
	if f := b.FaultOf(apis + "a"); f == nil {
		t.Error("fault before the verdict: got none")
	}
	b.want("its verdict", b.accept("a", 1, 13), "released a@13 after 2s, republish")
	b.wantRows("after the release", "a@13:1, b@6:1")
	if f := b.FaultOf(apis + "a"); f != nil {
		t.Errorf("fault after the release: got %v", f)
	}
	if _, ok := b.Pending(apis + "a"); ok {
		t.Error("pending after the release: got a value")
	}
}

func TestViewQuarantinesAKeyThatNeverWasGood(t *testing.T) {
	b := newDriver(t, registry.Config{})
	b.list(9, entry("a", 0, 5))
	b.want("rejection", b.reject("a", 5), "quarantined a@5 empty x1 serving 0, republish")
	if !b.Synced() {
		t.Error("synced: got false, want a rejection to count as a verdict")
	}
	b.wantRows("nothing to serve", "bad a@5")
	b.want("other class at the same index",
		b.Reject(apis+"a", 5, &registry.Fault{Class: registry.ClassSlow, Reason: strings.Repeat("x", 999)}, b.now),
		"quarantined a@5 slow x2 serving 0, republish")
	if got := b.FaultOf(apis + "a").Reason; len(got) != registry.MaxReasonBytes {
		t.Errorf("reason: got %d bytes, want it cut to %d", len(got), registry.MaxReasonBytes)
	}
	b.want("no fault given", b.Reject(apis+"a", 5, nil, b.now), "quarantined a@5 unknown x3 serving 0, republish")
	b.want("expiry", b.remove("a", registry.ChangeExpired, 6), "drop a, republish")
	b.wantRows("after the expiry", "")
	b.put("a", 0, 11)
	b.reject("a", 11)
	b.want("release", append(b.put("a", 1, 12), b.accept("a", 1, 12)...),
		"judge a@12, released a@12 after 0s, added a@12:1, republish")
}

func TestViewResync(t *testing.T) {
	start := func(t *testing.T) *driver {
		t.Helper()
		b := newDriver(t, registry.Config{})
		b.list(9, entry("a", 1, 5), entry("b", 1, 6), entry("c", 1, 7))
		b.accept("a", 1, 5)
		b.accept("b", 1, 6)
		return b // c has no verdict yet
	}
	tests := []struct {
		name    string
		index   registry.Index
		entries []registry.Entry
		want    string
	}{
		{"a verdict that never came is asked for again", 9, []registry.Entry{entry("a", 1, 5), entry("b", 1, 6), entry("c", 1, 7)}, "judge c@7"},
		{"newer value", 20, []registry.Entry{entry("a", 2, 15), entry("b", 1, 6), entry("c", 1, 17)}, "judge a@15, judge c@17"},
		{"missing keys", 20, []registry.Entry{entry("b", 1, 6)}, "removed a@20 unknown, drop a, drop c, republish"},
		{"nothing left", 20, nil, "engaged amnesia, held a amnesia, held b amnesia, drop a, drop b, drop c, republish"},
		{"a registry that went back", 3, []registry.Entry{entry("a", 1, 2), entry("b", 2, 3)}, "engaged amnesia, judge a@2, judge b@3, drop c, republish"},
		{"the same index with another value", 6, []registry.Entry{entry("a", 2, 5), entry("b", 1, 6)}, "engaged amnesia, judge a@5, drop c, republish"},
		{"a key twice", 20, []registry.Entry{entry("a", 1, 5), entry("a", 2, 15), entry("b", 1, 6)}, "drop c"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := start(t)
			b.want("resync", b.list(test.index, test.entries...), test.want)
			if b.Index() != test.index {
				t.Errorf("index: got %d, want %d", b.Index(), test.index)
			}
		})
	}
	t.Run("many keys go in the order of their names", func(t *testing.T) {
		b := newDriver(t, registry.Config{})
		var entries []registry.Entry
		var want []string
		for c := 'z'; c >= 'a'; c-- {
			entries = append(entries, entry(string(c), 1, 5))
			want = append(want, "drop "+string(c))
		}
		slices.Sort(want)
		b.list(9, entries...)
		b.want("empty listing", b.list(10), strings.Join(want, ", "))
	})
	t.Run("synced when the last one has gone", func(t *testing.T) {
		b := start(t)
		b.remove("c", registry.ChangeExpired, 10)
		if !b.Synced() {
			t.Error("synced: got false")
		}
		b.put("d", 1, 11)
		if !b.Synced() {
			t.Error("synced after more news: got false, want it to stay true")
		}
	})
	t.Run("changes go on from an index that went back", func(t *testing.T) {
		b := start(t)
		b.list(3, entry("a", 1, 2))
		b.want("put", b.put("z", 1, 4), "judge z@4")
	})
}
