package registry_test

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// poison writes a bad value under the keys from..to-1.
func (c *crowd) poison(from, to int) []registry.Step {
	var steps []registry.Step
	for i := from; i < to; i++ {
		c.index++
		steps = append(steps, c.put(name(i), 0, c.index)...)
		steps = append(steps, c.reject(name(i), c.index)...)
	}
	return steps
}

// The boundaries of rule R3: a fifth of the keys, and three; below five keys
// half of them, and two.
func TestMassCorruptionBoundaries(t *testing.T) {
	for _, test := range []struct {
		name   string
		n, bad int
		want   string
	}{
		{"the only one", 1, 1, ""},
		{"one of two", 2, 1, ""},
		{"both of two", 2, 2, "corruption"},
		{"two of four", 4, 2, "corruption"},
		{"one of four", 4, 1, ""},
		{"two of five", 5, 2, ""},
		{"three of five", 5, 3, "corruption"},
		{"three of fifteen", 15, 3, "corruption"},
		{"three of sixteen", 16, 3, ""},
		{"four of sixteen", 16, 4, "corruption"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCrowd(t, registry.Config{}, test.n)
			c.poison(0, test.bad)
			c.wantGuards("afterwards", test.want)
			c.wantPicks("afterwards", test.n, 0)
		})
	}
	t.Run("first listing, more than half", func(t *testing.T) {
		for bad, want := range map[int]string{25: "", 26: "corruption"} {
			c := &crowd{driver: newDriver(t, registry.Config{CorruptFraction: 0.9}), n: 50}
			c.list(100, c.entries(0)...)
			for i := range 50 {
				if i < bad {
					c.reject(name(i), registry.Index(i+1))
				} else {
					c.accept(name(i), i+1, registry.Index(i+1))
				}
			}
			c.wantGuards("after it", want)
		}
	})
	t.Run("table overflow", func(t *testing.T) {
		c := newCrowd(t, registry.Config{QuarantineRows: 2}, 90)
		c.poison(0, 2)
		c.wantGuards("full", "")
		c.poison(2, 3)
		c.wantGuards("one more", "corruption")
	})
}

func TestCorruptionFarApartIsOrdinary(t *testing.T) {
	for _, test := range []struct {
		name  string
		apart time.Duration
		want  string
	}{
		{"at the window's edge", 30 * time.Second, "corruption"},
		{"just outside", 30*time.Second + time.Millisecond, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCrowd(t, registry.Config{}, 15)
			c.poison(0, 1)
			c.pass(test.apart)
			c.poison(1, 2)
			c.pass(test.apart)
			c.poison(2, 3)
			c.wantGuards("after three", test.want)
		})
	}
}

// Another version is no corruption: a rolling upgrade freezes nothing.
func TestUnsupportedIsNoCorruption(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 10)
	for i := range 10 {
		c.index++
		c.put(name(i), 0, c.index)
		c.Reject(apis+name(i), c.index, &registry.Fault{Class: registry.ClassUnsupported}, c.now)
	}
	c.wantGuards("with all keys ahead of us", "")
}

// A frozen view holds removals and changes of identity, and lets the cure pass.
func TestFrozenView(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 10)
	c.poison(0, 3)
	c.want("expiry", c.lose(registry.ChangeExpired, 3, 4), "held k03 corruption, drop k03, republish")
	c.want("deletion", c.lose(registry.ChangeDeleted, 4, 5), "held k04 corruption, drop k04, republish")
	c.want("another address", c.announce(5, 99), "judge k05@1007, held k05 identity, republish")
	c.want("new key", c.announce(20, 20), "judge k20@1008, added k20@1008:20, republish")
	c.want("the same address", c.announce(6, 7), "") // an equal value wakes nobody
	c.want("repair, with another address", c.announce(0, 98),
		"judge k00@1010, released k00@1010 after 0s, updated k00@1010:98, republish")
	c.wantPicks("frozen", 11, 3)

	c.pass(10 * time.Minute)
	c.wantGuards("time alone", "corruption")
	c.announce(1, 2)
	c.announce(2, 3)
	c.pass(29 * time.Second)
	c.wantGuards("before it has been good for half a minute", "corruption")
	steps := c.pass(11 * time.Second)
	c.wantGuards("after it", "")
	c.wantOnly("what was held", steps,
		"updated k05@1007:99, removed k03@1005 expired held for corruption, removed k04@1006 deleted held for corruption",
		"updated", "removed")
}

// Two looks an hour apart say nothing of the hour.
func TestThawTakesThreeLooks(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 5)
	b := newDriver(t, registry.Config{}) // whose owner does not tick
	b.list(9, c.entries(0)...)
	for i := range 3 {
		b.reject(name(i), registry.Index(i+1))
	}
	b.wantGuards("before", "corruption")
	for i := range 3 {
		b.put(name(i), i+1, registry.Index(20+i))
		b.accept(name(i), i+1, registry.Index(20+i))
	}
	for look, want := range []string{"corruption", "corruption", ""} {
		b.now = b.now.Add(time.Hour)
		b.Confirm(b.now)
		b.wantGuards("look "+itoa(look+1), want)
	}
}

func TestFrozenViewReadsOneCanary(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 10)
	c.poison(0, 5)
	rereads := 0
	for _, step := range c.pass(time.Minute) {
		if _, ok := step.(registry.Reread); ok {
			rereads++
		}
	}
	if rereads < 10 || rereads > 13 {
		t.Errorf("re-reads in a minute: got %d, want one every 5 s", rereads)
	}
}

func TestSuspectSelf(t *testing.T) {
	freeze := func(c *crowd, classes ...registry.Class) {
		for i, class := range classes {
			c.index++
			c.put(name(i), 0, c.index)
			c.Reject(apis+name(i), c.index, &registry.Fault{Class: class}, c.now)
		}
	}
	for _, test := range []struct {
		name    string
		awake   time.Duration
		classes []registry.Class
		want    bool
	}{
		{"just started", 4 * time.Minute, []registry.Class{registry.ClassEmpty, registry.ClassNull, registry.ClassShape}, true},
		{"started long ago", 6 * time.Minute, []registry.Class{registry.ClassEmpty, registry.ClassNull, registry.ClassShape}, false},
		{"one fault for all", 6 * time.Minute, []registry.Class{registry.ClassShape, registry.ClassShape, registry.ClassShape}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCrowd(t, registry.Config{}, 10)
			c.pass(test.awake)
			freeze(c, test.classes...)
			if got := c.Guards()[0].Suspect; got != test.want {
				t.Errorf("suspect: got %v, want %v", got, test.want)
			}
		})
	}
	c := newCrowd(t, registry.Config{}, 10)
	c.want("told while not frozen", c.Suspect(c.now), "")
	c.pass(6 * time.Minute)
	freeze(c, registry.ClassEmpty, registry.ClassNull, registry.ClassShape)
	c.want("told by the owner", c.Suspect(c.now), "republish")
	if s, _ := c.Snapshot(c.now).Guarded(registry.GuardCorruption); !s.Suspect {
		t.Error("suspect: got false, want what the owner told")
	}
}

func TestBadKeysAreReadAgain(t *testing.T) {
	b := newDriver(t, registry.Config{})
	b.list(9, entry("a", 1, 5), entry("b", 1, 6))
	b.accept("a", 1, 5)
	b.accept("b", 1, 6)
	b.put("a", 0, 10)
	b.reject("a", 10)
	var at []time.Duration
	start := b.now
	for range 200 {
		steps, next := b.Tick(b.now)
		if only(steps, "reread") != "" {
			at = append(at, b.now.Sub(start))
			b.want("the same write", b.Reread(apis+"a", entry("a", 0, 10), true, b.now), "")
		}
		b.now = next
	}
	want := []time.Duration{1, 3, 7, 15, 31, 63, 123, 183} // a constant half as random number
	for i := range want {
		if i >= len(at) || at[i] != want[i]*time.Second {
			t.Fatalf("re-reads: got %v, want %v s", at, want)
		}
	}
	b.want("not there", b.Reread(apis+"a", registry.Entry{}, false, b.now), "relist")
	b.want("a newer value", b.Reread(apis+"a", entry("a", 2, 12), true, b.now), "judge a@12")
	b.accept("a", 2, 12)
	b.wantOnly("after the release", b.pass(10*time.Minute), "", "reread")
}

func TestRereadsAreBounded(t *testing.T) {
	c := newCrowd(t, registry.Config{CorruptKeys: 1000}, 100)
	c.poison(0, 100)
	for range 10 {
		before := c.now
		rereads := 0
		for c.now.Sub(before) < time.Second {
			steps, next := c.Tick(c.now)
			for _, step := range steps {
				if _, ok := step.(registry.Reread); ok {
					rereads++
				}
			}
			c.now = next
		}
		if rereads > 20 { // a second's, and what the second before saved
			t.Errorf("re-reads in a second: got %d, want about 10", rereads)
		}
	}
}

func TestDegraded(t *testing.T) {
	b := newDriver(t, registry.Config{MaxServe: time.Hour})
	b.list(9, entry("a", 1, 5), entry("b", 0, 6))
	b.accept("a", 1, 5)
	b.reject("b", 6)
	b.put("a", 0, 10)
	b.reject("a", 10)
	b.wantOnly("before", b.pass(time.Hour-time.Second), "", "degraded")
	b.wantOnly("after an hour", b.pass(time.Second), "degraded a after 1h0m0s", "degraded")
	if bad := b.Snapshot(b.now).Quarantined; !bad[0].Degraded || bad[1].Degraded {
		t.Errorf("degraded: got %+v, want a, and not b, which serves nothing", bad)
	}
	b.wantRows("still served", "a@5:1 cached, bad a@10, bad b@6")
}
