package actors_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

// TestWhatIsShownIsWhatIsPicked puts a directory through a random history, and
// compares, after every step, what Status shows to an operator, what Snapshot
// gives a reader and what a picker picks: promise P6.
func TestWhatIsShownIsWhatIsPicked(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for round := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, round))
			c := start(t, actors.Isolated(), "a", "b", "c")
			picker, err := c.runtime.Picker(service, actors.PickerConfig{})
			if err != nil {
				t.Fatalf("Picker: got %v, want no error", err)
			}
			for range 60 {
				what := c.meddle(t, rng)
				synctest.Wait()
				c.compare(t, picker, what)
			}
			picker.Close()
			c.stop(t)
		})
	}
}

// meddle does one thing to one key, and says what.
func (c *cell) meddle(t *testing.T, rng *rand.Rand) string {
	t.Helper()
	id := string(rune('a' + rng.IntN(12)))
	switch rng.IntN(9) {
	case 0:
		c.registry.Put(key(id), "", 0)
		return id + " torn"
	case 1:
		if e, err := c.registry.Get(t.Context(), key(id)); err == nil {
			if err := c.registry.Delete(t.Context(), key(id), e.Index); err != nil {
				t.Fatalf("Delete: got %v, want no error", err)
			}
		}
		return id + " deleted"
	case 2:
		in := registry.Instance{Service: service, ID: id, Host: "10.0.0.7", Port: 1, State: registry.StateDraining}
		value, err := registry.Encode(in)
		if err != nil {
			t.Fatalf("Encode: got %v, want no error", err)
		}
		c.registry.Put(key(id), value, time.Hour)
		return id + " draining"
	case 3:
		_ = c.runtime.Ban(t.Context(), service, id, "a test") // refused where it does not fit
		return id + " banned"
	case 4:
		_ = c.runtime.Unban(t.Context(), service, id)
		return id + " unbanned"
	case 5:
		_ = c.runtime.Pin(t.Context(), service, id, 0, "a test")
		return id + " pinned"
	case 6:
		time.Sleep(time.Duration(rng.IntN(60)) * time.Second)
		return "time passed"
	}
	c.put(t, id, 1024+rng.IntN(100))
	return id + " written"
}

func (c *cell) compare(t *testing.T, picker *actors.Picker, what string) {
	t.Helper()
	var shown, read []string
	limbo := false
	for _, row := range c.runtime.Status().Services[0].Rows {
		limbo = limbo || row.Status == registry.StatusLimbo.String()
		if row.State != string(registry.StateDraining) {
			shown = append(shown, strings.TrimPrefix(row.Key, key(""))+" "+row.Address)
		}
	}
	for in := range c.runtime.Snapshot(service).Instances() {
		read = append(read, in.ID+" "+in.Address())
	}
	picked := map[string]bool{}
	for range 4 * len(shown) {
		if choice, ok := picker.Pick(); ok {
			picked[choice.Instance().ID+" "+choice.Instance().Address()] = true
		}
	}
	slices.Sort(read)
	if !slices.Equal(shown, read) {
		t.Errorf("after %s: Status shows %v, Snapshot has %v", what, shown, read)
	}
	all := slices.Sorted(maps.Keys(picked))
	if !limbo && !slices.Equal(shown, all) { // a picker sets those in limbo aside
		t.Errorf("after %s: Status shows %v, the picker picks %v", what, shown, all)
	}
	for _, one := range all {
		if !slices.Contains(shown, one) {
			t.Errorf("after %s: the picker picks %s, which Status does not show", what, one)
		}
	}
}
