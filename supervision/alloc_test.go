package supervision_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/supervision"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// crowd is a dynamic supervisor with many children, all up, and time that moves on.
type crowd struct {
	machine *supervision.Machine
	refs    []supervision.Ref
	now     time.Duration
	rng     *rand.Rand
}

func newCrowd(tb testing.TB, size int, policy backoff.Policy) *crowd {
	tb.Helper()
	m, err := supervision.New(supervision.Spec{
		Strategy:  supervision.Dynamic,
		Intensity: supervision.Intensity{Restarts: 10, Period: 5 * time.Second},
	}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	c := &crowd{machine: m, refs: make([]supervision.Ref, size), rng: rand.New(rand.NewPCG(1, 1))}
	m.Step(0, supervision.Event{Kind: supervision.EventStart})
	for i := range c.refs {
		spec := supervision.ChildSpec{ID: strconv.Itoa(i), Backoff: policy}
		c.refs[i] = m.Step(0, supervision.Event{Kind: supervision.EventAddChild, Child: &spec})[0].Ref
		m.Step(0, supervision.Event{Kind: supervision.EventChildStarted, Ref: c.refs[i]})
	}
	return c
}

// crash lets a child drawn at random end and brings it up again; false if it does not come. A second apart, six are
// inside the window.
func (c *crowd) crash() bool {
	i := c.rng.IntN(len(c.refs))
	c.now += time.Second
	exit := supervision.Exit{Kind: supervision.ExitPanic, Reason: "boom"}
	actions := c.machine.Step(c.now, supervision.Event{Kind: supervision.EventChildExited, Ref: c.refs[i], Exit: exit})
	if last := actions[len(actions)-1]; last.Kind == supervision.ActionRetry {
		actions = c.machine.Step(c.now, supervision.Event{Kind: supervision.EventRetryDue, Ref: last.Ref})
	}
	if actions[0].Kind != supervision.ActionStartChild {
		return false
	}
	c.refs[i] = actions[0].Ref
	c.machine.Step(c.now, supervision.Event{Kind: supervision.EventChildStarted, Ref: c.refs[i]})
	return true
}

func TestCrashAllocatesNothing(t *testing.T) {
	tests := []struct {
		name   string
		policy backoff.Policy
	}{
		{"at once", backoff.Policy{}},
		{"with backoff", backoff.Policy{Base: time.Millisecond, Cap: 10 * time.Millisecond}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCrowd(t, 100_000, tt.policy)
			up := true
			if got := testing.AllocsPerRun(1000, func() { up = up && c.crash() }); got != 0 || !up {
				t.Errorf("allocations for a crash and a restart: got %v (up again: %v), want 0", got, up)
			}
		})
	}
}

// BenchmarkStartStop is the whole life of a static supervisor; what counts is that the time a child stays the same.
func BenchmarkStartStop(b *testing.B) {
	for _, size := range []int{1000, 100_000} {
		spec := supervision.Spec{Children: make([]supervision.ChildSpec, size)}
		for i := range spec.Children {
			spec.Children[i].ID = strconv.Itoa(i)
		}
		b.Run("children="+strconv.Itoa(size), func(b *testing.B) {
			for b.Loop() {
				startStop(b, spec)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/child")
		})
	}
}

func startStop(b *testing.B, spec supervision.Spec) {
	b.Helper()
	m, err := supervision.New(spec, nil)
	if err != nil {
		b.Fatal(err)
	}
	answers := map[supervision.ActionKind]supervision.EventKind{
		supervision.ActionStartChild: supervision.EventChildStarted,
		supervision.ActionStarted:    supervision.EventStop,
		supervision.ActionStopChild:  supervision.EventChildExited,
	}
	for ev := (supervision.Event{Kind: supervision.EventStart}); ; {
		actions := m.Step(0, ev)
		last := actions[len(actions)-1]
		if last.Kind == supervision.ActionExit {
			return
		}
		ev = supervision.Event{Kind: answers[last.Kind], Ref: last.Ref}
	}
}

// BenchmarkCrash is one exit, one start and its acknowledgement: two steps of the machine.
func BenchmarkCrash(b *testing.B) {
	for _, size := range []int{1, 100_000} {
		b.Run("children="+strconv.Itoa(size), func(b *testing.B) {
			c := newCrowd(b, size, backoff.Policy{})
			b.ReportAllocs()
			for b.Loop() {
				if !c.crash() {
					b.Fatal("crash: child did not start again")
				}
			}
		})
	}
}

// BenchmarkExit is one exit alone, of a child drawn at random: its decision is a backoff, so that nothing is awaited. The
// starts that follow are not timed.
func BenchmarkExit(b *testing.B) {
	const batch = 1000
	exit := supervision.Exit{Kind: supervision.ExitPanic, Reason: "boom"}
	for _, size := range []int{batch, 100_000} {
		b.Run("children="+strconv.Itoa(size), func(b *testing.B) {
			c := newCrowd(b, size, backoff.Policy{Base: time.Millisecond, Cap: time.Millisecond})
			waits := make([]supervision.Ref, batch)
			var spent time.Duration
			exits := 0
			for b.Loop() {
				drawn := c.rng.Perm(size)[:batch]
				began := time.Now()
				for k, i := range drawn {
					c.now += time.Second
					actions := c.machine.Step(c.now, supervision.Event{Kind: supervision.EventChildExited, Ref: c.refs[i], Exit: exit})
					waits[k] = actions[len(actions)-1].Ref
				}
				spent += time.Since(began)
				exits += batch
				for k, i := range drawn {
					c.refs[i] = c.machine.Step(c.now, supervision.Event{Kind: supervision.EventRetryDue, Ref: waits[k]})[0].Ref
					c.machine.Step(c.now, supervision.Event{Kind: supervision.EventChildStarted, Ref: c.refs[i]})
				}
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(exits), "ns/exit")
		})
	}
}
