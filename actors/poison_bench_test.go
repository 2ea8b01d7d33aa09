package actors_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

const (
	poisonKeys = 100_000
	sickKeys   = poisonKeys / 10
	poisonRate = 2000 // events in a second, half of them on the tenth of the keys that may be sick
)

// torn is the beginning of a record.
const torn = `{"v":1,"service":"api","id":"`

// feed is a registry whose changes come when the test says so, with as much
// history as etcd's; it measures until when each is visible.
type feed struct {
	listing registry.Listing
	sick    bool // the sick keys turn bad and good again

	mu       sync.Mutex // over listing too, which is kept up to date
	head     registry.Index
	history  [1 << 12]registry.Change // by index, in a ring
	sent     [1 << 12]time.Time
	released chan struct{} // closed with the next change
	turns    []uint8       // of each key: how often it was written

	// Of the changes to healthy keys: those that are applied and not yet
	// published, and how long the others took.
	applied []registry.Index
	took    []time.Duration
}

func newFeed(tb testing.TB, sick bool) *feed {
	tb.Helper()
	f := &feed{sick: sick, released: make(chan struct{}), head: poisonKeys, turns: make([]uint8, poisonKeys)}
	f.listing = registry.Listing{Index: poisonKeys, Cluster: "feed"}
	for i := range poisonKeys {
		f.listing.Entries = append(f.listing.Entries, registry.Entry{
			Key: benchDirectory + keyID(i), Value: weighing(tb, i, 1), Index: registry.Index(i + 1), TTL: time.Minute,
		})
	}
	return f
}

func keyID(i int) string { return "api-" + strconv.Itoa(1_000_000+i) }

// weighing is a value that differs from the others of its key in its weight only:
// a frozen view believes no other address.
func weighing(tb testing.TB, i, weight int) string {
	tb.Helper()
	value, err := registry.Encode(registry.Instance{Service: "api", ID: keyID(i), Host: "10.0.0.7", Port: 1024, Weight: weight})
	if err != nil {
		tb.Fatalf("Encode: got %v, want no error", err)
	}
	return value
}

// write changes a key; a sick one is torn at every other time.
func (f *feed) write(tb testing.TB, i int) {
	tb.Helper()
	f.turns[i]++
	value := weighing(tb, i, 2+int(f.turns[i]))
	if f.sick && i < sickKeys && f.turns[i]%2 == 1 {
		value = torn + strconv.Itoa(int(f.turns[i]))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.head++
	at := int(f.head) % len(f.history)
	e := &f.listing.Entries[i]
	e.Value, e.Index, f.listing.Index = value, f.head, f.head
	f.history[at] = registry.Change{Kind: registry.ChangePut, Index: f.head, Entry: *e}
	f.sent[at] = time.Now()
	close(f.released)
	f.released = make(chan struct{})
}

// List implements [registry.Source].
func (f *feed) List(context.Context, string) (registry.Listing, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.listing
	l.Entries = slices.Clone(l.Entries)
	return l, nil
}

// Get implements [registry.Source].
func (f *feed) Get(_ context.Context, key string) (registry.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, found := slices.BinarySearchFunc(f.listing.Entries, key, func(e registry.Entry, key string) int { return cmp.Compare(e.Key, key) })
	if !found {
		return registry.Entry{}, registry.ErrNotFound
	}
	return f.listing.Entries[at], nil
}

// Next implements [registry.Source].
func (f *feed) Next(ctx context.Context, _ string, after registry.Index) (registry.Change, error) {
	for {
		f.mu.Lock()
		head, released, c := f.head, f.released, f.history[int(after+1)%len(f.history)]
		f.mu.Unlock()
		switch {
		case after+registry.Index(len(f.history)) <= head:
			return registry.Change{}, registry.ErrHistoryLost
		case after < head:
			c.Head = head
			return c, nil
		}
		select {
		case <-released:
		case <-ctx.Done():
			return registry.Change{}, ctx.Err()
		}
	}
}

// observe is called in the turns of the watcher for the two kinds that count here.
func (f *feed) observe(e actors.Event) {
	switch e.Kind { //nolint:exhaustive // the others do not matter
	case actors.EventInstanceUpdated:
		if e.Key >= benchDirectory+keyID(sickKeys) {
			f.applied = append(f.applied, e.Index)
		}
	case actors.EventPublished:
		f.mu.Lock()
		for _, index := range f.applied {
			f.took = append(f.took, time.Since(f.sent[int(index)%len(f.history)]))
		}
		f.mu.Unlock()
		f.applied = f.applied[:0]
	}
}

// follow starts a runtime that watches the feed, and returns how many of its keys
// are bad.
func (f *feed) follow(tb testing.TB, cursor registry.CursorConfig) (bad func() int) {
	tb.Helper()
	r, err := actors.New(actors.Config{Source: f, Observe: f.observe, Cursor: cursor})
	if err != nil {
		tb.Fatalf("New: got %v, want no error", err)
	}
	if err := r.Watch("api"); err != nil {
		tb.Fatalf("Watch: got %v, want no error", err)
	}
	if err := r.Start(tb.Context()); err != nil {
		tb.Fatalf("Start: got %v, want no error", err)
	}
	tb.Cleanup(func() { _ = r.Stop(context.Background()) })
	if err := r.WaitReady(tb.Context(), "api", poisonKeys); err != nil {
		tb.Fatalf("WaitReady: got %v, want no error", err)
	}
	return func() int {
		s := r.Snapshot("api")
		return len(s.Quarantined) + s.QuarantineOverflow
	}
}

// run writes at the rate for so long, and returns the 99th percentile of what the
// healthy keys' changes took.
func (f *feed) run(tb testing.TB, rng *rand.Rand, long time.Duration) time.Duration {
	tb.Helper()
	f.mu.Lock()
	f.took = f.took[:0]
	f.mu.Unlock()
	const burst = 5 * time.Millisecond
	began := time.Now()
	for n := 0; n < int(long.Seconds()*poisonRate); {
		time.Sleep(burst)
		for due := int(time.Since(began).Seconds() * poisonRate); n < due; n++ {
			key := rng.IntN(sickKeys)
			if n%2 == 0 {
				key = sickKeys + rng.IntN(poisonKeys-sickKeys)
			}
			f.write(tb, key)
		}
	}
	time.Sleep(time.Second) // for the last ones
	f.mu.Lock()
	defer f.mu.Unlock()
	if want := int(long.Seconds()*poisonRate) / 2; len(f.took) < want*9/10 {
		tb.Fatalf("visible changes of healthy keys: got %d, want about %d", len(f.took), want)
	}
	slices.Sort(f.took)
	return f.took[len(f.took)*99/100]
}

// poison makes all sick keys bad, and lets that settle.
func (f *feed) poison(tb testing.TB) {
	tb.Helper()
	for i := range sickKeys {
		f.write(tb, i)
		if i%100 == 0 {
			time.Sleep(5 * time.Millisecond) // within the history
		}
	}
	time.Sleep(3 * time.Second)
}

// BenchmarkHealthyKeysBesidePoison is how long a change of a healthy key takes
// until it is published, while a tenth of 100,000 keys turn bad and good again,
// beside a clean directory that changes at the same rate: interleaved, the medians
// of five.
func BenchmarkHealthyKeysBesidePoison(b *testing.B) {
	const rounds, long = 5, 3 * time.Second
	clean, sick := newFeed(b, false), newFeed(b, true)
	clean.follow(b, registry.CursorConfig{Resync: time.Hour}) // so that no listing falls into one run only
	bad := sick.follow(b, registry.CursorConfig{Resync: time.Hour})
	clean.poison(b) // which does the same, with good values
	sick.poison(b)
	rng := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		var quiet, beside []float64
		var cpu, cpuBeside time.Duration
		for range rounds {
			at := cpuTime()
			quiet = append(quiet, float64(clean.run(b, rng, long).Microseconds()))
			between := cpuTime()
			beside = append(beside, float64(sick.run(b, rng, long).Microseconds()))
			cpu += between - at
			cpuBeside += cpuTime() - between
		}
		b.ReportMetric(float64(cpu.Microseconds())/(rounds*poisonRate*long.Seconds()), "clean-cpu-µs/change")
		b.ReportMetric(float64(cpuBeside.Microseconds())/(rounds*poisonRate*long.Seconds()), "poisoned-cpu-µs/change")
		slices.Sort(quiet)
		slices.Sort(beside)
		b.ReportMetric(quiet[rounds/2], "clean-p99-µs")
		b.ReportMetric(beside[rounds/2], "poisoned-p99-µs")
		b.ReportMetric(beside[rounds/2]/quiet[rounds/2], "ratio")
		b.ReportMetric(float64(bad()), "bad-keys")
	}
}

// TestPoisonLeaksNothing: while a tenth of 100,000 keys flap, the live heap is the
// same after five minutes as after one. It takes six, so it is for `make soak`.
func TestPoisonLeaksNothing(t *testing.T) {
	if os.Getenv("FIREBREAK_SOAK") == "" {
		t.Skip("set FIREBREAK_SOAK=1 to run it: it takes six minutes")
	}
	f := newFeed(t, true)
	bad := f.follow(t, registry.CursorConfig{})
	f.poison(t)
	rng := rand.New(rand.NewPCG(1, 2))
	var heaps []uint64
	for minute := range 5 {
		f.run(t, rng, time.Minute)
		heaps = append(heaps, liveHeap())
		t.Logf("after %d min: %d KiB, %d keys are bad", minute+1, heaps[minute]>>10, bad())
	}
	least, most := slices.Min(heaps), slices.Max(heaps)
	if float64(most) > 1.05*float64(least) {
		t.Errorf("live heap: got %d to %d KiB, want it flat within 5 %%", least>>10, most>>10)
	}
}
