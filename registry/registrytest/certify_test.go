package registrytest_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// recorder is a test that Certify reports to, so that its failures can be read.
type recorder struct {
	failures []string
	fatal    bool
	logs     []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	r.fatal = true
}

func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

// minimalValue is a record without a sum, as one writes by hand.
const minimalValue = `{"v":1,"service":"api","id":"a","host":"10.0.0.7","port":50051}`

func instanceIdentity(in registry.Instance) (service, id string) { return in.Service, in.ID }

// instances is the library's own decoder.
func instances() registrytest.Decoder[registry.Instance] {
	return registrytest.Decoder[registry.Instance]{
		Decode: registry.Decode, Identity: instanceIdentity, Validate: encodable,
	}
}

// encodable says that an instance keeps all bounds. How long it is when it is
// written again is no question of its validity.
func encodable(in registry.Instance) error {
	_, err := registry.Encode(in)
	if fault, ok := errors.AsType[*registry.Fault](err); ok && fault.Class == registry.ClassOversize {
		return nil
	}
	return err
}

func full(t *testing.T) registrytest.Sample {
	t.Helper()
	value, err := registry.Encode(registry.Instance{
		Service: "api", ID: "a", Incarnation: "ü1", Host: "::1", Port: 50051, Zone: "eu-1", Weight: 7,
		State: registry.StateDraining, Meta: map[string]string{"k": "v", "path": "/x \"y\""},
	})
	if err != nil {
		t.Fatal(err)
	}
	return registrytest.Sample{Service: "api", ID: "a", Value: value}
}

// samples are a record with a sum, one without, and one with members of a newer
// writer.
func samples(t *testing.T) []registrytest.Sample {
	t.Helper()
	unsummed := full(t)
	unsummed.Value = unsummed.Value[:strings.LastIndex(unsummed.Value, `,"sum"`)] + "}"
	return []registrytest.Sample{
		full(t), unsummed,
		{Service: "api", ID: "a", Value: " " + strings.TrimSuffix(minimalValue, "}") + `,"future":[{"a":null},[1,"x"],true]}` + "\n"},
	}
}

func TestCertifyDecode(t *testing.T) {
	registrytest.Certify(t, instances(), samples(t))
}

// TestCertifyCases holds the list of cases to what it promises.
func TestCertifyCases(t *testing.T) {
	seen := make(map[string]bool)
	longest, calls := 0, 0
	d := instances()
	d.Decode = func(service, id, value string) (registry.Instance, error) {
		calls++
		longest = max(longest, len(value))
		if len(value) < 1000 {
			seen[value] = true
		}
		return registry.Decode(service, id, value)
	}
	s := registrytest.Sample{Service: "api", ID: "a", Value: minimalValue}
	d.Mutations, d.Seed = 1000, 1
	registrytest.Certify(t, d, []registrytest.Sample{s})
	for i := range s.Value {
		if !seen[s.Value[:i]] {
			t.Errorf("prefix of %d bytes: got no such case, want every one", i)
		}
		if !seen[s.Value[:i]+s.Value[i+1:]] {
			t.Errorf("deletion at %d: got no such case, want every one", i)
		}
	}
	for _, want := range []string{
		"", "null", "{}", "[]", "\ufeff" + minimalValue,
		strings.Replace(minimalValue, "50051", "null", 1),
		strings.Replace(minimalValue, "50051", `"50051"`, 1),
		strings.Replace(minimalValue, `"a"`, `[]`, 1),
		strings.Replace(minimalValue, `"id":"a"`, `"id":"x","id":"a"`, 1),
		strings.Replace(minimalValue, `"id":"a"`, `"id":"a","\u0069d":"x"`, 1),
		strings.Replace(minimalValue, `"id":"a"`, `"id":"a","ID":"x"`, 1),
		strings.Replace(minimalValue, "10", "1\xff0", 1),
	} {
		if !seen[want] {
			t.Errorf("case %q: got none, want it", want)
		}
	}
	if longest < 1<<20 {
		t.Errorf("longest value: got %d bytes, want 1 MiB", longest)
	}
	if calls < 1600 {
		t.Errorf("decodes: got %d, want at least 1600, most of 1000 mutations among them", calls)
	}
}

// TestCertifySeed: the same seed gives the same mutations, another one others.
func TestCertifySeed(t *testing.T) {
	values := func(seed uint64) map[string]bool {
		seen := make(map[string]bool)
		d := instances()
		d.Mutations, d.Seed = 300, seed
		d.Decode = func(service, id, value string) (registry.Instance, error) {
			if len(value) < 1000 {
				seen[value] = true
			}
			return registry.Decode(service, id, value)
		}
		registrytest.Certify(t, d, []registrytest.Sample{full(t)})
		return seen
	}
	first := values(7)
	if !maps.Equal(first, values(7)) {
		t.Error("seed 7 twice: got different cases, want the same")
	}
	if maps.Equal(first, values(8)) {
		t.Error("seeds 7 and 8: got the same cases, want different ones")
	}
}

// route is an embedder's type: by pointer, and its values name no key.
type route struct{ target string }

func decodeRoute(_, _, value string) (*route, error) {
	target, ok := strings.CutPrefix(value, "route to ")
	if !ok || target == "" || len(target) > 64 {
		return nil, &registry.Fault{Class: registry.ClassSyntax, Reason: "no route"}
	}
	return &route{target: target}, nil
}

// TestCertifyForeignType: neither JSON nor an identity is required.
func TestCertifyForeignType(t *testing.T) {
	r := &recorder{}
	d := registrytest.Decoder[*route]{Decode: decodeRoute, Mutations: 500}
	registrytest.Certify(r, d, []registrytest.Sample{{Service: "api", ID: "a", Value: "route to b"}})
	if len(r.failures) > 0 {
		t.Errorf("failures: got %q, want none", r.failures)
	}
	if len(r.logs) != 1 || !strings.Contains(r.logs[0], "identity") {
		t.Errorf("log: got %q, want a line on the identity that is not checked", r.logs)
	}
}

// TestCertifyBusyMachine: a decode that was slow once may have been interrupted.
func TestCertifyBusyMachine(t *testing.T) {
	interrupted := false
	r := &recorder{}
	d := instances()
	d.Budget, d.Mutations = 100*time.Millisecond, 1
	d.Decode = func(service, id, value string) (registry.Instance, error) {
		if value == "null" && !interrupted {
			interrupted = true
			time.Sleep(2 * d.Budget)
		}
		return registry.Decode(service, id, value)
	}
	registrytest.Certify(r, d, []registrytest.Sample{full(t)})
	if len(r.failures) > 0 || !interrupted {
		t.Errorf("one slow decode (%t): got %q, want no failure", interrupted, r.failures)
	}
}

// numbered is a type whose own Equal leaves out what differs between decodes.
type numbered struct {
	registry.Instance
	number int
}

func (n numbered) Equal(other numbered) bool { return n.Instance.Equal(other.Instance) }

func TestCertifyOwnEqual(t *testing.T) {
	decodes := 0
	d := registrytest.Decoder[numbered]{
		Mutations: 100,
		Identity:  func(n numbered) (service, id string) { return n.Service, n.ID },
		Decode: func(service, id, value string) (numbered, error) {
			in, err := registry.Decode(service, id, value)
			if err != nil {
				return numbered{}, err
			}
			decodes++
			return numbered{Instance: in, number: decodes}, nil
		},
	}
	registrytest.Certify(t, d, []registrytest.Sample{full(t)})
	r := &recorder{}
	d.Equal = func(a, b numbered) bool { return a.number == b.number }
	registrytest.Certify(r, d, []registrytest.Sample{full(t)})
	if len(r.failures) == 0 {
		t.Error("an Equal by number: got no failure, want Certify to ask it")
	}
}
