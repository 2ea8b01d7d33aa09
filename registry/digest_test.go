package registry_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func TestCompare(t *testing.T) {
	start := func(t *testing.T) *driver {
		t.Helper()
		b := newDriver(t, registry.Config{})
		b.list(9, entry("a", 1, 5), entry("b", 0, 6), entry("c", 1, 7))
		b.accept("a", 1, 5)
		b.reject("b", 6)
		b.put("d", 1, 12)
		return b
	}
	all := func(more ...registry.Entry) []registry.Entry {
		return append([]registry.Entry{entry("a", 1, 5), entry("b", 0, 6), entry("c", 1, 7), entry("d", 1, 12)}, more...)
	}
	for _, test := range []struct {
		name    string
		index   registry.Index
		entries []registry.Entry
		want    registry.Divergence
	}{
		{"the same", 20, all(), registry.Divergence{}},
		{"renewed", 20, append(all()[1:], entry("a", 1, 19)), registry.Divergence{}},
		{"a new key", 20, all(entry("e", 1, 13)), registry.Divergence{Missing: 1, First: apis + "e"}},
		{"a key that should be known", 20, all(entry("e", 1, 11)), registry.Divergence{Missing: 1, Missed: 1, First: apis + "e"}},
		{"another value", 20, append(all()[1:], entry("a", 2, 13)), registry.Divergence{Different: 1, First: apis + "a"}},
		{
			"another value that should be known", 20, append(all()[1:], entry("a", 2, 8)),
			registry.Divergence{Different: 1, Missed: 1, First: apis + "a"},
		},
		{"a key gone lately", 20, all()[1:], registry.Divergence{Extra: 1, First: apis + "a"}},
		{"a key gone before", 12, all()[1:], registry.Divergence{Extra: 1, Missed: 1, First: apis + "a"}},
		{
			"the missed one is named first", 20, all(entry("A", 1, 13), entry("z", 1, 11)),
			registry.Divergence{Missing: 2, Missed: 1, First: apis + "z"},
		},
		{"keys elsewhere", 20, all(registry.Entry{Key: "/x", Index: 1}, entry("a", 3, 5)), registry.Divergence{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := start(t)
			l := registry.Listing{Entries: test.entries, Index: test.index}
			if got := b.Compare(l); got != test.want {
				t.Errorf("divergence: got %+v, want %+v", got, test.want)
			}
			told := only(b.Resync(l, b.now), "diverged") != ""
			if told != (test.want.Missed > 0) {
				t.Errorf("told: got %v, want it when a change was missed", told)
			}
			if got, want := b.Digest(), l.Digest(apis); got != want {
				t.Errorf("digest after the listing: got %+v, want %+v", got, want)
			}
		})
	}
}

// Any difference of one key shows, in the digest and in the comparison.
func TestDigestFindsAnyDivergence(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 9))
		n := 1 + r.IntN(30)
		b := newDriver(t, registry.Config{})
		l := registry.Listing{Index: 1000}
		for i := range n {
			l.Entries = append(l.Entries, entry(name(i), r.IntN(3), registry.Index(i+1)))
		}
		b.Resync(l, b.now)
		if b.Digest() != l.Digest(apis) || b.Compare(l).Any() {
			t.Fatalf("seed %d: what was listed: got a divergence", seed)
		}
		other := registry.Listing{Index: 1000, Entries: append([]registry.Entry(nil), l.Entries...)}
		at := r.IntN(n)
		switch r.IntN(3) {
		case 0:
			other.Entries = append(other.Entries[:at], other.Entries[at+1:]...)
		case 1:
			other.Entries = append(other.Entries, entry("new", 1, 7))
		case 2:
			value := []byte(other.Entries[at].Value + "x")
			value[r.IntN(len(value))] ^= byte(1 << r.IntN(8))
			other.Entries[at].Value = string(value)
		}
		if d := b.Compare(other); d.Missing+d.Extra+d.Different != 1 || other.Digest(apis) == b.Digest() {
			t.Fatalf("seed %d: one difference: got %+v", seed, d)
		}
	}
}

func TestResumeWindow(t *testing.T) {
	b := newDriver(t, registry.Config{})
	if got := b.Resume(b.now); got != (registry.ResumeWindow{Left: 1000}) {
		t.Errorf("before anything: got %+v, want all of it", got)
	}
	b.list(1000, entry("a", 1, 5))
	b.now = b.now.Add(10 * time.Second)
	b.list(1100, entry("a", 1, 5))
	got := b.Resume(b.now)
	if got.Lag != 0 || got.Left != 1000 || got.Rate != 10 || got.For != 100*time.Second {
		t.Errorf("ten writes a second: got %+v, want 100 s", got)
	}
	got = b.Resume(b.now.Add(40 * time.Second))
	if got.Lag != 400 || got.Left != 600 || got.For != time.Minute {
		t.Errorf("40 s later: got %+v, want 600 left, a minute", got)
	}
	if got = b.Resume(b.now.Add(time.Hour)); got.Left != 0 || got.For != 0 {
		t.Errorf("an hour later: got %+v, want nothing left", got)
	}
	b.Observe(registry.Change{Kind: registry.ChangePut, Entry: entry("a", 2, 1150), Index: 1150, Head: 1300}, b.now.Add(20*time.Second))
	if got = b.Resume(b.now.Add(20 * time.Second)); got.Lag != 150 || got.Rate != 10 {
		t.Errorf("behind: got %+v, want a lag of 150 at ten a second", got)
	}
	b.now = b.now.Add(time.Minute)
	b.list(40)
	if got = b.Resume(b.now); got.Rate != 0 || got.Left != 1000 {
		t.Errorf("after the index went back: got %+v, want a new beginning", got)
	}
	for i := range 100 {
		b.now = b.now.Add(time.Second)
		b.list(registry.Index(40 + 2*i))
	}
	if got = b.Resume(b.now); fmt.Sprintf("%.1f", got.Rate) != "2.0" {
		t.Errorf("rate of late: got %v, want 2", got.Rate)
	}
}
