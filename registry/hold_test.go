package registry_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func TestOperatorHolds(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 5)
	c.want("hold", c.Hold(c.now), "engaged operator, republish")
	c.want("hold once more", c.Hold(c.now), "")
	c.want("deletion", c.lose(registry.ChangeDeleted, 0, 1), "held k00 operator, drop k00, republish")
	c.want("expiry", c.lose(registry.ChangeExpired, 1, 2), "held k01 operator, drop k01, republish")
	c.want("another address", c.announce(2, 77), "judge k02@1004, held k02 identity, republish")
	c.pass(time.Hour)
	c.wantPicks("an hour later", 5, 3)
	c.want("thaw", c.Thaw(c.now), "disengaged operator after 1h0m0s, removed k00@1002 deleted held for operator, "+
		"removed k01@1003 expired held for operator, updated k02@1004:77, republish")
	c.wantPicks("afterwards", 3, 0)
	c.want("thaw once more", c.Thaw(c.now), "")
}

// What is written behind a held identity waits for its own verdict: what was held
// is not believed in its place.
func TestHeldIdentityIsSuperseded(t *testing.T) {
	b := newDriver(t, registry.Config{})
	b.list(1, entry("a", 1, 1))
	b.accept("a", 1, 1)
	b.Hold(b.now)
	b.put("a", 2, 2)
	b.want("another address", b.accept("a", 2, 2), "held a identity, republish")
	b.want("a third one", b.put("a", 3, 3), "judge a@3")
	b.want("thaw", b.Thaw(b.now), "disengaged operator after 0s, republish")
	b.wantRows("thawed without a verdict", "a@1:1 held for identity")
	b.want("the third once more", b.list(9, entry("a", 3, 4)), "judge a@4")
	b.want("verdict", b.accept("a", 3, 4), "updated a@4:3, republish")
	b.wantRows("with a verdict", "a@4:3")
}

// Thaw ends every guard, and what was accepted does not engage it again.
func TestThawAcceptsWhatIsThere(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 20)
	c.lose(registry.ChangeExpired, 0, 10)
	c.poison(10, 15)
	c.wantGuards("before", "corruption, expiry")
	c.Thaw(c.now)
	c.wantGuards("after", "")
	c.wantPicks("after", 10, 0)
	c.lose(registry.ChangeExpired, 19, 20)
	c.poison(15, 16)
	c.wantGuards("after one more of each", "")
	c.wantPicks("after one more of each", 9, 0)
}

func TestFailClosed(t *testing.T) {
	c := newCrowd(t, registry.Config{FailClosed: true}, 5)
	c.poison(0, 1)
	c.wantPicks("with a bad key", 4, 0)
	c.lose(registry.ChangeExpired, 1, 5)
	c.wantPicks("with all others expired", 0, 0)
	c.wantOnly("the repair", c.announce(0, 1), "released k00@1007 after 0s, added k00@1007:1", "released", "added")
	c.list(3)
	c.wantPicks("with a registry that forgot", 0, 0)

	open := newCrowd(t, registry.Config{}, 5)
	b := newDriver(t, registry.Config{FailClosed: true})
	b.Restore(open.Snapshot(open.now))
	b.wantRows("restored", "")
}

func TestUnguarded(t *testing.T) {
	c := newCrowd(t, registry.Config{Unguarded: true}, 5)
	c.poison(0, 2)
	c.lose(registry.ChangeExpired, 0, 4)
	c.list(3)
	c.wantGuards("after all of it", "")
	c.wantPicks("after all of it", 0, 0)
}

// A machine that slept has no evidence against anybody.
func TestSleepIsNoEvidence(t *testing.T) {
	c := newCrowd(t, registry.Config{ProbeEvery: 20 * time.Second}, 1)
	c.lose(registry.ChangeExpired, 0, 1)
	for asked := ""; asked == ""; {
		steps, next := c.Tick(c.now)
		asked = only(steps, "probe")
		c.now = next
	}
	c.now = c.now.Add(time.Minute)
	steps, _ := c.Tick(c.now)
	c.wantOnly("after a minute of sleep", steps, "slept 1m0s, relist", "slept", "relist")
	if _, age := c.Staleness(); age > 30*time.Second {
		t.Errorf("age of the newest answer: got %v, want the sleep left out", age)
	}
	c.want("an answer from before", c.Probed(apis+name(0), false, c.now), "")
	dead := func(string) bool { return false }
	c.passWith(40*time.Second, dead)
	c.wantPicks("before it was watched for 30 s", 1, 1)
	c.passWith(20*time.Second, dead)
	c.wantPicks("after that", 0, 0)
}

func TestSleepIsToldByTheGap(t *testing.T) {
	for _, test := range []struct {
		name string
		late time.Duration
		want string
	}{
		{"in time", 0, ""},
		{"a little late", 10 * time.Second, ""},
		{"too late", 10*time.Second + time.Millisecond, "slept 10.001s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newDriver(t, registry.Config{})
			_, next := b.Tick(b.now)
			b.now = next.Add(test.late)
			steps, _ := b.Tick(b.now)
			b.wantOnly("tick", steps, test.want, "slept")
		})
	}
	t.Run("nobody asked", func(t *testing.T) {
		b := newDriver(t, registry.Config{})
		b.list(1)
		b.now = b.now.Add(time.Hour)
		b.want("listing", b.list(2), "")
	})
	t.Run("a clock that goes back", func(t *testing.T) {
		b := newDriver(t, registry.Config{})
		b.Tick(b.now)
		b.now = b.now.Add(-time.Hour)
		steps, _ := b.Tick(b.now)
		b.want("tick", steps, "")
	})
}

func TestStaleSource(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 3)
	silent := func(d time.Duration) []registry.Step {
		var all []registry.Step
		for end := c.now.Add(d); c.now.Before(end); {
			steps, next := c.Tick(c.now)
			all = append(all, steps...)
			c.now = next
		}
		return all
	}
	c.wantOnly("two minutes", silent(2*time.Minute), "", "engaged", "aged")
	c.wantOnly("two hours", silent(2*time.Hour), "engaged stale, aged stale 2m30s, aged warning 5m0s, aged critical 1h0m0s",
		"engaged", "aged")
	c.wantPicks("two hours", 3, 0)
	if level, age := c.Staleness(); level != registry.StaleCritical || age < 2*time.Hour {
		t.Errorf("staleness: got %v %v, want critical, two hours", level, age)
	}
	if got := show(c.Confirm(c.now)); !strings.HasPrefix(got, "disengaged stale") {
		t.Errorf("an answer: got %q, want the guard to end", got)
	}
}

func TestGuardsRemind(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 5)
	c.Hold(c.now)
	c.wantOnly("in an hour", c.pass(59*time.Minute),
		"reminded operator after 15m0s, reminded operator after 30m0s, reminded operator after 45m0s", "reminded")
}

// A value that was replaced by a bad one is served where nothing else is.
func TestPreviousValueIsServed(t *testing.T) {
	previous := entry("a", 7, 3)
	torn := registry.Change{Kind: registry.ChangePut, Entry: entry("a", 0, 10), Previous: &previous, Index: 10}
	b := newDriver(t, registry.Config{})
	b.list(9)
	b.want("torn put", b.Observe(torn, b.now), "judge a@10")
	b.want("rejection", b.reject("a", 10), "quarantined a@10 empty x1 serving 0, judge a@3, republish")
	b.want("a verdict on something else", b.accept("a", 7, 4), "")
	b.want("verdict on the value before", b.accept("a", 7, 3), "added a@3:7, republish")
	b.wantRows("served", "a@3:7 cached, bad a@10")
	if row := slices.Collect(b.Snapshot(b.now).Rows.All())[0]; row.Origin != registry.OriginPrevious {
		t.Errorf("origin: got %v, want previous", row.Origin)
	}
	if bad := b.Snapshot(b.now).Quarantined[0]; bad.ServingIndex != 3 {
		t.Errorf("serving index: got %d, want 3", bad.ServingIndex)
	}
	b.want("once more", b.accept("a", 7, 3), "")
	b.put("a", 8, 11)
	b.accept("a", 8, 11)
	if row := slices.Collect(b.Snapshot(b.now).Rows.All())[0]; row.Origin != registry.OriginRegistry {
		t.Errorf("origin after the repair: got %v, want registry", row.Origin)
	}

	b = newDriver(t, registry.Config{})
	b.list(9)
	b.Observe(torn, b.now)
	b.reject("a", 10)
	b.want("rejection of the value before", b.Reject(apis+"a", 3, nil, b.now), "")
	b.want("a verdict too late", b.accept("a", 7, 3), "")
}

// What the registry told is better than what another process saved; and a value
// that was rejected is not asked for again as the one before.
func TestPreviousValueBeforeDiskAndNotTwice(t *testing.T) {
	b := newDriver(t, registry.Config{})
	saved, err := registry.Decode("api", "a", record("a", 1))
	if err != nil {
		t.Fatal(err)
	}
	b.Restore(&registry.Snapshot{Directory: apis, Index: 5, Rows: registry.NewRows([]registry.Row{{
		Key: apis + "a", Instance: saved, Status: registry.StatusLive, Origin: registry.OriginDisk, Index: 3,
	}})})
	previous, bad := entry("a", 2, 8), entry("a", 0, 10)
	b.Observe(registry.Change{Kind: registry.ChangePut, Entry: bad, Previous: &previous, Index: 10}, b.now)
	b.want("rejection", b.reject("a", 10), "quarantined a@10 empty x1 serving 3, judge a@8, republish")
	b.want("verdict on the value before", b.accept("a", 2, 8), "updated a@8:2, republish")

	b = newDriver(t, registry.Config{})
	torn := registry.Entry{Key: apis + "a", Value: "{", Index: 7}
	b.list(9, torn)
	b.reject("a", 7)
	b.Observe(registry.Change{Kind: registry.ChangePut, Entry: bad, Previous: &torn, Index: 10}, b.now)
	b.want("rejection after a rejection", b.reject("a", 10), "quarantined a@10 empty x2 serving 0, republish")
}

// A torn write takes the TTL with it.
func TestLostTTLShows(t *testing.T) {
	b := newDriver(t, registry.Config{})
	mortal := entry("a", 1, 5)
	mortal.TTL = time.Minute
	b.list(9, mortal, entry("b", 1, 6))
	b.accept("a", 1, 5)
	b.accept("b", 1, 6)
	b.put("a", 0, 10)
	b.reject("a", 10)
	rows := slices.Collect(b.Snapshot(b.now).Rows.All())
	if !rows[0].Immortal || rows[1].Immortal {
		t.Errorf("immortal: got %v and %v, want a only, for b never had a TTL", rows[0].Immortal, rows[1].Immortal)
	}
	mortal.Index = 11
	b.Observe(registry.Change{Kind: registry.ChangePut, Entry: mortal, Index: 11}, b.now)
	b.accept("a", 1, 11)
	if slices.Collect(b.Snapshot(b.now).Rows.All())[0].Immortal {
		t.Error("immortal after the repair: got true")
	}
}

// An equal value is not decoded again for being renewed.
func TestRenewalIsNotJudged(t *testing.T) {
	b := newDriver(t, registry.Config{})
	b.list(9, entry("a", 1, 5), entry("b", 0, 6))
	b.accept("a", 1, 5)
	b.reject("b", 6)
	b.want("listing with renewed keys", b.list(20, entry("a", 1, 15), entry("b", 0, 16)), "judge b@16")
	b.wantRows("afterwards", "a@15:1, bad b@6")
}
