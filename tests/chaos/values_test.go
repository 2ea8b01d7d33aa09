//go:build unix

package chaos

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

// samples are values of every class of fault that a value can have, for one key. A
// decoder's own faults, slow and panic, are not a value's.
func samples(t *testing.T, service, id string) map[registry.Class]string {
	t.Helper()
	good := encode(t, registry.Instance{Service: service, ID: id, Host: "127.0.0.1", Port: 1})
	other := encode(t, registry.Instance{Service: service, ID: id + "x", Host: "127.0.0.1", Port: 1})
	return map[registry.Class]string{
		registry.ClassOversize:    strings.Repeat("x", registry.MaxValueBytes+1),
		registry.ClassEmpty:       "",
		registry.ClassSyntax:      good[:len(good)/2],
		registry.ClassNull:        "null",
		registry.ClassChecksum:    strings.Replace(good, `"port":1`, `"port":2`, 1),
		registry.ClassUnsupported: `{"v":9,"service":"` + service + `","id":"` + id + `","host":"127.0.0.1","port":1}`,
		registry.ClassShape:       `{"v":1,"service":"` + service + `","id":"` + id + `","host":"127.0.0.1","port":"1"}`,
		registry.ClassIdentity:    other,
		registry.ClassSemantic:    `{"v":1,"service":"` + service + `","id":"` + id + `","host":"127.0.0.1","port":0}`,
	}
}

func encode(t *testing.T, in registry.Instance) string {
	t.Helper()
	value, err := registry.Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestSamplesHaveTheirClass guards the samples.
func TestSamplesHaveTheirClass(t *testing.T) {
	for class, value := range samples(t, "api", "a") {
		if got := classOf("api", "a", value); got != class.String() {
			t.Errorf("sample of class %s: got %s", class, got)
		}
	}
}

// classOf names what a decoder makes of a value: good, or the class of its fault.
func classOf(service, id, value string) string {
	_, err := registry.Decode(service, id, value)
	if err == nil {
		return "good"
	}
	fault, _ := errors.AsType[*registry.Fault](err) // Decode returns nothing else
	return fault.Class.String()
}

// mangled is a value with some accidents in it: bytes lost, doubled, turned over.
func mangled(r *rand.Rand, value string) string {
	b := []byte(value)
	for range 1 + r.IntN(4) {
		if len(b) < 2 {
			break
		}
		at := r.IntN(len(b) - 1)
		switch r.IntN(5) {
		case 0:
			b = b[:at]
		case 1:
			b = append(b[:at:at], b[at+1:]...)
		case 2:
			b[at] ^= 1 << r.IntN(8)
		case 3:
			b = append(b[:at:at], b[at/2:]...)
		default:
			b[at] = []byte(`{}[]",:0`)[r.IntN(8)]
		}
	}
	return string(b)
}

// hostile draws a value for a key that is no good for it.
func (w *world) hostile(service, id, good string) string {
	for w.random.IntN(3) == 0 {
		if value := mangled(w.random, good); classOf(service, id, value) != "good" {
			return value
		}
	}
	all := samples(w.t, service, id)
	return all[registry.Class(1+w.random.IntN(len(all)))]
}
