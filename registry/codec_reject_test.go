package registry_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

func TestDecodeRejects(t *testing.T) {
	tests := []struct {
		name, value string
		want        registry.Class
	}{
		{"empty", "", registry.ClassEmpty},
		{"white space", " \t\r\n", registry.ClassEmpty},
		{"too long", minimal + strings.Repeat(" ", registry.MaxValueBytes), registry.ClassOversize},
		{"no JSON", "host", registry.ClassSyntax},
		{"torn", minimal[:30], registry.ClassSyntax},
		{"byte order mark", "\ufeff" + minimal, registry.ClassSyntax},
		{"trailing data", minimal + "x", registry.ClassSyntax},
		{"two values", minimal + minimal, registry.ClassSyntax},
		{"NUL behind", minimal + "\x00", registry.ClassSyntax},
		{"required member twice", with("x", `0,"port":1`), registry.ClassSyntax},
		{"optional member twice", with("zone", `"a","zone":"a"`), registry.ClassSyntax},
		{"member twice, once escaped", with("x", `0,"p\u006frt":1`), registry.ClassSyntax},
		{"unknown member twice", with("x", `0,"x":0`), registry.ClassSyntax},
		{"meta entry twice", with("meta", `{"a":"1","a":"1"}`), registry.ClassSyntax},
		{"twice in an unknown member", with("x", `{"a":0,"a":0}`), registry.ClassSyntax},
		{"bad UTF-8", with("zone", "\"\xff\""), registry.ClassSyntax},
		{"bad UTF-8 in an unknown member", with("x", "\"\xc3\x28\""), registry.ClassSyntax},
		{"half a surrogate pair", with("zone", `"\ud800"`), registry.ClassSyntax},
		{"raw control character", with("zone", "\"\n\""), registry.ClassSyntax},
		{"comment", with("x", `0/**/`), registry.ClassSyntax},
		{"nested beyond all reason", with("x", strings.Repeat("[", 20000)+strings.Repeat("]", 20000)), registry.ClassSyntax},
		{"null", "null", registry.ClassNull},
		{"array", "[" + minimal + "]", registry.ClassShape},
		{"string", `"x"`, registry.ClassShape},
		{"empty object", "{}", registry.ClassShape},
		{"no v", without("v"), registry.ClassShape},
		{"no service", without("service"), registry.ClassShape},
		{"no ID", without("id"), registry.ClassShape},
		{"no host", without("host"), registry.ClassShape},
		{"no port", without("port"), registry.ClassShape},
		{"v is null", with("v", "null"), registry.ClassShape},
		{"v is a string", with("v", `"1"`), registry.ClassShape},
		{"v is a fraction", with("v", `1.0`), registry.ClassShape},
		{"v has an exponent", with("v", `1e0`), registry.ClassShape},
		{"v is beyond an integer", with("v", `99999999999999999999`), registry.ClassShape},
		{"host is a number", with("host", `1`), registry.ClassShape},
		{"host is null", with("host", `null`), registry.ClassShape},
		{"port is a string", with("port", `"50051"`), registry.ClassShape},
		{"zone is null", with("zone", `null`), registry.ClassShape},
		{"meta is null", with("meta", `null`), registry.ClassShape},
		{"meta is an array", with("meta", `[]`), registry.ClassShape},
		{"meta entry is a number", with("meta", `{"a":1}`), registry.ClassShape},
		{"meta entry is null", with("meta", `{"a":null}`), registry.ClassShape},
		{"case variant beside", with("Host", `"10.0.0.8"`), registry.ClassShape},
		{"case variant alone", strings.Replace(minimal, "port", "PORT", 1), registry.ClassShape},
		{"case variant of an optional member", with("Weight", `1`), registry.ClassShape},
		{"newer version", with("v", `2`), registry.ClassUnsupported},
		{"version 0", with("v", `0`), registry.ClassUnsupported},
		{"negative version", with("v", `-1`), registry.ClassUnsupported},
		{"newer version of other shape", `{"v":2,"endpoints":[],"host":["a"]}`, registry.ClassUnsupported},
		{"newer version, torn", `{"v":2,"endpoi`, registry.ClassSyntax},
		{"other service", with("service", `"apj"`), registry.ClassIdentity},
		{"other ID", with("id", `"b"`), registry.ClassIdentity},
		{"ID in other case", with("id", `"A"`), registry.ClassIdentity},
		{"no host inside", with("host", `""`), registry.ClassSemantic},
		{"host too long", with("host", text(254)), registry.ClassSemantic},
		{"label too long", with("host", text(64)), registry.ClassSemantic},
		{"torn address", with("host", `"10.0.0"`), registry.ClassSemantic},
		{"torn address with a dot", with("host", `"10.0.0."`), registry.ClassSemantic},
		{"octet too large", with("host", `"10.0.0.256"`), registry.ClassSemantic},
		{"unspecified address", with("host", `"0.0.0.0"`), registry.ClassSemantic},
		{"unspecified IPv6 address", with("host", `"::"`), registry.ClassSemantic},
		{"unspecified address in IPv6", with("host", `"::ffff:0.0.0.0"`), registry.ClassSemantic},
		{"address with a zone", with("host", `"fe80::1%eth0"`), registry.ClassSemantic},
		{"brackets", with("host", `"[::1]"`), registry.ClassSemantic},
		{"host with port", with("host", `"a:1"`), registry.ClassSemantic},
		{"host with markup", with("host", `"<b>"`), registry.ClassSemantic},
		{"empty label", with("host", `"a..b"`), registry.ClassSemantic},
		{"only a dot", with("host", `"."`), registry.ClassSemantic},
		{"leading hyphen", with("host", `"-a"`), registry.ClassSemantic},
		{"port 0", with("port", `0`), registry.ClassSemantic},
		{"port too large", with("port", `65536`), registry.ClassSemantic},
		{"negative port", with("port", `-1`), registry.ClassSemantic},
		{"weight 0", with("weight", `0`), registry.ClassSemantic},
		{"weight too large", with("weight", `65536`), registry.ClassSemantic},
		{"unknown state", with("state", `"UP"`), registry.ClassSemantic},
		{"empty state", with("state", `""`), registry.ClassSemantic},
		{"zone too long", with("zone", text(129)), registry.ClassSemantic},
		{"control character in zone", with("zone", `"\n"`), registry.ClassSemantic},
		{"incarnation too long", with("incarnation", text(129)), registry.ClassSemantic},
		{"empty name in meta", with("meta", `{"":"x"}`), registry.ClassSemantic},
		{"long name in meta", with("meta", `{`+text(129)+`:"x"}`), registry.ClassSemantic},
		{"long value in meta", with("meta", `{"x":`+text(1025)+`}`), registry.ClassSemantic},
		{"too much meta", with("meta", metaOf(65)), registry.ClassSemantic},
		{"sum is a number", with("sum", `12345678`), registry.ClassShape},
		{"sum is empty", with("sum", `""`), registry.ClassChecksum},
		{"sum is short", with("sum", `"1234567"`), registry.ClassChecksum},
		{"sum is signed", with("sum", `"+1234567"`), registry.ClassChecksum},
		{"sum is wrong", with("sum", `"00000000"`), registry.ClassChecksum},
		{"wrong sum explains a wrong version", strings.Replace(with("sum", `"00000000"`), `"v":1`, `"v":3`, 1), registry.ClassChecksum},
		{"wrong sum explains a missing member", strings.Replace(with("sum", `"00000000"`), `"port"`, `"pört"`, 1), registry.ClassChecksum},
		{"other sum in another version", strings.Replace(with("sum", `"sha:1"`), `"v":1`, `"v":3`, 1), registry.ClassUnsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in, err := registry.Decode("api", "a", test.value)
			checkFault(t, err, test.want)
			if !in.Equal(registry.Instance{}) {
				t.Errorf("instance beside a fault: got %+v, want none", in)
			}
		})
	}
	t.Run("64 entries of meta are not too many", func(t *testing.T) {
		if in, err := registry.Decode("api", "a", with("meta", metaOf(64))); err != nil || len(in.Meta) != 64 {
			t.Errorf("decode: got %d entries, %v, want 64", len(in.Meta), err)
		}
	})
	t.Run("longest value", func(t *testing.T) {
		value := minimal + strings.Repeat(" ", registry.MaxValueBytes-len(minimal))
		if _, err := registry.Decode("api", "a", value); err != nil {
			t.Errorf("decode: got %v, want no fault", err)
		}
	})
	t.Run("key that is no name", func(t *testing.T) {
		_, err := registry.Decode("api", "_a", with("id", `"_a"`))
		checkFault(t, err, registry.ClassIdentity)
	})
}

func metaOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":"v"`, i)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

// checkFault wants a fault of the class, fit for a log line.
func checkFault(t *testing.T, err error, want registry.Class) {
	t.Helper()
	var fault *registry.Fault
	if !errors.As(err, &fault) {
		t.Fatalf("error: got %v, want a *Fault of class %s", err, want)
	}
	if fault.Class != want {
		t.Errorf("class: got %v, want %v", err, want)
	}
	if n := len(fault.Reason); n == 0 || n > registry.MaxReasonBytes || strings.ContainsAny(fault.Reason, "\n\x00") {
		t.Errorf("reason: got %q (%d bytes), want one line of at most %d", fault.Reason, n, registry.MaxReasonBytes)
	}
}
