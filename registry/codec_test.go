package registry_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

const minimal = `{"v":1,"service":"api","id":"a","host":"10.0.0.7","port":50051}`

// with returns the minimal record with one more member, or with another value
// of a member that it has.
func with(member, value string) string {
	for _, old := range []string{`"v":1`, `"service":"api"`, `"id":"a"`, `"host":"10.0.0.7"`, `"port":50051`} {
		if strings.HasPrefix(old, `"`+member+`":`) {
			return strings.Replace(minimal, old, `"`+member+`":`+value, 1)
		}
	}
	return strings.TrimSuffix(minimal, "}") + `,"` + member + `":` + value + "}"
}

// without returns the minimal record without one member.
func without(member string) string {
	s := strings.Replace(with(member, "0"), `"`+member+`":0`, "", 1)
	return strings.NewReplacer(",,", ",", "{,", "{", ",}", "}").Replace(s)
}

func text(n int) string { return `"` + strings.Repeat("x", n) + `"` }

func TestDecodeAccepts(t *testing.T) {
	base := registry.Instance{
		Version: 1, Service: "api", ID: "a", Host: "10.0.0.7", Port: 50051,
		Weight: registry.DefaultWeight, State: registry.StateUp,
	}
	change := func(f func(*registry.Instance)) registry.Instance {
		in := base
		f(&in)
		return in
	}
	tests := []struct {
		name, value string
		want        registry.Instance
	}{
		{"only what is required", minimal, base},
		{"white space around", " \t\r\n" + minimal + "\n", base},
		{"unknown members of every type", with("future", `{"a":[1,null,{"b":true}]}`), base},
		{"unknown member that resembles none", with("hosts", `null`), base},
		{"escaped name", strings.Replace(minimal, `"host"`, `"h\u006fst"`, 1), base},
		{"escaped value", with("id", `"\u0061"`), base},
		{"zone", with("zone", `"eu-1 b"`), change(func(in *registry.Instance) { in.Zone = "eu-1 b" })},
		{"longest zone", with("zone", text(128)), change(func(in *registry.Instance) { in.Zone = strings.Repeat("x", 128) })},
		{"incarnation", with("incarnation", `"ünï/1"`), change(func(in *registry.Instance) { in.Incarnation = "ünï/1" })},
		{"least weight", with("weight", `1`), change(func(in *registry.Instance) { in.Weight = 1 })},
		{"greatest weight", with("weight", `65535`), change(func(in *registry.Instance) { in.Weight = 65535 })},
		{"least port", with("port", `1`), change(func(in *registry.Instance) { in.Port = 1 })},
		{"greatest port", with("port", `65535`), change(func(in *registry.Instance) { in.Port = 65535 })},
		{"draining", with("state", `"draining"`), change(func(in *registry.Instance) { in.State = registry.StateDraining })},
		{"empty meta", with("meta", `{}`), base},
		{"meta", with("meta", `{"a":"1","b":""}`), change(func(in *registry.Instance) {
			in.Meta = map[string]string{"a": "1", "b": ""}
		})},
		{"host name", with("host", `"api-7.eu.example.com."`), change(func(in *registry.Instance) { in.Host = "api-7.eu.example.com." })},
		{"host with digits", with("host", `"10.example"`), change(func(in *registry.Instance) { in.Host = "10.example" })},
		{"IPv6", with("host", `"2001:db8::7"`), change(func(in *registry.Instance) { in.Host = "2001:db8::7" })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := registry.Decode("api", "a", test.value)
			if err != nil || !got.Equal(test.want) {
				t.Errorf("decode %s: got %+v, %v, want %+v", test.value, got, err, test.want)
			}
		})
	}
}

// TestChecksum pins the definition to a value computed here by other means.
func TestChecksum(t *testing.T) {
	body := strings.TrimSuffix(with("future", `[1, 2]`), "}") + ` , "sum" : "%s" }`
	crc := crc32.Checksum([]byte(strings.Replace(body, "%s", "", 1)), crc32.MakeTable(crc32.Castagnoli))
	value := fmt.Sprintf(body, fmt.Sprintf("%x", binary.BigEndian.AppendUint32(nil, crc)))
	if _, err := registry.Decode("api", "a", value); err != nil {
		t.Fatalf("decode %s: got %v, want no fault", value, err)
	}
	for _, torn := range []string{
		strings.Replace(value, "[1, 2]", "[1, 3]", 1),
		strings.Replace(value, "[1, 2]", "[1,2]", 1),
		strings.Replace(value, "50051", "50052", 1),
	} {
		_, err := registry.Decode("api", "a", torn)
		checkFault(t, err, registry.ClassChecksum)
	}
	upper := strings.Replace(value, fmt.Sprintf("%08x", crc), strings.ToUpper(fmt.Sprintf("%08x", crc)), 1)
	if upper == value {
		t.Fatalf("sum %08x has no letter: choose another record", crc)
	}
	_, err := registry.Decode("api", "a", upper)
	checkFault(t, err, registry.ClassChecksum)
}

func TestEncode(t *testing.T) {
	full := registry.Instance{
		Version: 1, Service: "api", ID: "a", Incarnation: "i-1", Host: "10.0.0.7", Port: 50051, Zone: "eu",
		Weight: 5, State: registry.StateDraining, Meta: map[string]string{"b": "<\u2028\"", "a": "1"},
	}
	got, err := registry.Encode(full)
	want := `{"v":1,"service":"api","id":"a","incarnation":"i-1","host":"10.0.0.7","port":50051,"zone":"eu",` +
		`"weight":5,"state":"draining","meta":{"a":"1","b":"<` + "\u2028" + `\""},"sum":"`
	if err != nil || !strings.HasPrefix(got, want) || len(got) != len(want)+10 {
		t.Errorf("encode: got %s, %v, want %s and a sum", got, err, want)
	}

	bad := []struct {
		name string
		edit func(*registry.Instance)
		want registry.Class
	}{
		{"version", func(in *registry.Instance) { in.Version = 2 }, registry.ClassUnsupported},
		{"service", func(in *registry.Instance) { in.Service = "" }, registry.ClassIdentity},
		{"ID", func(in *registry.Instance) { in.ID = "a/b" }, registry.ClassIdentity},
		{"host", func(in *registry.Instance) { in.Host = "" }, registry.ClassSemantic},
		{"port", func(in *registry.Instance) { in.Port = 0 }, registry.ClassSemantic},
		{"weight", func(in *registry.Instance) { in.Weight = -1 }, registry.ClassSemantic},
		{"state", func(in *registry.Instance) { in.State = "gone" }, registry.ClassSemantic},
		{"zone that is not UTF-8", func(in *registry.Instance) { in.Zone = "\xff" }, registry.ClassSemantic},
		{"meta that is not UTF-8", func(in *registry.Instance) { in.Meta = map[string]string{"a": "\xff"} }, registry.ClassSemantic},
		{"too long in all", func(in *registry.Instance) { in.Meta = hugeMeta() }, registry.ClassOversize},
	}
	for _, test := range bad {
		t.Run("refuses a bad "+test.name, func(t *testing.T) {
			in := full
			test.edit(&in)
			value, err := registry.Encode(in)
			checkFault(t, err, test.want)
			if value != "" {
				t.Errorf("value beside a fault: got %q, want none", value)
			}
		})
	}
}

// hugeMeta keeps every single bound and breaks that of the whole.
func hugeMeta() map[string]string {
	meta := make(map[string]string)
	for i := range 64 {
		meta[fmt.Sprintf("k%d", i)] = strings.Repeat("\x01", 1024) // six bytes each in JSON
	}
	return meta
}

// TestRoundTrip: what Encode accepts decodes to the same, and encodes to the
// same bytes again.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(500) {
		in := randomInstance(rand.New(rand.NewPCG(seed, 1)))
		value, err := registry.Encode(in)
		if err != nil {
			t.Fatalf("seed %d: encode %+v: %v", seed, in, err)
		}
		got, err := registry.Decode(in.Service, in.ID, value)
		if err != nil || !got.Equal(in) {
			t.Fatalf("seed %d: decode %s: got %+v, %v, want %+v", seed, value, got, err, in)
		}
		again, err := registry.Encode(got)
		if err != nil || again != value {
			t.Fatalf("seed %d: encode again: got %s, %v, want %s", seed, again, err, value)
		}
	}
}

func randomInstance(r *rand.Rand) registry.Instance {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	in := registry.Instance{
		Version: 1, Service: pick("api", "gate.way"), ID: pick("a", "b-1", strings.Repeat("z", 128)),
		Incarnation: pick("", "i-1", "ünï \"code\" \\ 💬"), Host: pick("10.0.0.7", "::1", "a.b-c.example"),
		Port: 1 + r.IntN(65535), Zone: pick("", "eu", "<&>\u2028"), Weight: 1 + r.IntN(65535),
		State: registry.State(pick("up", "draining")),
	}
	for range r.IntN(4) {
		if in.Meta == nil {
			in.Meta = make(map[string]string)
		}
		in.Meta[pick("a", "b", "host", "\x00")] = pick("", "x", "\r\n\t", "\u00ff")
	}
	return in
}

// TestTornRecord: no strict prefix of a record decodes, and a record with a sum
// in which one byte differs is rejected or means the same.
func TestTornRecord(t *testing.T) {
	in := registry.Instance{
		Service: "api", ID: "a", Incarnation: "i-1", Host: "10.0.0.7", Port: 50051, Zone: "eu",
		Meta: map[string]string{"a": "1"},
	}
	value, err := registry.Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	want, err := registry.Decode("api", "a", value)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(value) {
		if got, err := registry.Decode("api", "a", value[:n]); err == nil {
			t.Errorf("prefix %s: got %+v, want a fault", value[:n], got)
		}
		if got, err := registry.Decode("api", "a", value[:n]+value[n+1:]); err == nil && !got.Equal(want) {
			t.Errorf("without byte %d: got %+v, want a fault or %+v", n, got, want)
		}
		for b := range 256 {
			mutant := value[:n] + string([]byte{byte(b)}) + value[n+1:]
			if got, err := registry.Decode("api", "a", mutant); err == nil && !got.Equal(want) {
				t.Errorf("byte %d is %#x: got %+v, want a fault or %+v", n, b, got, want)
			}
		}
	}
}
