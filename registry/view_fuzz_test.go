package registry_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// FuzzView: whatever a view is told, in whatever order, also what no registry would
// ever say, it keeps its books, tells all that it does, and never panics. When the
// world has become quiet it believes what a listing says, but for what a guard
// names; and just that once an operator has thawed it.
//
// The first byte picks the configuration, the next six what there is in the end; the
// others are a history, see [rehearsal.act].
func FuzzView(f *testing.F) {
	for _, history := range [][]byte{
		{},
		{0, 1, 3, 3, 3, 3, 3, 3, 4, 255, 2, 2, 2, 0, 0, 9, 60},
		[]byte("\x01\x01\x7f\x03\x03\x03\x03\x03\x03\x04\xff\x03\x00\x10\x03\x01\x11\x03\x02\x12\x09\xff\x09\xff"),
		[]byte("\x02\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\xff\xfe\xfd\xfc\xfb\xfa"),
		[]byte("0ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
	} {
		f.Add(history)
	}
	f.Fuzz(rehearse)
}

func rehearse(t *testing.T, history []byte) {
	t.Helper()
	r := newRehearsal(t, history[:min(len(history), 512)])
	for len(r.tape) > 0 {
		r.act()
	}
	r.rest()
}

// TestViewUnderAnyHistory is the same with random histories, for every run of the
// tests.
func TestViewUnderAnyHistory(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 8))
		history := make([]byte, random.IntN(512))
		for i := range history {
			history[i] = byte(random.Uint32())
		}
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { rehearse(t, history) })
	}
}

// rehearsal is a view under a history, and what is known of it from its answers.
type rehearsal struct {
	tape
	t    *testing.T
	cfg  registry.Config
	view *registry.View
	now  time.Time
	// newest is the latest time that the view was told; now may lie before it.
	newest time.Time
	at     registry.Index

	seen   *registry.Snapshot
	shown  string                       // what it showed when it was made
	told   map[string]registry.Instance // what is served, by the steps
	parted map[string]registry.Instance // what was served last
	judges []registry.Entry             // that have no verdict yet
	fit    map[string]bool              // keys with instances that were once accepted

	deleted, proved map[string]bool // why rows may have gone
	forced          bool            // an operator accepted what was held

	rests map[string]int // the ports that are listed at rest; 0 is a bad value
}

func newRehearsal(t *testing.T, history []byte) *rehearsal {
	t.Helper()
	r := &rehearsal{
		tape: history, t: t, now: time.Unix(1000, 0), at: 100,
		told: make(map[string]registry.Instance), parted: make(map[string]registry.Instance),
		fit: make(map[string]bool), deleted: make(map[string]bool), proved: make(map[string]bool),
	}
	r.cfg = []registry.Config{
		{}, {QuarantineRows: 2}, {RemovalDelay: 10 * time.Second}, {FailClosed: true}, {Unguarded: true}, {FlapLimit: -1},
	}[r.below(6)]
	r.rests = make(map[string]int)
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		if port := []int{1, 2, 3, 1, 2, -1, -1, 0}[r.below(8)]; port >= 0 {
			r.rests[name] = port
		}
	}
	r.replace(nil)
	return r
}

// restart loses the view. What was bad and not listed cannot be restored.
func (r *rehearsal) restart() {
	if r.below(2) == 0 && r.seen.QuarantineOverflow == 0 {
		r.replace(r.seen)
		return
	}
	r.replace(nil)
}

// replace takes another view, which may restore what is known.
func (r *rehearsal) replace(restored *registry.Snapshot) {
	r.view = registry.NewView(apis, r.cfg)
	r.view.Restore(restored)
	r.judges = nil
	r.seen = r.view.Snapshot(r.now)
	r.shown = showAll(r.seen)
	clear(r.told)
	clear(r.parted)
	for row := range r.seen.Rows.All() {
		r.told[row.Key] = row.Instance
	}
}

// act does one thing to the view.
func (r *rehearsal) act() {
	clear(r.deleted)
	r.forced = false
	switch r.below(18) {
	case 0, 1, 2:
		r.put()
	case 3, 4, 5:
		r.decide(1 + r.below(8))
	case 6:
		r.remove()
	case 7:
		r.relist()
	case 8:
		r.pass(time.Duration(r.below(256)) * time.Second / 4)
	case 9:
		r.ticks(time.Duration(r.below(64)) * time.Second)
	case 10:
		r.misjudge()
	case 11:
		r.reread()
	case 12:
		r.answerProbe()
	case 13:
		r.operate()
	case 14:
		r.restart()
	case 15:
		r.gather()
	case 16:
		r.expire(1 + r.below(6))
	default:
		r.take([]func(time.Time) []registry.Step{r.view.Confirm, r.view.Suspect}[r.below(2)](r.now))
	}
}

func (r *rehearsal) put() {
	c := registry.Change{Kind: registry.ChangePut, Entry: r.entry()}
	c.Index = c.Entry.Index
	if r.below(2) == 0 {
		before := registry.Entry{Key: c.Entry.Key, Value: r.value(c.Entry.Key), Index: c.Index - 1}
		c.Previous = &before
	}
	r.take(r.view.Observe(c, r.now))
}

func (r *rehearsal) remove() {
	kinds := []registry.ChangeKind{registry.ChangeDeleted, registry.ChangeExpired, registry.ChangeDirectory, 0}
	c := registry.Change{Kind: kinds[r.below(4)], Entry: registry.Entry{Key: r.key()}, Index: r.index(), Head: r.at}
	c.Cluster = []string{"", "", "one", "two"}[r.below(4)]
	r.take(r.view.Observe(c, r.now))
}

// relist gives a listing. One that proves that the registry forgot takes nothing
// away but what drains.
func (r *rehearsal) relist() {
	r.take(r.view.Confirm(r.now)) // what ends by time ends before
	l, before := r.listing(), r.view.Snapshot(r.now)
	forgot := l.Index < r.view.Index() && !r.cfg.FailClosed && !r.cfg.Unguarded
	r.take(r.view.Resync(l, r.now))
	for row := range before.Rows.All() {
		if _, still := r.seen.Rows.Get(row.Key); forgot && !still && row.Instance.State != registry.StateDraining {
			r.t.Fatalf("listing at %d, below: got %s removed, want it held", l.Index, row.Key)
		}
	}
}

// gather lists six good instances, and decides about all that waits.
func (r *rehearsal) gather() {
	r.at += 10
	l := registry.Listing{Index: r.at}
	for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
		l.Entries = append(l.Entries, entry(name, 1+r.below(2), r.at-registry.Index(i)))
	}
	r.take(r.view.Resync(l, r.now))
	r.decide(len(r.judges))
}

// expire takes some of them away, one after the other.
func (r *rehearsal) expire(n int) {
	for _, name := range []string{"a", "b", "c", "d", "e", "f"}[:n] {
		r.at++
		r.take(r.view.Observe(registry.Change{Kind: registry.ChangeExpired, Entry: registry.Entry{Key: apis + name}, Index: r.at}, r.now))
	}
}

// decide gives the verdicts that were asked for, the newest first.
func (r *rehearsal) decide(n int) {
	for ; n > 0 && len(r.judges) > 0; n-- {
		e := r.judges[len(r.judges)-1]
		r.judges = r.judges[:len(r.judges)-1]
		id, _ := registry.SplitKey(apis, e.Key)
		if in, err := registry.Decode("api", id, e.Value); err == nil {
			r.accept(e.Key, e.Index, in)
		} else {
			r.take(judge(r.view, e, r.now))
		}
	}
}

func (r *rehearsal) accept(key string, index registry.Index, in registry.Instance) {
	r.fit[fitting(key, in)] = true
	r.take(r.view.Accept(key, index, in, r.now))
}

// fitting names an instance for a key, by what differs here.
func fitting(key string, in registry.Instance) string {
	return key + " " + in.ID + " " + in.Address() + " " + in.Zone + " " + string(in.State)
}

// misjudge gives a verdict that nobody asked for: good for a value that is not
// there, or bad for one that may be.
func (r *rehearsal) misjudge() {
	key, index := r.key(), r.index()
	if r.below(2) == 0 {
		r.accept(key, index+1<<30, registry.Instance{Service: "api", ID: "a", Host: "h", Port: 1 + r.below(3)})
		return
	}
	if pending, waits := r.view.Pending(key); waits {
		index = pending.Index
	}
	faults := []*registry.Fault{nil, {Class: registry.ClassPanic, Reason: "again"}, {Class: 99}, {Class: registry.ClassUnsupported}}
	r.take(r.view.Reject(key, index, faults[r.below(4)], r.now))
}

func (r *rehearsal) reread() {
	e := r.entry()
	r.take(r.view.Reread(e.Key, e, r.below(4) > 0, r.now))
}

func (r *rehearsal) answerProbe() {
	key, alive := r.key(), r.below(2) == 0
	if !alive {
		r.proved[key] = true
	}
	r.take(r.view.Probed(key, alive, r.now))
}

func (r *rehearsal) operate() {
	switch r.below(8) {
	case 0:
		r.take(r.view.Hold(r.now))
	case 1, 2:
		r.forced = true
		r.take(r.view.Thaw(r.now))
	default:
	}
}

// pass lets time go by, or back.
func (r *rehearsal) pass(d time.Duration) {
	if r.below(8) == 0 {
		d = -d
	}
	r.now = r.now.Add(d)
}

// ticks keeps the view's appointments for a while. Nobody answers a probe.
func (r *rehearsal) ticks(d time.Duration) {
	for end := r.now.Add(d); r.now.Before(end); {
		r.now = r.tick()
	}
}

// tick is one appointment; it returns the next.
func (r *rehearsal) tick() time.Time {
	steps, next := r.view.Tick(r.now)
	r.take(steps)
	if wait := next.Sub(r.newest); next.Before(r.now) || wait > 5*time.Second {
		r.t.Fatalf("tick: got the next one after %v, want within 5 s", wait)
	}
	return next
}

// showAll is what a snapshot must not change.
func showAll(s *registry.Snapshot) string {
	return fmt.Sprint(s.Generation, s.Index, len(s.Guards), s.Len(), showSnapshot(s))
}
