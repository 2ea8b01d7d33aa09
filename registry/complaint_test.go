package registry_test

import (
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

func TestComplaintsKeepTheirWords(t *testing.T) {
	root, err := registry.ComplaintRoot("/clusters/one")
	if err != nil || root != "/clusters/one/_nack/" {
		t.Fatalf("root: got %q and error %v, want /clusters/one/_nack/", root, err)
	}
	c := registry.Complaint{Service: "api", Instance: "a", Consumer: "node-1", Class: "empty", Index: 7, Hash: 1<<63 + 5}
	value, err := registry.EncodeComplaint(c)
	if err != nil || len(value) > registry.MaxComplaintBytes {
		t.Fatalf("encode: got %d bytes and error %v, want a few", len(value), err)
	}
	got, err := registry.DecodeComplaint(root, registry.Entry{Key: c.Key(root), Value: value})
	if err != nil || got != c {
		t.Errorf("decode: got %+v and error %v, want %+v", got, err, c)
	}
	if _, err := registry.ComplaintRoot("nowhere"); err == nil {
		t.Error("root of a bad prefix: got no error, want one")
	}
	for _, bad := range []registry.Complaint{
		{Service: "a/b", Instance: "a", Consumer: "c", Class: "empty"},
		{Service: "api", Instance: "", Consumer: "c", Class: "empty"},
		{Service: "api", Instance: "a", Consumer: "_c", Class: "empty"},
		{Service: "api", Instance: "a", Consumer: "c", Class: "no class"},
	} {
		if value, err := registry.EncodeComplaint(bad); err == nil {
			t.Errorf("encode of %+v: got %s, want an error", bad, value)
		}
	}
}

func TestHostileComplaintsAreRefused(t *testing.T) {
	const root = "/services/_nack/"
	good := `{"v":1,"index":7,"class":"empty","hash":"100000000"}`
	for _, row := range []struct{ name, key, value string }{
		{"elsewhere", "/services/api/a/c", good},
		{"too shallow", root + "api/a", good},
		{"too deep", root + "api/a/c/d", good},
		{"a strange consumer", root + "api/a/ ", good},
		{"nothing", root + "api/a/c", ""},
		{"null", root + "api/a/c", "null"},
		{"torn", root + "api/a/c", good[:20]},
		{"another version", root + "api/a/c", strings.Replace(good, `"v":1`, `"v":2`, 1)},
		{"no number", root + "api/a/c", strings.Replace(good, "100000000", "snow", 1)},
		{"a class of several words", root + "api/a/c", strings.Replace(good, "empty", "a\\nb", 1)},
		{"negative", root + "api/a/c", strings.Replace(good, "7", "-7", 1)},
		{"huge", root + "api/a/c", strings.Replace(good, "empty", strings.Repeat("e", 1000), 1)},
	} {
		c, err := registry.DecodeComplaint(root, registry.Entry{Key: row.key, Value: row.value})
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %+v and error %v, want one line", row.name, c, err)
		}
	}
	if _, err := registry.DecodeComplaint(root, registry.Entry{Key: root + "api/a/c", Value: good}); err != nil {
		t.Errorf("a good one: got error %v, want none", err)
	}
}

// No view takes a complaint for an instance, whatever the services are called.
func TestComplaintsAreNoInstances(t *testing.T) {
	root, err := registry.ComplaintRoot("")
	if err != nil {
		t.Fatal(err)
	}
	key := registry.Complaint{Service: "api", Instance: "a", Consumer: "c"}.Key(root)
	for _, directory := range []string{"/services/api/", "/services/", "/services/a/"} {
		if id, ok := registry.SplitKey(directory, key); ok {
			t.Errorf("%s in %s: got the instance %s, want none", key, directory, id)
		}
	}
	if directory, err := registry.Directory("", strings.Trim(strings.TrimPrefix(root, "/services"), "/")); err == nil {
		t.Errorf("a service of the complaints' name: got %s, want it refused", directory)
	}
	b := newDriver(t, registry.Config{})
	b.want("a listing that has one", b.list(9, registry.Entry{Key: key, Value: record("c", 1), Index: 8}), "")
	b.want("a change of one", b.Observe(registry.Change{
		Kind: registry.ChangePut, Entry: registry.Entry{Key: key, Value: record("c", 1), Index: 10}, Index: 10,
	}, b.now), "")
}

func TestRoomToComplain(t *testing.T) {
	const root = "/services/_nack/"
	var standing []registry.Entry
	for i, consumer := range strings.Fields("c0 c1 c2 c3 c4 c5 c6 c7") {
		c := registry.Complaint{Service: "api", Instance: "a", Consumer: consumer, Class: "empty", Index: 7}
		value, err := registry.EncodeComplaint(c)
		if err != nil {
			t.Fatal(err)
		}
		standing = append(standing, registry.Entry{Key: c.Key(root), Value: value, Index: registry.Index(10 + i)})
	}
	for _, row := range []struct {
		name     string
		standing int
		consumer string
		others   int
		own      registry.Index
		room     bool
	}{
		{"nobody", 0, "me", 0, 0, true},
		{"one below the limit", registry.MaxComplaints - 1, "me", 7, 0, true},
		{"at the limit", registry.MaxComplaints, "me", 8, 0, false},
		{"at the limit, with one of ours", registry.MaxComplaints, "c3", 7, 13, true},
	} {
		others, own, room := registry.RoomToComplain(root, standing[:row.standing], row.consumer)
		if len(others) != row.others || own != row.own || room != row.room {
			t.Errorf("%s: got %d others, own at %d, room %v; want %d, %d, %v", row.name, len(others), own, room, row.others, row.own, row.room)
		}
	}
}
