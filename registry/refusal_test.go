package registry_test

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// A refused value stays pending until it was refused too often. Then the key is
// in quarantine, and every re-read asks again, of the same bytes.
func TestRefuse(t *testing.T) {
	now := time.Unix(0, 0)
	v := registry.NewView(apis, registry.Config{KeepValues: true, Refusals: 2})
	key := apis + "a"
	taken := registry.Instance{Service: "api", ID: "a"}
	put := func(value string, index registry.Index) string {
		e := registry.Entry{Key: key, Value: value, Index: index}
		return show(v.Observe(registry.Change{Kind: registry.ChangePut, Entry: e, Index: index}, now))
	}
	steps := []struct {
		name string
		do   func() string
		want string
	}{
		{"the listing", func() string {
			return show(v.Resync(registry.Listing{Entries: []registry.Entry{{Key: key, Value: "1", Index: 1}}, Index: 1}, now))
		}, "judge a@1"},
		{"taken", func() string { return show(v.Accept(key, 1, taken, now)) }, "added a@1:0, republish"},
		{"a change", func() string { return put("2", 2) }, "judge a@2"},
		{"refused once", func() string { return show(v.Refuse(key, 2, "no", now)) }, "refused a@2 x1"},
		{"refused by way of an old value", func() string { return show(v.Refuse(key, 1, "no", now)) }, ""},
		{"refused twice", func() string { return show(v.Refuse(key, 2, "no", now)) }, "quarantined a@2 refused x1 serving 1, republish"},
		{"read again", func() string {
			return show(v.Reread(key, registry.Entry{Key: key, Value: "2", Index: 2}, true, now))
		}, "judge a@2"},
		{"refused again", func() string { return show(v.Refuse(key, 2, "no", now)) }, ""},
		{"read again, later", func() string {
			return show(v.Reread(key, registry.Entry{Key: key, Value: "2", Index: 2}, true, now))
		}, "judge a@2"},
		{"taken at last", func() string { return show(v.Accept(key, 2, taken, now)) }, "released a@2 after 0s, updated a@2:0, republish"},
	}
	for _, s := range steps {
		if got := s.do(); got != s.want {
			t.Errorf("%s: got %q, want %q", s.name, got, s.want)
		}
	}
	if row, _ := v.Serving(key); row.Value != "2" {
		t.Errorf("row: got value %q, want 2", row.Value)
	}
}

// Refusals say nothing about the registry: no number of them freezes a view.
func TestRefusalsAreNoCorruption(t *testing.T) {
	for class, freezes := range map[registry.Class]bool{registry.ClassRefused: false, registry.ClassSlow: true} {
		now := time.Unix(0, 0)
		v := registry.NewView(apis, registry.Config{KeepValues: true})
		var entries []registry.Entry
		for _, id := range []string{"a", "b", "c", "d", "e"} {
			entries = append(entries, registry.Entry{Key: apis + id, Value: "1", Index: 1})
		}
		v.Resync(registry.Listing{Entries: entries, Index: 1}, now)
		for _, e := range entries {
			v.Accept(e.Key, 1, registry.Instance{}, now)
		}
		for i, e := range entries {
			e.Value, e.Index = "2", registry.Index(2+i)
			v.Observe(registry.Change{Kind: registry.ChangePut, Entry: e, Index: e.Index}, now)
			v.Reject(e.Key, e.Index, &registry.Fault{Class: class, Reason: "no"}, now)
		}
		if _, frozen := v.Snapshot(now).Guarded(registry.GuardCorruption); frozen != freezes {
			t.Errorf("all keys %s: got frozen %v, want %v", class, frozen, freezes)
		}
	}
}
