package registry_test

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// What is held is probed: the living stay, the dead go in pieces.
func TestHeldInstancesAreProbed(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 20)
	c.lose(registry.ChangeExpired, 0, 10)
	c.wantPicks("held", 20, 10)
	dead := func(key string) bool { return key >= apis+name(5) } // k00 to k04 are dead

	c.passWith(29*time.Second, dead)
	c.wantPicks("before anybody can be proved dead", 20, 10)
	steps := c.passWith(31*time.Second, dead)
	c.wantPicks("after the proof, 15 % in a minute", 17, 7)
	if got := only(steps, "removed"); got == "" {
		t.Error("evictions: got none")
	}
	c.passWith(5*time.Minute, dead)
	c.wantPicks("when all the dead are gone", 15, 5)
	c.wantGuards("with the living held", "expiry")
	for i := range 5 {
		c.announce(i+5, i+6)
	}
	c.pass(2 * time.Second)
	c.wantGuards("when nothing is held any more", "")
	c.wantPicks("when nothing is held any more", 15, 0)
}

func TestProbeRate(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 60)
	c.lose(registry.ChangeExpired, 0, 60)
	for range 20 {
		steps := c.pass(time.Second)
		probes := 0
		for _, step := range steps {
			if _, ok := step.(registry.Probe); ok {
				probes++
			}
		}
		if probes > 6 { // 5 % of 60, and what one second may have saved up
			t.Errorf("probes in a second: got %d, want about 3", probes)
		}
	}
}

// However often it is asked, an instance is given half a minute to answer.
func TestDeathTakesTime(t *testing.T) {
	c := newCrowd(t, registry.Config{ProbeEvery: time.Second}, 1)
	c.lose(registry.ChangeExpired, 0, 1)
	dead := func(string) bool { return false }
	c.passWith(30*time.Second, dead)
	c.wantPicks("half a minute after the expiry", 1, 1)
	c.passWith(2*time.Second, dead)
	c.wantPicks("half a minute after the first probe", 0, 0)
}

// A row that answered in between has to fail anew.
func TestProbeFailuresAreInARow(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 1)
	c.lose(registry.ChangeExpired, 0, 1)
	turn := 0
	steps := c.passWith(10*time.Minute, func(string) bool { turn++; return turn%3 == 0 })
	c.wantOnly("removals", steps, "", "removed")
	steps = c.passWith(2*time.Minute, func(string) bool { return false })
	c.wantOnly("the last one, proved dead", steps, "removed k00@1002 expired held for empty", "removed")
	c.pass(2 * time.Second)
	c.wantGuards("at the end", "")
}

// A held key that is written again waits for the verdict, whatever was due.
func TestHeldKeyThatIsWrittenWaitsForItsVerdict(t *testing.T) {
	t.Run("delayed", func(t *testing.T) {
		c := newCrowd(t, registry.Config{RemovalDelay: 10 * time.Second}, 5)
		c.lose(registry.ChangeExpired, 0, 1)
		c.index++
		c.put(name(0), 1, c.index)
		c.wantOnly("past the delay", c.pass(time.Minute), "", "removed")
		c.wantOnly("its verdict", c.accept(name(0), 1, c.index), "reclaimed k00@1003 after 1m0s", "reclaimed")
		c.wantPicks("afterwards", 5, 0)
	})
	t.Run("proved dead", func(t *testing.T) {
		c := newCrowd(t, registry.Config{}, 20)
		c.lose(registry.ChangeExpired, 0, 20)
		dead := func(string) bool { return false }
		c.passWith(70*time.Second, dead) // most are proved dead, and three a minute go
		left := c.Snapshot(c.now).Len()
		if left > 17 {
			t.Fatalf("instances: got %d, want evictions to have begun", left)
		}
		for i := range 20 {
			c.index++
			c.put(name(i), 1, c.index)
		}
		c.passWith(10*time.Minute, dead)
		c.wantPicks("with new values", left, left)
		for i := range 20 {
			c.reject(name(i), c.index-registry.Index(19-i))
		}
		c.wantPicks("with bad ones", left, 0)
	})
}
