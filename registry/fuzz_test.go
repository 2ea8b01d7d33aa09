package registry_test

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/firebreak-go/firebreak/registry"
)

// FuzzDecode: every value is an instance of its key that can be encoded again,
// or a fault fit for a log line; never a panic, never both.
func FuzzDecode(f *testing.F) {
	full, err := registry.Encode(registry.Instance{
		Service: "api", ID: "a", Incarnation: "i", Host: "::1", Port: 1, Zone: "z", Meta: map[string]string{"k": "v"},
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", " ", "null", "{}", "[]", `""`, "0", minimal, full, full[:len(full)/2], "\ufeff" + full, full + full,
		with("sum", `"00000000"`), with("v", "2"), with("Host", `""`), with("port", `1e1`), with("meta", `{"a":null}`),
		with("zone", `"\ud800"`), with("x", `[[[{"a":0,"a":1}]]]`), with("host", `"fe80::1%eth0"`), with("x", "\"\xff\""),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		in, err := registry.Decode("api", "a", value)
		if err != nil {
			var fault *registry.Fault
			if !errors.As(err, &fault) || fault.Class.String() == "unknown" {
				t.Fatalf("error: got %v, want a fault of a known class", err)
			}
			if len(fault.Reason) == 0 || len(fault.Reason) > registry.MaxReasonBytes || !utf8.ValidString(fault.Reason) {
				t.Fatalf("reason: got %q, want bounded UTF-8", fault.Reason)
			}
			if !in.Equal(registry.Instance{}) {
				t.Fatalf("instance beside a fault: got %+v", in)
			}
			return
		}
		if in.Service != "api" || in.ID != "a" {
			t.Fatalf("identity: got %s %s, want that of the key", in.Service, in.ID)
		}
		again, err := registry.Encode(in)
		if fault := (*registry.Fault)(nil); errors.As(err, &fault) && fault.Class == registry.ClassOversize {
			return // the bound is that of bytes, and escaping may need more of them
		}
		if err != nil {
			t.Fatalf("encode %+v: %v", in, err)
		}
		if back, err := registry.Decode("api", "a", again); err != nil || !back.Equal(in) {
			t.Fatalf("decode again: got %+v, %v, want %+v", back, err, in)
		}
	})
}
