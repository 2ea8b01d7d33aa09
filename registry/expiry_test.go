package registry_test

import (
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// The boundaries of rule R4: more than 15 % of the baseline, and three; below
// ten, 34 % and two; never the last one.
func TestMassExpiryBoundaries(t *testing.T) {
	tests := []struct {
		name      string
		n, expire int
		picks     int // afterwards
		guards    string
	}{
		{"one of many", 20, 1, 19, ""},
		{"15 % exactly", 20, 3, 17, ""},
		{"more than 15 %", 20, 4, 20, "expiry"},
		{"two of eleven are more than 15 %, and fewer than three", 11, 2, 9, ""},
		{"three of eleven", 11, 3, 11, "expiry"},
		{"three of ten", 10, 3, 10, "expiry"},
		{"two of ten", 10, 2, 8, ""},
		{"three of nine are below 34 %", 9, 3, 6, ""},
		{"four of nine", 9, 4, 9, "expiry"},
		{"two of five", 5, 2, 5, "expiry"},
		{"two of six are below 34 %", 6, 2, 4, ""},
		{"one of two", 2, 1, 1, ""},
		{"both of two", 2, 2, 2, "expiry"},
		{"the only one", 1, 1, 1, "expiry"},
	}
	for _, kind := range []registry.ChangeKind{registry.ChangeExpired, 0} {
		for _, test := range tests {
			t.Run(test.name+" "+kind.String(), func(t *testing.T) {
				c := newCrowd(t, registry.Config{}, test.n)
				switch {
				case kind == registry.ChangeExpired:
					c.lose(kind, 0, test.expire)
				case test.expire == test.n:
					t.Skip("an empty listing is amnesia")
				default:
					c.relist(test.expire)
				}
				c.wantGuards("afterwards", test.guards)
				c.wantPicks("afterwards", test.picks, test.picks-(test.n-test.expire))
			})
		}
	}
}

// A single expiry is applied at once; what follows it brings it back.
func TestExpiriesThatFollowBringBackTheFirst(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 20)
	c.want("the first", c.lose(registry.ChangeExpired, 0, 1), "removed k00@1002 expired, drop k00, republish")
	c.lose(registry.ChangeExpired, 1, 3)
	c.pass(40 * time.Second)
	c.want("the fourth", c.lose(registry.ChangeExpired, 3, 4),
		"engaged expiry, held k00 expiry, held k01 expiry, held k02 expiry, held k03 expiry, drop k03, republish")
	c.wantPicks("held", 20, 4)
	last := ""
	for in := range c.Snapshot(c.now).Instances() {
		last = in.ID
	}
	if last != "k03" {
		t.Errorf("last to be picked: got %s, want k03, behind those that are there", last)
	}
}

func TestExpiriesFarApartAreOrdinary(t *testing.T) {
	for _, test := range []struct {
		name  string
		apart time.Duration
		want  string
	}{
		{"at the window's edge", 20 * time.Second, "expiry"},
		{"just outside", 20*time.Second + time.Millisecond, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCrowd(t, registry.Config{}, 20)
			for i := range 4 {
				c.lose(registry.ChangeExpired, i, i+1)
				if i < 3 {
					c.wantPicks("before the last", 19-i, 0)
					c.pass(test.apart)
				}
			}
			c.wantGuards("after four", test.want)
		})
	}
}

// Explained leaves are applied whatever their number, and lower the baseline.
func TestExplainedLeaves(t *testing.T) {
	t.Run("deleted", func(t *testing.T) {
		c := newCrowd(t, registry.Config{}, 20)
		c.lose(registry.ChangeDeleted, 0, 18)
		c.wantGuards("after a scale-in", "")
		c.wantPicks("after a scale-in", 2, 0)
		c.lose(registry.ChangeExpired, 18, 19)
		c.wantPicks("one of the two that are left", 1, 0)
		c.lose(registry.ChangeDeleted, 19, 20)
		c.wantPicks("the last one, deleted: nobody explained the one before", 1, 1)
	})
	t.Run("all deleted", func(t *testing.T) {
		c := newCrowd(t, registry.Config{}, 20)
		c.lose(registry.ChangeDeleted, 0, 20)
		c.wantGuards("afterwards", "")
		c.wantPicks("afterwards", 0, 0)
	})
	t.Run("drained, then expired", func(t *testing.T) {
		c := newCrowd(t, registry.Config{}, 20)
		for i := range 10 {
			c.index++
			e := registry.Entry{Key: apis + name(i), Value: draining(t, name(i)), Index: c.index}
			c.Observe(registry.Change{Kind: registry.ChangePut, Entry: e, Index: e.Index}, c.now)
			judge(c.View, e, c.now)
		}
		c.lose(registry.ChangeExpired, 0, 10)
		c.wantGuards("afterwards", "")
		c.wantPicks("afterwards", 10, 0)
	})
	t.Run("the baseline follows", func(t *testing.T) {
		c := newCrowd(t, registry.Config{}, 40)
		c.lose(registry.ChangeDeleted, 0, 20)
		c.lose(registry.ChangeExpired, 20, 23)
		c.wantGuards("15 % of what the scale-in left", "")
		c.lose(registry.ChangeExpired, 23, 24)
		c.wantGuards("more than 15 % of it", "expiry")
	})
}

func draining(t *testing.T, id string) string {
	t.Helper()
	value, err := registry.Encode(registry.Instance{Service: "api", ID: id, Host: "h", Port: 1, State: registry.StateDraining})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// The baseline is the most of the last ten minutes.
func TestBaselineForgets(t *testing.T) {
	for _, test := range []struct {
		name  string
		pause time.Duration
		want  string
	}{
		{"remembered", 5 * time.Minute, ""},       // two of nine
		{"forgotten", 11 * time.Minute, "expiry"}, // two of five
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCrowd(t, registry.Config{}, 9)
			for i := range 4 {
				c.lose(registry.ChangeExpired, i, i+1)
				c.pass(61 * time.Second)
			}
			c.pass(test.pause)
			c.wantPicks("before", 5, 0)
			c.lose(registry.ChangeExpired, 4, 6)
			c.wantGuards("afterwards", test.want)
		})
	}
}

// A guard ends when nine of ten are back for half a minute.
func TestExpiryGuardEnds(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 20)
	c.lose(registry.ChangeExpired, 0, 10)
	c.pass(10 * time.Second)
	for i := 3; i < 10; i++ {
		c.announce(i, i+1)
	}
	c.pass(time.Minute)
	c.wantGuards("with 17 of 20", "expiry")
	c.want("one more", c.announce(2, 3), "judge k02@1019, reclaimed k02@1019 after 1m10s, republish")
	c.pass(29 * time.Second)
	c.wantGuards("before the end of the half minute", "expiry")
	c.pass(10 * time.Second) // a tick may come five seconds later
	c.wantGuards("after it", "")
	c.wantPicks("after it", 18, 0)
}

// One zone may go while the whole hardly moves.
func TestZonesAreCountedApart(t *testing.T) {
	c := &crowd{driver: newDriver(t, registry.Config{}), index: 100}
	c.list(100)
	for i := range 30 {
		zone := "big"
		if i < 3 {
			zone = "small"
		}
		e := registry.Entry{Key: apis + name(i), Value: zoned(t, name(i), zone), Index: registry.Index(101 + i)}
		c.Observe(registry.Change{Kind: registry.ChangePut, Entry: e, Index: e.Index}, c.now)
		judge(c.View, e, c.now)
	}
	c.index = 200
	c.lose(registry.ChangeExpired, 0, 1)
	c.wantGuards("one of the small zone", "")
	c.lose(registry.ChangeExpired, 1, 2)
	c.wantGuards("two of the small zone", "expiry small")
	c.lose(registry.ChangeExpired, 3, 4)
	c.wantPicks("one elsewhere goes", 29, 2)
}

// A zone for each instance is no zone: the directory is counted as a whole.
func TestZonesAreBounded(t *testing.T) {
	b := newDriver(t, registry.Config{})
	b.list(100)
	index := registry.Index(100)
	put := func(id, zone string) {
		index++
		e := registry.Entry{Key: apis + id, Value: zoned(t, id, zone), Index: index}
		b.Observe(registry.Change{Kind: registry.ChangePut, Entry: e, Index: index}, b.now)
		judge(b.View, e, b.now)
	}
	for i := range 64 {
		put(name(i), name(i))
	}
	put("x1", "late")
	put("x2", "late")
	for _, id := range []string{"x1", "x2"} {
		index++
		b.remove(id, registry.ChangeExpired, index)
	}
	b.wantGuards("both of a zone beyond the limit", "")
	b.pass(2 * time.Minute)
	for i := range 64 {
		index++
		b.remove(name(i), registry.ChangeDeleted, index)
	}
	b.pass(12 * time.Minute) // the baselines of the zones are forgotten
	put("x1", "late")
	put("x2", "late")
	for i := range 20 {
		put(name(i), "big")
	}
	for _, id := range []string{"x1", "x2"} {
		index++
		b.remove(id, registry.ChangeExpired, index)
	}
	b.wantGuards("both of a zone within it", "expiry late")
}

func zoned(t *testing.T, id, zone string) string {
	t.Helper()
	value, err := registry.Encode(registry.Instance{Service: "api", ID: id, Host: "h", Port: 1, Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// With a delay, a single removal waits in limbo.
func TestRemovalDelay(t *testing.T) {
	c := newCrowd(t, registry.Config{RemovalDelay: 10 * time.Second}, 20)
	c.want("an expiry", c.lose(registry.ChangeExpired, 0, 1), "held k00 delay, drop k00, republish")
	c.want("a deletion", c.lose(registry.ChangeDeleted, 1, 2), "removed k01@1003 deleted, drop k01, republish")
	c.pass(10*time.Second - time.Millisecond)
	c.wantPicks("before its end", 19, 1)
	c.wantOnly("at its end", c.pass(time.Millisecond), "removed k00@1002 expired held for delay", "removed")
	c.lose(registry.ChangeExpired, 2, 3)
	c.announce(2, 3)
	c.wantOnly("one that came back", c.pass(time.Minute), "", "removed")
	c.wantPicks("at the end", 18, 0)
}
