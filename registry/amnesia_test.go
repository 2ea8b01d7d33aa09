package registry_test

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func TestAmnesia(t *testing.T) {
	for _, test := range []struct {
		name    string
		listing registry.Listing
		want    string
	}{
		{"another cluster", registry.Listing{Cluster: "two", Index: 2000}, "amnesia"},
		{"the same cluster", registry.Listing{Cluster: "one", Index: 2000}, "expiry"},
		{"a cluster that does not say", registry.Listing{Index: 2000}, "expiry"},
		{"an index that went back", registry.Listing{Cluster: "one", Index: 1000}, "amnesia"},
		{"the same index", registry.Listing{Cluster: "one", Index: 1001}, "expiry"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCrowd(t, registry.Config{}, 20)
			c.Resync(registry.Listing{Cluster: "one", Index: 1001, Entries: c.entries(0)}, c.now)
			test.listing.Entries = c.entries(10)
			c.Resync(test.listing, c.now)
			c.wantGuards("with half of the keys missing", test.want)
			c.wantPicks("with half of the keys missing", 20, 10)
			if got, want := c.Epoch(), uint64(0); (got != want) != (test.want == "amnesia") {
				t.Errorf("epoch: got %d", got)
			}
		})
	}
	for name, listing := range map[string]registry.Listing{
		"an empty directory":  {Index: 2000},
		"a missing directory": {Index: 2000, Missing: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCrowd(t, registry.Config{}, 20)
			c.Resync(listing, c.now)
			c.wantGuards("after it", "amnesia")
			c.wantPicks("after it", 20, 20)
			empty := newDriver(t, registry.Config{})
			empty.Resync(listing, empty.now)
			empty.wantGuards("when there never was anything", "")
		})
	}
}

// While a registry is learning again nothing is removed; then what did not come
// back goes the ordinary way.
func TestAmnesiaEnds(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 20)
	c.list(10) // everything lost, and the index with it
	c.wantPicks("after the loss", 20, 20)
	c.index = 10
	c.want("a deletion", c.lose(registry.ChangeDeleted, 0, 1), "")
	for i := range 18 {
		c.want("an announcement", c.announce(i, i+1)[:1], "judge "+name(i)+"@"+itoa(int(c.index)))
	}
	c.wantPicks("with 18 back", 20, 2)
	steps := c.pass(4*time.Minute - time.Second)
	relists := 0
	for _, step := range steps {
		if _, ok := step.(registry.Relist); ok {
			relists++
		}
	}
	if relists < 40 || relists > 60 {
		t.Errorf("listings asked for in four minutes: got %d, want one every 5 s", relists)
	}
	c.wantGuards("before the end", "amnesia")
	c.wantPicks("before the end", 20, 2)
	c.pass(2 * time.Second)
	c.wantGuards("after it", "")
	c.wantPicks("two of twenty did not come back", 18, 0)
}

// Many that do not come back are a mass expiry: the baseline is that of before.
func TestAmnesiaIsFollowedByTheOtherGuard(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 20)
	c.list(10)
	c.pass(4*time.Minute + time.Second)
	c.wantGuards("afterwards", "expiry")
	c.wantPicks("afterwards", 20, 20)
	steps := c.passWith(20*time.Minute, func(string) bool { return false })
	c.wantPicks("when all are proved dead", 0, 0)
	if first := show(steps)[:len("probe")]; first != "probe" {
		t.Errorf("first step: got %q, want a probe", first)
	}
}

// The other cluster shows in a change as well.
func TestAmnesiaByAChange(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 3)
	put := func(cluster string, index registry.Index) {
		c.Observe(registry.Change{Kind: registry.ChangePut, Entry: entry("x", 9, index), Index: index, Cluster: cluster}, c.now)
	}
	put("one", 1100)
	put("one", 1101)
	c.wantGuards("the same cluster", "")
	put("two", 1102)
	c.wantGuards("another one", "amnesia")
}

// A restored registry says what was true once: an older address is not believed.
func TestAmnesiaHoldsIdentities(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 3)
	c.announce(0, 50)
	old := c.entries(0)
	c.list(500, old...)
	c.want("the address of before", c.accept(name(0), 1, 1), "held k00 identity, republish")
	c.wantRows("while it is learning", "k00@1002:50 held for identity, k01@2:2, k02@3:3")
	c.index = 600
	c.wantOnly("the present address again", c.announce(0, 50), "", "updated", "removed")
	c.wantRows("after the announcement", "k00@601:50, k01@2:2, k02@3:3")
}

// A key that was gone before comes back at an index below that at which it went.
func TestAmnesiaForgetsOldIndexes(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 4)
	c.lose(registry.ChangeExpired, 0, 2) // held, at 1002 and 1003
	c.wantPicks("held", 4, 2)
	c.list(10, c.entries(2)...)
	c.index = 10
	c.announce(0, 1)
	c.wantPicks("announced again", 4, 1)
}

// A restored view knows whom it spoke to, and goes on holding.
func TestGuardsSurviveTheirView(t *testing.T) {
	next := func(c *crowd) *crowd {
		b := &crowd{driver: newDriver(t, registry.Config{}), n: c.n, index: c.index}
		b.Restore(c.Snapshot(c.now))
		return b
	}
	c := newCrowd(t, registry.Config{}, 20)
	c.list(10)
	b := next(c)
	b.list(11, c.entries(18)...)
	b.wantGuards("after amnesia", "amnesia")
	b.wantPicks("after amnesia", 20, 18)
	b.pass(3 * time.Minute)
	b.wantGuards("before its time", "amnesia")
	b.pass(time.Minute + time.Second)
	b.wantGuards("after its time", "expiry")

	c = newCrowd(t, registry.Config{}, 20)
	c.Hold(c.now)
	b = next(c)
	b.relist(1)
	b.wantPicks("held by an operator", 20, 1)

	c = newCrowd(t, registry.Config{}, 20)
	c.poison(0, 10)
	b = next(c)
	b.relist(1)
	b.wantGuards("frozen", "corruption")
	b.wantPicks("frozen", 20, 1)

	c = newCrowd(t, registry.Config{}, 4)
	c.lose(registry.ChangeExpired, 0, 4)
	c.wantGuards("all expired", "expiry")
	b = next(c)
	if shown := b.Snapshot(b.now).Guards; len(shown) != len(b.Guards()) {
		t.Errorf("restored, with a guard that is found again: got %+v shown, want what holds, %+v", shown, b.Guards())
	}

	b = &crowd{driver: newDriver(t, registry.Config{})}
	b.Restore(&registry.Snapshot{Directory: apis, Cluster: "one", Index: 50, Rows: c.Snapshot(c.now).Rows})
	b.Resync(registry.Listing{Cluster: "two", Index: 60}, b.now)
	b.wantGuards("restored, with another registry", "amnesia")
}
