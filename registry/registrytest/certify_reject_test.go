package registrytest_test

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

type decodeFunc = func(service, id, value string) (registry.Instance, error)

// unchecked is what one writes first: the standard library into a struct.
func unchecked(_, _, value string) (registry.Instance, error) {
	var in registry.Instance
	err := json.Unmarshal([]byte(value), &in)
	return in, err
}

// classified is the same with classes and without anything beside a fault, but
// still without checks.
func classified(service, id, value string) (registry.Instance, error) {
	in, err := unchecked(service, id, value)
	if err != nil {
		return registry.Instance{}, &registry.Fault{Class: registry.ClassSyntax, Reason: "no JSON"}
	}
	return in, nil
}

// sumless reads a record as if it had no sum.
func sumless(service, id, value string) (registry.Instance, error) {
	head, _, found := strings.Cut(value, `,"sum":"`)
	if found && strings.HasSuffix(value, `"}`) {
		value = head + "}"
	}
	return registry.Decode(service, id, value)
}

// repaired reads a torn record by closing what is open.
func repaired(service, id, value string) (registry.Instance, error) {
	in, err := registry.Decode(service, id, value)
	if err != nil && len(value) < registry.MaxValueBytes {
		return registry.Decode(service, id, value+"}")
	}
	return in, err
}

// indexing cuts off what follows the record, without asking whether it ends.
func indexing(service, id, value string) (registry.Instance, error) {
	return registry.Decode(service, id, value[:strings.LastIndexByte(value, '}')]+"}")
}

// halfFilled returns what it had read when the fault was found.
func halfFilled(service, id, value string) (registry.Instance, error) {
	in, err := registry.Decode(service, id, value)
	if err != nil {
		in.Service, in.ID = service, id
	}
	return in, err
}

// selfNamed believes the record where the key says otherwise.
func selfNamed(_, _, value string) (registry.Instance, error) {
	var names struct{ Service, ID string }
	_ = json.Unmarshal([]byte(value), &names)
	return registry.Decode(names.Service, names.ID, value)
}

// slow needs long for a value that it refuses.
func slow(service, id, value string) (registry.Instance, error) {
	in, err := registry.Decode(service, id, value)
	if err != nil {
		time.Sleep(20 * time.Millisecond)
	}
	return in, err
}

// leftover returns a decoder that reads meta into one map again and again.
func leftover() decodeFunc {
	meta := make(map[string]string)
	return func(service, id, value string) (registry.Instance, error) {
		in, err := registry.Decode(service, id, value)
		if err == nil && in.Meta != nil {
			maps.Copy(meta, in.Meta)
			in.Meta = maps.Clone(meta)
		}
		return in, err
	}
}

// failing returns a decoder that answers every bad value with one error.
func failing(with error) decodeFunc {
	return func(service, id, value string) (registry.Instance, error) {
		in, err := registry.Decode(service, id, value)
		if err != nil {
			err = with
		}
		return in, err
	}
}

func TestCertifyRejects(t *testing.T) {
	const budget = 5 * time.Millisecond
	var nilFault *registry.Fault
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	stuck := func(service, id, value string) (registry.Instance, error) {
		if value == "null" {
			<-never
		}
		return registry.Decode(service, id, value)
	}
	ending := func(service, id, value string) (registry.Instance, error) {
		if value == "" {
			runtime.Goexit()
		}
		return registry.Decode(service, id, value)
	}
	tests := []struct {
		name   string
		decode decodeFunc
		budget time.Duration
		want   []string // patterns, each of one failure at least
	}{
		{"no checks, raw errors", unchecked, 0, []string{`prefix .*want a \*registry\.Fault`}},
		{"no checks", classified, 0, []string{
			`type swap \("service" to "\\"x\\""\).*got a value of "x" "a"`, `whole value .*got a value of "" ""`,
			`duplicate \("\\"SERVICE\\":\\"x\\"" after\).*got a value of "x" "a"`, `deletion at byte 8: got a value of "" "a"`,
			`: stopped after 12 failures`,
		}},
		{"panic", indexing, 0, []string{`prefix at byte 0: got a panic: "runtime error`}},
		{"end of the goroutine", ending, 0, []string{`prefix at byte 0: got the end of its goroutine`}},
		{"half-filled value", halfFilled, 0, []string{`prefix .*got "\{Version:0 Service:api.* beside a fault`}},
		{"sum ignored", sumless, 0, []string{`sample 0, deletion .*for good`, `sample 0, mutation \d+ of seed 3 .*for good`}},
		{"torn value repaired", repaired, 0, []string{`prefix .*for good`}},
		{"identity of the record", selfNamed, 0, []string{`other key .*want a fault or one of "apix" "a"`, `type swap .*got a value of`}},
		{"slow", slow, budget, []string{`prefix .*want one in 5ms`}},
		{"never", stuck, budget, []string{`whole value .*got no answer in 100ms`}},
		{"left over", leftover(), 0, []string{`sample 1, intact again at byte 0: .*for good`}},
		{"foreign error", failing(errors.New("bad\x1b[2J")), 0, []string{`got \*errors\.errorString "bad\\x1b\[2J", want`}},
		{"nil fault", failing(nilFault), 0, []string{`nil \*registry\.Fault`}},
		{"unknown class", failing(&registry.Fault{Class: 99}), 0, []string{`unknown class 99`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := instances()
			d.Decode, d.Budget, d.Validate, d.Seed, d.Mutations = test.decode, test.budget, nil, 3, 500
			r := &recorder{}
			registrytest.Certify(r, d, samples(t))
			checkFailures(t, r, test.want)
		})
	}
}

// checkFailures wants failures that match, few enough and fit for a terminal.
func checkFailures(t *testing.T, r *recorder, want []string) {
	t.Helper()
	all := strings.Join(r.failures, "\n")
	for _, pattern := range want {
		if !regexp.MustCompile(pattern).MatchString(all) {
			t.Errorf("failures: got\n%s\nwant one like %s", all, pattern)
		}
	}
	if n := len(r.failures); n > 13 {
		t.Errorf("failures: got %d, want at most 12 and a last line", n)
	}
	for _, failure := range r.failures {
		if len(failure) > 1000 || strings.ContainsAny(failure, "\n\x00\x1b") {
			t.Errorf("failure: got %q, want one short line", failure)
		}
	}
}

// TestCertifyRejectsPointer: a nil pointer for null is what json.Unmarshal makes
// of it, and looking into one must not end the test.
func TestCertifyRejectsPointer(t *testing.T) {
	r := &recorder{}
	d := registrytest.Decoder[*registry.Instance]{
		Decode: func(service, id, value string) (*registry.Instance, error) {
			if value == "null" {
				return nil, nil
			}
			in, err := registry.Decode(service, id, value)
			if err != nil {
				return nil, err
			}
			return &in, nil
		},
		Identity:  func(in *registry.Instance) (service, id string) { return in.Service, in.ID },
		Mutations: 100,
	}
	registrytest.Certify(r, d, samples(t))
	checkFailures(t, r, []string{`whole value at byte 0: got "<nil>", which cannot be looked into .*here "null"`})
	if len(r.failures) != 3 {
		t.Errorf("failures: got %q, want that of null for each sample and no other", r.failures)
	}
}

func TestCertifyRejectsInvalid(t *testing.T) {
	r := &recorder{}
	d := instances()
	d.Mutations = 100
	d.Validate = func(in registry.Instance) error {
		if in.Port < 50000 {
			return errors.New("low port")
		}
		return nil
	}
	registrytest.Certify(r, d, samples(t))
	checkFailures(t, r, []string{`sample 1, deletion at byte \d+: got an invalid value \("low port"\)`})
}

func TestCertifyRejectsUse(t *testing.T) {
	good := registrytest.Sample{Service: "api", ID: "a", Value: minimalValue}
	torn, elsewhere := good, good
	torn.Value = "{"
	elsewhere.ID = "b"
	ignorant := instances()
	ignorant.Decode = classified
	tests := []struct {
		name    string
		decoder registrytest.Decoder[registry.Instance]
		samples []registrytest.Sample
		want    string
		fatal   bool
	}{
		{"no Decode", registrytest.Decoder[registry.Instance]{}, []registrytest.Sample{good}, `no Decode`, true},
		{"no samples", instances(), nil, `no samples`, true},
		{"torn sample", instances(), []registrytest.Sample{torn}, `sample 0, intact .*\(syntax\).*want a good value`, false},
		{"sample of another key", instances(), []registrytest.Sample{elsewhere}, `sample 0, intact .*\(identity\)`, false},
		{"sample of another key, accepted", ignorant, []registrytest.Sample{elsewhere}, `sample 0, intact .*want a fault or one of "api" "b"`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &recorder{}
			registrytest.Certify(r, test.decoder, test.samples)
			checkFailures(t, r, []string{test.want})
			if len(r.failures) != 1 || r.fatal != test.fatal {
				t.Errorf("failures: got %q, fatal %t, want one, fatal %t", r.failures, r.fatal, test.fatal)
			}
		})
	}
}
