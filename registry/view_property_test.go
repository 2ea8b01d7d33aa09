package registry_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// judge decodes as an entry actor does and returns what the verdict caused.
func judge(v *registry.View, e registry.Entry, now time.Time) []registry.Step {
	id, _ := registry.SplitKey(apis, e.Key)
	in, err := registry.Decode("api", id, e.Value)
	if fault, bad := errors.AsType[*registry.Fault](err); bad {
		return v.Reject(e.Key, e.Index, fault, now)
	}
	return v.Accept(e.Key, e.Index, in, now)
}

// world is a registry, and a view that follows it with verdicts that come late
// and in any order.
type world struct {
	r       *rand.Rand
	memory  *registrytest.Memory
	view    *registry.View
	cursor  registry.Index
	waiting []registry.Entry
	now     time.Time
	deleted map[string]bool // rows that went because somebody deleted their key

	rejected map[registry.Entry]bool // writes that had their verdict
	twice    []registry.Entry        // those that were asked for again
}

func newWorld(r *rand.Rand, memory *registrytest.Memory, cfg registry.Config, now time.Time) *world {
	return &world{
		r: r, memory: memory, view: registry.NewView(apis, cfg), now: now,
		deleted: make(map[string]bool), rejected: make(map[registry.Entry]bool),
	}
}

// mutate writes something: good, bad, twice the same, or gone.
func (w *world) mutate() {
	ctx := context.Background()
	id := string(rune('a' + w.r.IntN(6)))
	values := []string{"", "{", "null", record(id, 1), record(id, 1), record(id, 2), record("other", 1), `{"v":2}`}
	if w.r.IntN(5) == 0 {
		if e, err := w.memory.Get(ctx, apis+id); err == nil {
			_ = w.memory.Delete(ctx, e.Key, e.Index)
		}
		return
	}
	w.memory.Put(apis+id, values[w.r.IntN(len(values))], 0)
}

func (w *world) resync(t *testing.T) {
	t.Helper()
	l, err := w.memory.List(context.Background(), apis)
	if err != nil {
		t.Fatal(err)
	}
	w.cursor = l.Index
	w.take(w.view.Resync(l, w.now))
}

// follow observes the changes up to the registry's present index.
func (w *world) follow(t *testing.T) {
	t.Helper()
	l, err := w.memory.List(context.Background(), apis)
	if err != nil {
		t.Fatal(err)
	}
	for w.cursor < l.Index {
		c, err := w.memory.Next(context.Background(), apis, w.cursor)
		if err != nil {
			t.Fatal(err)
		}
		w.cursor = c.Index
		w.take(w.view.Observe(c, w.now))
		if w.r.IntN(8) == 0 {
			w.take(w.view.Observe(c, w.now)) // once more
		}
	}
}

func (w *world) take(steps []registry.Step) {
	for _, step := range steps {
		if s, ok := step.(registry.Judge); ok {
			w.waiting = append(w.waiting, s.Entry)
			if w.rejected[s.Entry] {
				w.twice = append(w.twice, s.Entry)
			}
		}
		if s, ok := step.(registry.Removed); ok && s.Kind == registry.ChangeDeleted {
			w.deleted[s.Key] = true
		}
	}
}

// decide gives up to n of the outstanding verdicts, in random order.
func (w *world) decide(n int) {
	w.r.Shuffle(len(w.waiting), func(i, j int) { w.waiting[i], w.waiting[j] = w.waiting[j], w.waiting[i] })
	for ; n > 0 && len(w.waiting) > 0; n-- {
		e := w.waiting[0]
		w.waiting = w.waiting[1:]
		if w.view.KnownBad(e) {
			continue // handed out twice before its verdict
		}
		w.take(judge(w.view, e, w.now))
		if w.view.KnownBad(e) {
			w.rejected[e] = true
		}
	}
}

// calm lets time pass in which nothing happens, so that what is doubted proves
// itself, and accepts what a guard still holds.
func (w *world) calm(t *testing.T) {
	t.Helper()
	for end := w.now.Add(11 * time.Minute); w.now.Before(end); {
		steps, next := w.view.Tick(w.now)
		for _, step := range steps {
			if s, ok := step.(registry.Reread); ok {
				e, err := w.memory.Get(context.Background(), s.Key)
				w.take(w.view.Reread(s.Key, e, err == nil, w.now))
			}
		}
		w.now = next
	}
	w.resync(t)
	w.decide(len(w.waiting))
	w.take(w.view.Thaw(w.now))
}

// TestChangesEqualAListing: however a view came to an index, by changes, by
// listings, with verdicts early or late, once things are quiet it believes what
// a view believes that was given a listing at that index. Only of a bad key it
// may know more: an older value that was good.
func TestChangesEqualAListing(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(r, registrytest.NewMemory(registrytest.Config{}), registry.Config{}, time.Unix(1000, 0))
		w.resync(t)
		for range 60 {
			w.now = w.now.Add(time.Second)
			switch w.r.IntN(6) {
			case 0:
				w.follow(t)
			case 1:
				w.decide(w.r.IntN(4))
			case 2:
				if w.r.IntN(4) == 0 {
					w.resync(t)
				}
				_ = w.view.Snapshot(w.now)
			default:
				w.mutate()
			}
		}
		w.follow(t)
		w.decide(len(w.waiting))
		w.calm(t)

		fresh := newWorld(w.r, w.memory, registry.Config{}, w.now)
		if len(w.twice) > 0 {
			t.Fatalf("seed %d: got %v to judge again, want each write judged once", seed, w.twice)
		}
		fresh.resync(t)
		fresh.decide(len(fresh.waiting))
		if got, want := believed(w.view, w.now), believed(fresh.view, w.now); !slices.Equal(got, want) {
			t.Fatalf("seed %d: view fed changes: got %q, want %q", seed, got, want)
		}
		if l, _ := w.memory.List(context.Background(), apis); len(w.view.Resync(l, w.now)) != 0 || !w.view.Synced() {
			t.Fatalf("seed %d: a listing of what is known: got steps, want none", seed)
		} else if got, want := w.view.Digest(), l.Digest(apis); got != want || w.view.Compare(l).Any() {
			t.Fatalf("seed %d: digest: got %+v, want the listing's, %+v", seed, got, want)
		}
	}
}

// believed prints what two views at one index must agree on. A row's index is
// left out: an equal value that is written again does not show.
func believed(v *registry.View, now time.Time) []string {
	s := v.Snapshot(now)
	var lines []string
	for r := range s.Rows.All() {
		if r.Status == registry.StatusLive {
			lines = append(lines, fmt.Sprintf("%s %+v", r.Key, r.Instance))
		}
	}
	for _, b := range s.Quarantined {
		lines = append(lines, fmt.Sprintf("%s@%d %s %s %x %s", b.Key, b.Index, b.Class, b.Reason, b.Hash, b.Sample))
	}
	return lines
}

// TestFaultsStayOnTheirKey: two views see the same history, but for one key that
// only in the second is written with anything at all. Every other row is the
// same in both, at every step. Where the others turn bad too, the guard against
// mass corruption is off: one more bad key may well be what engages it.
func TestFaultsStayOnTheirKey(t *testing.T) {
	for name, row := range map[string]struct {
		cfg   registry.Config
		least int // the lowest port of the others; 0 is a bad value
	}{
		"guarded":   {registry.Config{}, 1},
		"unguarded": {registry.Config{Unguarded: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(200) {
				compareStruck(t, seed, row.cfg, row.least)
			}
		})
	}
}

func compareStruck(t *testing.T, seed uint64, cfg registry.Config, least int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	now := time.Unix(1000, 0)
	narrow := cfg
	narrow.QuarantineRows = 1
	calm, struck := registry.NewView(apis, cfg), registry.NewView(apis, narrow)
	both := []*registry.View{calm, struck}
	for _, v := range both {
		v.Resync(registry.Listing{Index: 1}, now)
	}
	for index := registry.Index(2); index < 80; index++ {
		now = now.Add(time.Second)
		if r.IntN(2) == 0 {
			strike(r, struck, index, now)
		} else {
			id := string(rune('a' + r.IntN(4)))
			e := entry(id, least+r.IntN(3-least), index)
			for _, v := range both {
				v.Observe(registry.Change{Kind: registry.ChangePut, Entry: e, Index: index}, now)
				judge(v, e, now)
			}
		}
		if got, want := others(struck, now), others(calm, now); !slices.Equal(got, want) {
			t.Fatalf("seed %d, index %d: other rows: got %q, want %q", seed, index, got, want)
		}
	}
}

// strike does something bad, or good for a change, to the key "victim".
func strike(r *rand.Rand, v *registry.View, index registry.Index, now time.Time) {
	e := entry("victim", 0, index)
	e.Value = []string{"", "{", `{"v":2}`, record("a", 1), record("victim", 1), record("victim", 2)}[r.IntN(6)]
	kind := []registry.ChangeKind{
		registry.ChangePut, registry.ChangePut, registry.ChangePut, registry.ChangeDeleted, registry.ChangeExpired,
	}[r.IntN(5)]
	v.Observe(registry.Change{Kind: kind, Entry: e, Index: index}, now)
	for range r.IntN(3) {
		judge(v, e, now)
		v.Reject(e.Key, index-registry.Index(r.IntN(2)), &registry.Fault{Class: registry.ClassPanic, Reason: "again"}, now)
	}
}

func others(v *registry.View, now time.Time) []string {
	var lines []string
	for row := range v.Snapshot(now).Rows.All() {
		if row.Key != apis+"victim" {
			lines = append(lines, fmt.Sprintf("%+v", row))
		}
	}
	return lines
}
