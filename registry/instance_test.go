package registry_test

import (
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

func TestAddress(t *testing.T) {
	tests := []struct{ name, host, want string }{
		{"name", "a.example", "a.example:80"},
		{"IPv4", "10.0.0.7", "10.0.0.7:80"},
		{"IPv6", "2001:db8::7", "[2001:db8::7]:80"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := (registry.Instance{Host: test.host, Port: 80}).Address(); got != test.want {
				t.Errorf("address: got %s, want %s", got, test.want)
			}
		})
	}
}

func TestEqual(t *testing.T) {
	base := func() registry.Instance {
		return registry.Instance{
			Version: 1, Service: "s", ID: "a", Incarnation: "i", Host: "h", Port: 1, Zone: "z", Weight: 1,
			State: registry.StateUp, Meta: map[string]string{"k": "v"},
		}
	}
	if !base().Equal(base()) {
		t.Errorf("equal: got false for two alike")
	}
	if !(registry.Instance{}).Equal(registry.Instance{Meta: map[string]string{}}) {
		t.Errorf("equal: got false for no meta and empty meta")
	}
	edits := map[string]func(*registry.Instance){
		"version":     func(in *registry.Instance) { in.Version = 2 },
		"service":     func(in *registry.Instance) { in.Service = "x" },
		"id":          func(in *registry.Instance) { in.ID = "x" },
		"incarnation": func(in *registry.Instance) { in.Incarnation = "x" },
		"host":        func(in *registry.Instance) { in.Host = "x" },
		"port":        func(in *registry.Instance) { in.Port = 2 },
		"zone":        func(in *registry.Instance) { in.Zone = "x" },
		"weight":      func(in *registry.Instance) { in.Weight = 2 },
		"state":       func(in *registry.Instance) { in.State = registry.StateDraining },
		"meta":        func(in *registry.Instance) { in.Meta["k"] = "x" },
		"more meta":   func(in *registry.Instance) { in.Meta["l"] = "" },
	}
	for name, edit := range edits {
		other := base()
		edit(&other)
		if base().Equal(other) || other.Equal(base()) {
			t.Errorf("equal: got true for another %s", name)
		}
	}
}

// TestFaultIsBounded: whatever is quoted, a reason stays one short line.
func TestFaultIsBounded(t *testing.T) {
	for name, hostile := range map[string]string{
		"long":      strings.Repeat("x", 60000),
		"escapes":   strings.Repeat(`\u0001`, 9000),
		"wide":      strings.Repeat("💬", 9000),
		"backslash": strings.Repeat(`\\`, 9000),
	} {
		for _, member := range []string{"service", "id", "host", "zone", "state", "sum", "incarnation"} {
			t.Run(name+" "+member, func(t *testing.T) {
				_, err := registry.Decode("api", "a", with(member, `"`+hostile+`"`))
				if err == nil {
					t.Fatal("decode: got no fault")
				}
				if n := len(err.Error()); n > 320 {
					t.Errorf("error: got %d bytes, want one short line", n)
				}
			})
		}
	}
}
