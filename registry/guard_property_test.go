package registry_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// storm is a view under a random history with everything in it: good and bad
// values, deletions, expiries, a registry that forgets, sleep, operators.
type storm struct {
	*world
	alive  func(key string) bool
	proved map[string]bool // keys that failed a probe
	forced bool            // an operator accepted what was held
}

func newStorm(seed uint64, cfg registry.Config) *storm {
	r := rand.New(rand.NewPCG(seed, 5))
	cfg.Random = r.Float64
	s := &storm{
		world:  newWorld(r, registrytest.NewMemory(registrytest.Config{}), cfg, time.Unix(1000, 0)),
		proved: make(map[string]bool),
	}
	s.alive = func(string) bool { return s.r.IntN(3) > 0 }
	return s
}

// step does one thing.
func (s *storm) step(t *testing.T) {
	t.Helper()
	id := name(s.r.IntN(12))
	s.forced = false
	clear(s.deleted)
	switch s.r.IntN(14) {
	case 0, 1, 2, 3, 4:
		s.memory.Put(apis+id, record(id, 1+s.r.IntN(3)), 0)
	case 5, 6:
		s.memory.Put(apis+id, []string{"", "{", "null"}[s.r.IntN(3)], 0)
	case 7:
		if e, err := s.memory.Get(context.Background(), apis+id); err == nil {
			_ = s.memory.Delete(context.Background(), e.Key, e.Index)
		}
	case 8:
		s.observe(registry.Change{Kind: registry.ChangeExpired, Entry: registry.Entry{Key: apis + id, Index: s.cursor + 1}, Index: s.cursor + 1})
	case 9:
		if s.r.IntN(6) == 0 {
			s.memory.Forget([]string{"", "other"}[s.r.IntN(2)])
		}
		s.resync(t)
	case 10:
		s.follow(t)
	case 11:
		s.decide(s.r.IntN(6))
	case 12:
		if s.r.IntN(10) == 0 {
			s.forced = true
			s.take(s.view.Thaw(s.now))
		}
	default:
		s.tick()
	}
	s.now = s.now.Add(time.Duration(s.r.IntN(3000)) * time.Millisecond)
}

// observe gives the view a change of which the registry knows nothing.
func (s *storm) observe(c registry.Change) { s.take(s.view.Observe(c, s.now)) }

// tick lets up to a minute pass, now and then asleep.
func (s *storm) tick() {
	if s.r.IntN(10) == 0 {
		s.now = s.now.Add(time.Minute)
	}
	for end := s.now.Add(time.Duration(s.r.IntN(60)) * time.Second); s.now.Before(end); {
		steps, next := s.view.Tick(s.now)
		s.take(steps)
		for _, step := range steps {
			switch a := step.(type) {
			case registry.Probe:
				alive := s.alive(a.Key)
				if !alive {
					s.proved[a.Key] = true
				}
				s.take(s.view.Probed(a.Key, alive, s.now))
			case registry.Reread:
				e, err := s.memory.Get(context.Background(), a.Key)
				s.take(s.view.Reread(a.Key, e, err == nil, s.now))
			default:
			}
		}
		s.now = next
	}
}

// TestNothingBecomesEmptyUnexplained: whatever happens, the last instances go
// only when each was deleted, was proved dead, or an operator said so.
func TestNothingBecomesEmptyUnexplained(t *testing.T) {
	for seed := range uint64(300) {
		s := newStorm(seed, registry.Config{})
		s.resync(t)
		for i := range 150 {
			before := s.view.Snapshot(s.now)
			s.step(t)
			after := s.view.Snapshot(s.now)
			if before.Len() == 0 || after.Len() > 0 || s.forced {
				continue
			}
			for row := range before.Rows.All() {
				if !s.deleted[row.Key] && !s.proved[row.Key] {
					t.Fatalf("seed %d, step %d: got nothing left although nobody explained %s (%s)", seed, i, row.Key, showSnapshot(before))
				}
			}
		}
	}
}

// TestDataFaultsRemoveNothing: bad values, however many, take no row away, and
// what is served is always a value that was once good for its key.
func TestDataFaultsRemoveNothing(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 6))
		c := newCrowd(t, registry.Config{QuarantineRows: 1 + r.IntN(9)}, 1+r.IntN(12))
		for range 200 {
			i := r.IntN(c.n)
			if r.IntN(4) == 0 {
				c.announce(i, i+1)
			} else {
				c.poison(i, i+1)
			}
			c.now = c.now.Add(time.Duration(r.IntN(2000)) * time.Millisecond)
			s := c.Snapshot(c.now)
			if s.Len() != c.n {
				t.Fatalf("seed %d: got %d instances of %d", seed, s.Len(), c.n)
			}
			for k, row := range slices.Collect(s.Rows.All()) {
				if row.Instance.Port != k+1 {
					t.Fatalf("seed %d: got port %d of %s, want %d, the only good one", seed, row.Instance.Port, row.Key, k+1)
				}
			}
		}
	}
}

// TestSnapshotIsTheBooks: at every step of any history the pick set, the rows, the
// counts of the bad and the guards are one and the same story.
func TestSnapshotIsTheBooks(t *testing.T) {
	for seed := range uint64(200) {
		s := newStorm(seed, registry.Config{QuarantineRows: 3})
		s.resync(t)
		for i := range 150 {
			s.step(t)
			if problem := audit(s.view, s.now); problem != "" {
				t.Fatalf("seed %d, step %d: %s", seed, i, problem)
			}
		}
	}
}

// audit finds a contradiction in a view, or nothing.
func audit(v *registry.View, now time.Time) string {
	s := v.Snapshot(now)
	picks := 0
	for range s.Instances() {
		picks++
	}
	rows := 0
	before := ""
	for row := range s.Rows.All() {
		if row.Key <= before {
			return "rows out of order at " + row.Key
		}
		before = row.Key
		if (row.Status == registry.StatusLimbo) != (row.Hold != registry.HoldNone) {
			return fmt.Sprintf("%s is %v and held for %v", row.Key, row.Status, row.Hold)
		}
		cached := row.Status == registry.StatusQuarantinedCached
		if bad := v.FaultOf(row.Key) != nil; bad != cached && row.Status != registry.StatusLimbo {
			return fmt.Sprintf("%s is %v, bad: %v", row.Key, row.Status, bad)
		}
		if row.Instance.State != registry.StateDraining {
			rows++
		}
	}
	for _, b := range s.Quarantined {
		if v.FaultOf(b.Key) == nil {
			return b.Key + " is listed as bad, and is not"
		}
	}
	if len(s.Guards) != len(v.Guards()) {
		return fmt.Sprintf("guards %v in the snapshot, %v in the view", s.Guards, v.Guards())
	}
	if picks != rows || picks != s.Len() {
		return fmt.Sprintf("%d to pick, %d counted, %d rows", picks, s.Len(), rows)
	}
	return ""
}
