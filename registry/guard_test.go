package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// crowd is a driver of a view that serves a number of good keys, k00, k01 ...
type crowd struct {
	*driver
	n     int
	index registry.Index
}

func newCrowd(t *testing.T, cfg registry.Config, n int) *crowd {
	t.Helper()
	c := &crowd{driver: newDriver(t, cfg), n: n, index: 1000}
	c.relist()
	for i := range n {
		c.accept(name(i), i+1, registry.Index(i+1))
	}
	c.pass(time.Second)
	return c
}

func name(i int) string { return fmt.Sprintf("k%02d", i) }

// entries are the keys from the first one on, as they were first written.
func (c *crowd) entries(from int) []registry.Entry {
	var all []registry.Entry
	for i := from; i < c.n; i++ {
		all = append(all, entry(name(i), i+1, registry.Index(i+1)))
	}
	return all
}

// relist lists all keys but the first few.
func (c *crowd) relist(without ...int) []registry.Step {
	c.index++
	from := 0
	if len(without) > 0 {
		from = without[0]
	}
	return c.list(c.index, c.entries(from)...)
}

// lose makes the keys from..to-1 expire, or be deleted.
func (c *crowd) lose(kind registry.ChangeKind, from, to int) []registry.Step {
	var steps []registry.Step
	for i := from; i < to; i++ {
		c.index++
		steps = append(steps, c.remove(name(i), kind, c.index)...)
	}
	return steps
}

// announce writes a key again and accepts it.
func (c *crowd) announce(i, port int) []registry.Step {
	c.index++
	return append(c.put(name(i), port, c.index), c.accept(name(i), port, c.index)...)
}

// passWith ticks as an owner does, keeping every appointment, while the source
// answers, and returns what came of it. Probes are answered by alive, re-reads
// not at all.
func (b *driver) passWith(d time.Duration, alive func(key string) bool) []registry.Step {
	var all []registry.Step
	for end := b.now.Add(d); ; {
		all = append(all, b.Confirm(b.now)...)
		steps, next := b.Tick(b.now)
		all = append(all, steps...)
		for _, step := range steps {
			if p, ok := step.(registry.Probe); ok {
				all = append(all, b.Probed(p.Key, alive(p.Key), b.now)...)
			}
		}
		if next.After(end) {
			b.now = end
			all = append(all, b.Confirm(b.now)...)
			steps, _ = b.Tick(b.now)
			return append(all, steps...)
		}
		b.now = next
	}
}

func (b *driver) pass(d time.Duration) []registry.Step {
	return b.passWith(d, func(string) bool { return true })
}

// only picks the steps whose words begin with one of the given words.
func only(steps []registry.Step, words ...string) string {
	var picked []string
	for word := range strings.SplitSeq(show(steps), ", ") {
		for _, w := range words {
			if strings.HasPrefix(word, w) {
				picked = append(picked, word)
			}
		}
	}
	return strings.Join(picked, ", ")
}

func (b *driver) wantOnly(what string, steps []registry.Step, want string, words ...string) {
	b.t.Helper()
	if got := only(steps, words...); got != want {
		b.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// wantGuards compares the engaged guards, in the view and in its snapshot.
func (b *driver) wantGuards(what, want string) {
	b.t.Helper()
	words := func(states []registry.GuardState) string {
		var all []string
		for _, s := range states {
			all = append(all, strings.TrimSpace(s.Guard.String()+" "+s.Zone))
		}
		return strings.Join(all, ", ")
	}
	if got := words(b.Guards()); got != want {
		b.t.Errorf("%s: got guards %q, want %q", what, got, want)
	}
	if got := words(b.Snapshot(b.now).Guards); got != want {
		b.t.Errorf("%s: got guards %q in the snapshot, want %q", what, got, want)
	}
}

// wantPicks compares how many instances can be picked, and how many of them are
// in limbo.
func (b *driver) wantPicks(what string, picks, limbo int) {
	b.t.Helper()
	s := b.Snapshot(b.now)
	held := 0
	for r := range s.Rows.All() {
		if r.Status == registry.StatusLimbo {
			held++
		}
	}
	if s.Len() != picks || held != limbo {
		b.t.Errorf("%s: got %d instances to pick, %d in limbo, want %d and %d (%s)", what, s.Len(), held, picks, limbo, showSnapshot(s))
	}
}

func itoa(n int) string { return fmt.Sprint(n) }
