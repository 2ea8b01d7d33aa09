package registry_test

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// flap makes a key turn bad and good again, a number of times, and bad once more.
func flap(b *driver, flips int, apart time.Duration) (index registry.Index) {
	b.list(9, entry("a", 1, 5))
	b.accept("a", 1, 5)
	index = 10
	for i := range flips {
		b.put("a", 0, index)
		b.reject("a", index)
		if i < flips-1 {
			b.put("a", 1, index+1)
			b.accept("a", 1, index+1)
			b.pass(apart)
		}
		index += 2
	}
	return index
}

func TestFlappingKeyProvesItself(t *testing.T) {
	for _, test := range []struct {
		name  string
		flips int
		apart time.Duration
		want  string
	}{
		{"twice", 2, time.Second, "released"},
		{"three times", 3, time.Second, "doubted"},
		{"three times in ten minutes", 3, 5 * time.Minute, "doubted"},
		{"three times in more", 3, 5*time.Minute + time.Second, "released"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newDriver(t, registry.Config{})
			index := flap(b, test.flips, test.apart)
			b.put("a", 2, index)
			if got := only(b.accept("a", 2, index), test.want); got == "" {
				t.Errorf("a good value: got %q, want %s", got, test.want)
			}
		})
	}
}

func TestProof(t *testing.T) {
	start := func(t *testing.T) (*driver, registry.Index) {
		t.Helper()
		b := newDriver(t, registry.Config{})
		index := flap(b, 3, time.Second)
		b.put("a", 2, index)
		b.want("a good value", b.accept("a", 2, index), "doubted a@16, republish")
		return b, index
	}
	t.Run("seen again, and old enough", func(t *testing.T) {
		b, index := start(t)
		if bad := b.Snapshot(b.now).Quarantined[0]; bad.Doubted.Sub(b.now) != 5*time.Minute {
			t.Errorf("doubted until: got %v, want in 5 min", bad.Doubted)
		}
		b.want("seen too early", b.Reread(apis+"a", entry("a", 2, index), true, b.now), "")
		b.wantOnly("asks to see it", b.pass(6*time.Second), "reread a", "reread")
		b.want("seen", b.Reread(apis+"a", entry("a", 2, index), true, b.now), "")
		b.wantOnly("before its time", b.pass(5*time.Minute-7*time.Second), "", "released")
		b.wantRows("meanwhile", "a@13:1 cached, bad a@14")
		b.wantOnly("at its time", b.pass(time.Second), "released a@16 after 5m0s, updated a@16:2", "released", "updated")
	})
	t.Run("never seen again", func(t *testing.T) {
		b, index := start(t)
		b.wantOnly("for a long time", b.pass(time.Hour), "", "released")
		b.wantOnly("a listing has it", b.list(50, entry("a", 2, index)), "released a@16 after 1h0m0s", "released")
	})
	t.Run("bad again", func(t *testing.T) {
		b, index := start(t)
		b.put("a", 0, index+1)
		b.want("rejection", b.reject("a", index+1), "quarantined a@17 empty x2 serving 13, republish")
		b.wantOnly("later", b.pass(10*time.Minute), "", "released")
	})
	t.Run("another good value", func(t *testing.T) {
		b, index := start(t)
		b.pass(2 * time.Minute)
		b.put("a", 3, index+1)
		b.want("its verdict", b.accept("a", 3, index+1), "")
		b.wantOnly("at the end", b.pass(3*time.Minute), "updated a@17:3", "updated")
	})
	t.Run("accepted by an operator", func(t *testing.T) {
		b, _ := start(t)
		b.wantOnly("thaw", b.Thaw(b.now), "released a@16 after 0s, updated a@16:2", "released", "updated")
	})
	t.Run("accepted by an operator while a newer value waits for its verdict", func(t *testing.T) {
		b, index := start(t)
		b.put("a", 3, index+1)
		b.wantOnly("thaw", b.Thaw(b.now), "", "released", "updated")
		b.wantRows("afterwards", "a@13:1 cached, bad a@14")
	})
	t.Run("gone", func(t *testing.T) {
		b, index := start(t)
		b.want("deletion", b.remove("a", registry.ChangeDeleted, index+1), "removed a@17 deleted, drop a, republish")
		b.wantRows("afterwards", "")
	})
}
