package registry_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// ordered fails the test where a command is refused.
func (b *driver) ordered(steps []registry.Step, err error) []registry.Step {
	b.t.Helper()
	if err != nil {
		b.t.Errorf("command: got %v, want no error", err)
	}
	return steps
}

func (b *driver) refused(what string, err error, want string) {
	b.t.Helper()
	if !errors.Is(err, registry.ErrRefused) || !strings.Contains(fmt.Sprint(err), want) {
		b.t.Errorf("%s: got %v, want a refusal that says %q", what, err, want)
	}
}

// two is a view of a and b.
func two(t *testing.T, cfg registry.Config) *driver {
	t.Helper()
	b := newDriver(t, cfg)
	b.list(9, entry("a", 1, 5), entry("b", 2, 6))
	b.accept("a", 1, 5)
	b.accept("b", 2, 6)
	return b
}

func TestBanServesNothing(t *testing.T) {
	b := two(t, registry.Config{})
	b.want("ban", b.ordered(b.Ban(apis+"a", "wrong port", b.now)), "banned a, removed a@5 unknown by order banned, republish")
	b.wantRows("banned", "b@6:2")
	b.put("a", 3, 10)
	b.want("a good value", b.accept("a", 3, 10), "republish")
	b.wantRows("still banned", "b@6:2")
	b.want("another reason", b.ordered(b.Ban(apis+"a", "two", b.now)), "republish")
	if o, _ := b.Snapshot(b.now).Ordered(apis + "a"); o.Reason != "two" || o.Kept == nil || o.Kept.Instance.Port != 3 {
		t.Errorf("order: got %+v, want the new reason, and what would be served", o)
	}
	b.want("unban", b.ordered(b.Unban(apis+"a", b.now)), "lifted banned a, added a@10:3, republish")
	b.wantRows("afterwards", "a@10:3, b@6:2")
	_, err := b.Unban(apis+"a", b.now)
	b.refused("unban twice", err, "is not banned")
	b.want("a key that is not there", b.ordered(b.Ban(apis+"z", "", b.now)), "banned z, republish")
	b.put("z", 4, 11)
	b.accept("z", 4, 11)
	b.wantRows("when it comes", "a@10:3, b@6:2")
	_, err = b.Ban("/elsewhere/a", "", b.now)
	b.refused("a key elsewhere", err, "no instance's key")
}

func TestPinServesOneValue(t *testing.T) {
	b := two(t, registry.Config{})
	_, err := b.Pin(apis+"a", 4, "", b.now)
	b.refused("another index", err, "index 5, not of 4")
	_, err = b.Pin(apis+"z", 0, "", b.now)
	b.refused("an unknown key", err, "serves nothing")
	b.want("pin", b.ordered(b.Pin(apis+"a", 5, "", b.now)), "pinned a, republish")
	b.put("a", 3, 10)
	b.want("another value", b.accept("a", 3, 10), "republish")
	b.put("a", 0, 11)
	b.reject("a", 11)
	b.wantRows("pinned", "a@5:1, b@6:2, bad a@11")
	b.remove("a", registry.ChangeDeleted, 12)
	b.wantRows("gone, and pinned", "a@5:1, b@6:2")
	b.want("unpin", b.ordered(b.Unpin(apis+"a", b.now)), "lifted pinned a, removed a@5 unknown by order pinned, republish")
	b.wantRows("afterwards", "b@6:2")
}

func TestQuarantineByOperator(t *testing.T) {
	b := two(t, registry.Config{})
	b.want("quarantine", b.ordered(b.Quarantine(apis+"a", "", b.now)), "quarantined by order a, republish")
	b.put("a", 3, 10)
	b.accept("a", 3, 10)
	b.wantRows("another value", "a@5:1 cached, b@6:2")
	b.want("deleted", b.remove("a", registry.ChangeDeleted, 11), "removed a@11 deleted, drop a, republish")
	b.put("a", 4, 12)
	b.want("back", b.accept("a", 4, 12), "added a@5:1, republish")
	b.want("release", b.ordered(b.Release(apis+"a", b.now)), "lifted quarantined a, updated a@12:4, republish")
	_, err := b.Release(apis+"a", b.now)
	b.refused("release twice", err, "not in quarantine")

	c := two(t, registry.Config{FailClosed: true})
	c.ordered(c.Quarantine(apis+"a", "", c.now))
	c.wantRows("fails closed", "b@6:2")
	c.want("release", c.ordered(c.Release(apis+"a", c.now)), "lifted quarantined a, added a@5:1, republish")
}

func TestStrongerOrdersReplaceWeaker(t *testing.T) {
	b := two(t, registry.Config{Orders: 1})
	key := apis + "a"
	b.ordered(b.Quarantine(key, "", b.now))
	b.ordered(b.Pin(key, 0, "", b.now))
	_, err := b.Quarantine(key, "", b.now)
	b.refused("quarantine of a pinned key", err, "is pinned, which is stronger")
	_, err = b.Release(key, b.now)
	b.refused("release of a pinned key", err, "is pinned: lift that first")
	b.ordered(b.Ban(key, "", b.now))
	_, err = b.Pin(key, 0, "", b.now)
	b.refused("pin of a banned key", err, "is banned, which is stronger")
	_, err = b.Ban(apis+"b", "", b.now)
	b.refused("beyond the limit", err, "1 keys have orders, which is the limit")
	b.ordered(b.Unban(key, b.now))
	b.wantRows("afterwards", "a@5:1, b@6:2")
}

// A release is the one reason to judge the same write twice, and its verdict is
// told.
func TestReleaseJudgesAgain(t *testing.T) {
	b := two(t, registry.Config{})
	b.put("a", 0, 10)
	b.reject("a", 10)
	b.want("release", b.ordered(b.Release(apis+"a", b.now)), "rejudged a@10, judge a@10")
	b.want("bad again", b.reject("a", 10), "quarantined a@10 empty x2 serving 5, republish")
	b.ordered(b.Release(apis+"a", b.now))
	b.want("good after all", b.accept("a", 1, 10), "released a@10 after 0s, republish")

	// A value that was not kept is read again.
	c := two(t, registry.Config{QuarantineRows: 1})
	c.put("b", 0, 10)
	c.reject("b", 10)
	torn := registry.Entry{Key: apis + "a", Value: "{", Index: 11}
	c.Observe(registry.Change{Kind: registry.ChangePut, Entry: torn, Index: 11}, c.now)
	c.reject("a", 11)
	c.want("release", c.ordered(c.Release(apis+"a", c.now)), "rejudged a@11, reread a")
	c.want("the re-read", c.Reread(apis+"a", torn, true, c.now), "judge a@11")
	c.wantOnly("bad again", c.reject("a", 11), "quarantined a@11 empty x1 serving 5", "quarantined")
	c.ordered(c.Release(apis+"a", c.now))
	c.want("a listing instead", c.list(12, torn, entry("b", 0, 10)), "judge a@11")
}

func TestReleaseWaivesTheProof(t *testing.T) {
	b := two(t, registry.Config{FlapLimit: 1})
	b.put("a", 0, 10)
	b.reject("a", 10)
	b.put("a", 3, 11)
	b.want("doubted", b.accept("a", 3, 11), "doubted a@11, republish")
	b.want("release", b.ordered(b.Release(apis+"a", b.now)), "released a@11 after 0s, updated a@11:3, republish")
}

func TestRebaseEndsTheExpiryGuardOnly(t *testing.T) {
	c := newCrowd(t, registry.Config{}, 20)
	c.poison(10, 15)
	c.lose(registry.ChangeExpired, 0, 5)
	c.wantGuards("before", "corruption")
	c.wantOnly("under another guard", c.Rebase(c.now), "rebased 15", "rebased", "removed")
	c.wantPicks("under another guard", 20, 5)

	d := newCrowd(t, registry.Config{}, 20)
	d.lose(registry.ChangeExpired, 0, 5)
	d.wantGuards("before", "expiry")
	d.wantOnly("accepted", d.Rebase(d.now), "rebased 15", "rebased")
	d.wantGuards("after", "")
	d.wantPicks("after", 15, 0)
	d.lose(registry.ChangeExpired, 5, 7)
	d.wantGuards("after two more", "")
}

func TestOrdersSurviveARestart(t *testing.T) {
	for _, closed := range []bool{false, true} {
		cfg := registry.Config{FailClosed: closed}
		b := two(t, cfg)
		b.ordered(b.Ban(apis+"a", "why", b.now))
		b.ordered(b.Pin(apis+"b", 0, "", b.now))
		b.put("b", 9, 10)
		b.accept("b", 9, 10)
		again := newDriver(t, cfg)
		again.Restore(b.Snapshot(b.now))
		again.list(12, entry("a", 1, 5), entry("b", 9, 10))
		again.accept("a", 1, 5)
		again.accept("b", 9, 10)
		again.wantRows("after a restart", "b@6:2")
		again.ordered(again.Unban(apis+"a", again.now))
		again.ordered(again.Unpin(apis+"b", again.now))
		again.wantRows("and without orders", "a@5:1, b@10:9")
	}
}

func TestExplain(t *testing.T) {
	b := two(t, registry.Config{})
	why := func(what, id string, picked bool, want string) {
		t.Helper()
		x := b.Snapshot(b.now).Explain(apis+id, b.now)
		if x.Picked != picked || !strings.Contains(x.Sentence, want) {
			t.Errorf("%s: got %v %q, want %v and %q", what, x.Picked, x.Sentence, picked, want)
		}
	}
	why("live", "a", true, "live, as written at index 5")
	why("unknown", "z", false, "not known")
	b.put("a", 0, 10)
	b.reject("a", 10)
	why("bad", "a", true, `last good value (index 5): the newest is bad (empty: "nothing")`)
	b.put("c", 0, 11)
	b.reject("c", 11)
	why("bad from the start", "c", false, "no good one to serve")
	b.ordered(b.Pin(apis+"b", 0, "for\nus", b.now))
	why("pinned", "b", true, `pinned it for 0s, and keeps the value of index 6 in service ("for\nus")`)
	b.ordered(b.Ban(apis+"b", "", b.now))
	why("banned", "b", false, "an operator has banned it")
	b = newDriver(t, registry.Config{})
	why("nothing read", "a", false, "nothing of its directory")
}

// TestOrdersTouchTheirOwnKeysOnly: two views live through the same history, one
// with orders on some keys. The rows of all other keys, the bad ones and the
// guards are the same at every step; and all is the same when the orders are lifted.
func TestOrdersTouchTheirOwnKeysOnly(t *testing.T) {
	for seed := range uint64(100) {
		orders := rand.New(rand.NewPCG(seed, 9))
		under := map[string]bool{}
		twin := newTwins(seed)
		for i := range 150 {
			twin.step(t, i)
			twin.order(orders, under)
			if problem := twin.compare(under); problem != "" {
				t.Fatalf("seed %d, step %d: %s", seed, i, problem)
			}
		}
		for key := range under {
			twin.lift(key)
		}
		if problem := twin.compare(nil); problem != "" {
			t.Fatalf("seed %d, orders lifted: %s", seed, problem)
		}
	}
}

// twins are two views that are fed the same; only b gets orders.
type twins struct {
	a, b  *registry.View
	r     *rand.Rand
	now   time.Time
	index registry.Index
}

func newTwins(seed uint64) *twins {
	return &twins{
		a: registry.NewView(apis, registry.Config{}), b: registry.NewView(apis, registry.Config{Orders: 3}),
		r: rand.New(rand.NewPCG(seed, 10)), now: time.Unix(1000, 0), index: 1,
	}
}

// step gives both one change, listing or tick, and its verdicts at once.
func (w *twins) step(t *testing.T, i int) {
	t.Helper()
	w.index++
	e := entry(name(w.r.IntN(8)), w.r.IntN(4), w.index)
	kind := []registry.ChangeKind{registry.ChangePut, registry.ChangePut, registry.ChangePut, registry.ChangeExpired, registry.ChangeDeleted}[w.r.IntN(5)]
	ticks := w.r.IntN(3) == 0
	w.now = w.now.Add(time.Duration(w.r.IntN(5000)) * time.Millisecond)
	for _, v := range []*registry.View{w.a, w.b} {
		var steps []registry.Step
		switch {
		case i == 0:
			steps = v.Resync(registry.Listing{Index: 1}, w.now)
		case ticks:
			steps, _ = v.Tick(w.now)
		default:
			steps = v.Observe(registry.Change{Kind: kind, Entry: e, Index: w.index}, w.now)
		}
		for len(steps) > 0 {
			step := steps[0]
			steps = steps[1:]
			if s, ok := step.(registry.Judge); ok {
				steps = append(steps, judge(v, s.Entry, w.now)...)
			}
		}
	}
}

// order gives b a random command now and then.
func (w *twins) order(r *rand.Rand, under map[string]bool) {
	key := apis + name(r.IntN(8))
	var err error
	switch r.IntN(12) {
	case 0:
		_, err = w.b.Ban(key, "", w.now)
	case 1:
		_, err = w.b.Pin(key, 0, "", w.now)
	case 2:
		_, err = w.b.Quarantine(key, "", w.now)
	case 3:
		if under[key] {
			w.lift(key)
			delete(under, key)
		}
		return
	default:
		return
	}
	if err == nil {
		under[key] = true
	}
}

func (w *twins) lift(key string) {
	switch o, _ := w.b.Snapshot(w.now).Ordered(key); o.Order {
	case registry.OrderBanned:
		_, _ = w.b.Unban(key, w.now)
	case registry.OrderPinned:
		_, _ = w.b.Unpin(key, w.now)
	case registry.OrderQuarantined: // a release would be news of the value
		_, _ = w.b.Ban(key, "", w.now)
		_, _ = w.b.Unban(key, w.now)
	case registry.OrderNone:
	}
}

// compare finds a difference that no order explains, or nothing.
func (w *twins) compare(under map[string]bool) string {
	show := func(v *registry.View) string {
		s := v.Snapshot(w.now)
		var words []string
		for row := range s.Rows.All() {
			if !under[row.Key] {
				words = append(words, fmt.Sprintf("%s:%d %v %v", row.Key, row.Instance.Port, row.Status, row.Hold))
			}
		}
		for _, g := range s.Guards {
			words = append(words, g.Guard.String())
		}
		return strings.Join(words, ", ")
	}
	if a, b := show(w.a), show(w.b); a != b {
		return fmt.Sprintf("got %s, want %s", b, a)
	}
	s := w.b.Snapshot(w.now)
	for _, o := range s.Orders {
		_, shown := s.Rows.Get(o.Key)
		if o.Order == registry.OrderBanned && shown || o.Order == registry.OrderPinned && !shown || !under[o.Key] {
			return fmt.Sprintf("%s is %v, and shown: %v", o.Key, o.Order, shown)
		}
	}
	if len(s.Orders) > 3 || !slices.IsSortedFunc(s.Orders, func(x, y registry.OrderState) int { return strings.Compare(x.Key, y.Key) }) {
		return fmt.Sprintf("orders: got %v, want at most 3 of them, sorted", s.Orders)
	}
	return ""
}
