package registrytest

import (
	"math/rand/v2"
	"reflect"
	"time"
)

// TB is what [Certify] reports through: a *testing.T, *testing.B or *testing.F.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// DefaultBudget is the time one decode may take unless [Decoder.Budget] says
// otherwise. It is far above what the work needs, also under the race detector
// on a busy machine: what exceeds it hangs on something or is quadratic.
const DefaultBudget = 250 * time.Millisecond

// defaultMutations is enough for every kind of edit to meet every byte of a
// short sample.
const defaultMutations = 10_000

// Decoder is what [Certify] puts to the proof. Only Decode is required.
type Decoder[V any] struct {
	// Decode reads the value of the key <service>/<id>. It may be called from
	// any goroutine, from one at a time.
	Decode func(service, id, value string) (V, error)
	// Identity returns the service and the id that a decoded value says it is
	// of. Nil is for values that do not say it; then it is not checked.
	Identity func(V) (service, id string)
	// Equal reports whether two values say the same. Nil means V's own method
	// Equal, or reflect.DeepEqual when it has none.
	Equal func(a, b V) bool
	// Validate checks a value that Decode accepted. Nil means that what Decode
	// accepts is valid.
	Validate func(V) error
	// Budget is the time limit of one decode; 0 means [DefaultBudget]. A decode
	// fails it when three in a row exceed it.
	Budget time.Duration
	// Mutations is how many random mutations of each sample are tried; 0 means
	// 10,000.
	Mutations int
	// Seed is that of the random mutations, to repeat a failure, which names it;
	// 0 means another one each time.
	Seed uint64
}

func (d Decoder[V]) withDefaults() Decoder[V] {
	if d.Equal == nil {
		d.Equal = equal[V]
	}
	if d.Budget <= 0 {
		d.Budget = DefaultBudget
	}
	if d.Mutations <= 0 {
		d.Mutations = defaultMutations
	}
	for d.Seed == 0 {
		d.Seed = rand.Uint64()
	}
	return d
}

// equal is the equality that a type brings along.
func equal[V any](a, b V) bool {
	if own, ok := any(a).(interface{ Equal(other V) bool }); ok {
		return own.Equal(b)
	}
	return reflect.DeepEqual(a, b)
}

// Sample is a good value and the names in its key.
type Sample struct {
	Service, ID, Value string
}

// Certify proves of a decoder that no value that a registry may hold by accident
// harms its reader. Each sample must decode; then it is damaged in these ways:
//
//   - every strict prefix of it, and every deletion of one byte;
//   - "", null, {}, [] and other whole values in its place;
//   - every member and element with a value of another type or out of bounds;
//   - every member twice, also under an escaped name and one in other case;
//   - a byte order mark, invalid UTF-8 at every byte, 1 MiB of input;
//   - random mutations;
//   - under the key of another service and another instance.
//
// Of each, Decode must return a valid value of the service and id that it was
// asked for, or an error that is a *registry.Fault of a known class, and then
// the zero value beside it. It must not panic, nor exceed its budget. Three
// kinds of damage must be found or do no harm, so that what is accepted equals
// the sample: a prefix of a JSON object; any damage to a sample with a sum
// (a member sum at the top, eight lower-case hexadecimal digits); and nothing
// may be left over from one value in the next, so that the sample is accepted as
// before in the end. As a sum is optional, a random mutation may remove it and
// change something else at once: of such a one nothing more than of other values
// is asked.
//
// A sample need not be JSON; then its members are not touched. Give one of each
// shape that is written, with a sum and without, for a sum hides what is behind
// it. Keep them short: the work grows with the square of their length.
//
// Failures name the case, and end with a quoted excerpt of the value around it.
// There are at most three of each kind and twelve in all. A decode that does not
// return is left behind, and ends the proof, since nothing can stop it.
func Certify[V any](t TB, d Decoder[V], samples []Sample) {
	t.Helper()
	switch {
	case d.Decode == nil:
		t.Fatalf("certify: got no Decode, want the function to certify")
		return
	case len(samples) == 0:
		t.Fatalf("certify: got no samples, want at least one good value")
		return
	case d.Identity == nil:
		t.Logf("certify: the identity of values is not checked, there is no Identity")
	}
	c := certification[V]{t: t, decoder: d.withDefaults()}
	for i, s := range samples {
		c.sample(newSubject(i, s))
		if c.ended {
			return
		}
	}
}
