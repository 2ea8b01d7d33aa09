package registrytest

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func show(c registry.Change) string {
	before := "nothing"
	if c.Previous != nil {
		before = short(c.Previous.Value)
	}
	return fmt.Sprintf("%v of %s to %s from %s at %d", c.Kind, c.Entry.Key, short(c.Entry.Value), before, c.Index)
}

func nextKinds(t *testing.T, r *trial) {
	start := r.list(t).Index
	one := r.create(t, "a", "1", time.Minute)
	two := r.swap(t, "a", "2", time.Hour, one.Index)
	r.remove(t, "a", two.Index)

	c := r.next(t, start)
	if c.Kind != registry.ChangePut || c.Entry.Key != one.Key || c.Entry.Value != "1" || c.Previous != nil || c.Index != one.Index {
		t.Errorf("change by a create: got %s, want a put of 1 from nothing at %d", show(c), one.Index)
	}
	r.expectTTL(t, "change by a create", c.Entry.TTL, time.Minute)
	c = r.next(t, c.Index)
	if c.Kind != registry.ChangePut || c.Entry.Value != "2" || c.Index != two.Index {
		t.Errorf("change by a swap: got %s, want a put of 2 at %d", show(c), two.Index)
	}
	r.expectTTL(t, "change by a swap", c.Entry.TTL, time.Hour)
	expectPrevious(t, c, one)
	c = r.next(t, c.Index)
	if c.Kind != registry.ChangeDeleted || c.Entry != (registry.Entry{Key: one.Key, Index: c.Index}) {
		t.Errorf("change by a delete: got %s, want it with key and index only", show(c))
	}
	expectPrevious(t, c, two)
}

// expectPrevious allows for a source that does not tell.
func expectPrevious(t *testing.T, c registry.Change, want registry.Entry) {
	t.Helper()
	if p := c.Previous; p != nil && (p.Key != want.Key || p.Value != want.Value || p.Index != want.Index) {
		t.Errorf("what %v of %s replaced: got %s at %d, want %s at %d", c.Kind, c.Entry.Key, short(p.Value), p.Index, short(want.Value), want.Index)
	}
}

func nextPut(t *testing.T, r *trial) {
	r.needPut(t)
	e := r.create(t, "a", "1", time.Minute)
	for _, name := range []string{"a", "b"} {
		if err := r.Put(t.Context(), r.key(name), "hostile", time.Minute); err != nil {
			t.Fatalf("put of %s: got error %v, want none", name, err)
		}
	}
	c := r.next(t, e.Index)
	if c.Kind != registry.ChangePut || c.Entry.Key != e.Key || c.Entry.Value != "hostile" {
		t.Errorf("change by a put over a key: got %s, want it", show(c))
	}
	expectPrevious(t, c, e)
	c = r.next(t, c.Index)
	if c.Kind != registry.ChangePut || c.Entry.Key != r.key("b") || c.Previous != nil {
		t.Errorf("change by a put of a new key: got %s, want it from nothing", show(c))
	}
	_, err := r.Writer.Swap(t.Context(), e.Key, "2", time.Minute, e.Index)
	expectError(t, "swap by the index before the put", err, registry.ErrConflict)
}

func (r *trial) needPut(t *testing.T) {
	t.Helper()
	if r.Put == nil {
		t.Skip("the backend has no write without precondition")
	}
}

func nextExpired(t *testing.T, r *trial) {
	r.expiry(t)
	e := r.create(t, "a", "1", time.Second)
	r.Pass(2 * time.Second)
	c := r.next(t, e.Index)
	if c.Kind != registry.ChangeExpired || c.Entry != (registry.Entry{Key: e.Key, Index: c.Index}) {
		t.Errorf("change by an expiry: got %s, want it with key and index only", show(c))
	}
	expectPrevious(t, c, e)
}

// waiting starts a Next that finds nothing yet, and returns where its change will be.
func (r *trial) waiting(t *testing.T, after registry.Index) <-chan registry.Change {
	t.Helper()
	got := make(chan registry.Change, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	go func() {
		defer close(got)
		c, err := r.await(ctx, after)
		if err != nil {
			t.Errorf("next after %d: got error %v, want a change", after, err)
			return
		}
		got <- c
	}()
	return got
}

// settle gives a Next that was just started the time to begin its wait. A case
// that would need it for more than to be sharp is wrong.
const settle = 50 * time.Millisecond

func nextWakes(t *testing.T, r *trial) {
	got := r.waiting(t, r.list(t).Index)
	time.Sleep(settle)
	e := r.create(t, "a", "1", time.Minute)
	if c := <-got; c.Kind != registry.ChangePut || c.Index != e.Index {
		t.Errorf("change for one who waited: got %s, want the put at %d", show(c), e.Index)
	}
	got = r.waiting(t, e.Index)
	time.Sleep(settle)
	if !r.readOnly {
		e = r.refresh(t, "a", time.Minute)
		time.Sleep(settle)
	}
	r.remove(t, "a", e.Index)
	if c := <-got; c.Kind != registry.ChangeDeleted {
		t.Errorf("change for one who waited through a refresh: got %s, want the delete", show(c))
	}
}

func nextWakesAtExpiry(t *testing.T, r *trial) {
	r.expiry(t)
	e := r.create(t, "a", "1", time.Second)
	got := r.waiting(t, e.Index)
	r.Pass(2 * time.Second)
	if c := <-got; c.Kind != registry.ChangeExpired || c.Entry.Key != e.Key {
		t.Errorf("change for one who waited: got %s, want the expiry", show(c))
	}
}

// Whatever was written after a listing is told, in order, whenever it is asked for.
func nextFromListing(t *testing.T, r *trial) {
	r.create(t, "before", "1", time.Minute)
	cursor := r.list(t).Index
	const writes = 20
	want := make([]registry.Index, 0, 2*writes)
	for i := range writes {
		e := r.create(t, strconv.Itoa(i), "1", time.Minute)
		want = append(want, e.Index, r.swap(t, strconv.Itoa(i), "2", time.Minute, e.Index).Index)
	}
	for i, index := range want {
		c := r.next(t, cursor)
		if c.Index != index || c.Entry.Key != r.key(strconv.Itoa(i/2)) {
			t.Fatalf("change %d after the listing: got %s, want the one at %d", i, show(c), index)
		}
		cursor = c.Index
	}
}

func nextAgain(t *testing.T, r *trial) {
	start := r.list(t).Index
	e := r.create(t, "a", "1", time.Minute)
	r.remove(t, "a", e.Index)
	for range 2 {
		if c := r.next(t, start); c.Kind != registry.ChangePut || c.Index != e.Index {
			t.Errorf("first change: got %s, want the put at %d", show(c), e.Index)
		}
	}
}

// Neighbours whose names begin alike, and the directories above, are not heard.
func nextElsewhere(t *testing.T, r *trial) {
	cursor := r.list(t).Index
	neighbour := strings.TrimSuffix(r.Directory, "/") + "2/a"
	if _, err := r.Writer.Create(t.Context(), neighbour, "1", time.Minute); err != nil {
		t.Fatalf("create in the neighbour: got error %v, want none", err)
	}
	e := r.create(t, "a", "1", time.Minute)
	if c := r.next(t, cursor); c.Entry.Key != e.Key {
		t.Errorf("change: got %s, want %s", show(c), e.Key)
	}
	n, err := r.Source.Get(t.Context(), neighbour)
	if err != nil {
		t.Fatalf("get in the neighbour: got error %v, want none", err)
	}
	if err := r.Writer.Delete(t.Context(), neighbour, n.Index); err != nil {
		t.Errorf("delete in the neighbour: got error %v, want none", err)
	}
}

func nextQuiet(t *testing.T, r *trial) {
	e := r.create(t, "a", "1", 10*time.Minute)
	if !r.readOnly {
		e = r.refresh(t, "a", 10*time.Minute)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	_, err := r.Source.Next(ctx, r.Directory, e.Index)
	expectError(t, "next without a change", err, registry.ErrQuiet)
	second := r.swap(t, "a", "2", time.Minute, e.Index)
	if c := r.next(t, e.Index); c.Index != second.Index {
		t.Errorf("change after the silence: got %s, want the one at %d", show(c), second.Index)
	}
}

func nextCancel(t *testing.T, r *trial) {
	e := r.create(t, "a", "1", time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := r.await(ctx, e.Index); ended <- err }()
	time.Sleep(settle)
	cancel()
	expectError(t, "next that is canceled", <-ended, context.Canceled)
	late, cancel := context.WithTimeout(t.Context(), settle)
	defer cancel()
	_, err := r.await(late, e.Index)
	expectError(t, "next past its deadline", err, context.DeadlineExceeded)
}

// Every watcher sees the same changes in the same order, and they add up to
// what a listing says at the end.
func nextConcurrent(t *testing.T, r *trial) {
	const watchers, writers, writes = 8, 2, 20
	start := r.list(t).Index
	logs := make(chan []string, watchers)
	for range watchers {
		go func() { logs <- r.follow(t, start, writers*writes) }()
	}
	done := make(chan struct{})
	for w := range writers {
		go func() {
			defer func() { done <- struct{}{} }()
			r.write(t, strconv.Itoa(w), writes)
		}()
	}
	for range writers {
		<-done
	}
	var first []string
	for range watchers {
		log := <-logs
		if first == nil {
			first = log
		}
		if strings.Join(log, "\n") != strings.Join(first, "\n") {
			t.Errorf("changes of two watchers: got\n%v, want\n%v", log, first)
		}
	}
	believed := make(map[string]string)
	for _, line := range first {
		key, value, _ := strings.Cut(line, "=")
		believed[key] = value
	}
	listed := make(map[string]string)
	for _, e := range r.list(t).Entries {
		listed[e.Key] = fmt.Sprintf("%s@%d", e.Value, e.Index)
	}
	if !maps.Equal(believed, listed) {
		t.Errorf("what the changes add up to: got %v, want what is listed, %v", believed, listed)
	}
}

// follow reads a number of changes and notes each as key=value@index.
func (r *trial) follow(t *testing.T, cursor registry.Index, changes int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var log []string
	for range changes {
		c, err := r.await(ctx, cursor)
		if err != nil {
			t.Errorf("next after %d changes: got error %v, want %d changes", len(log), err, changes)
			break
		}
		log = append(log, fmt.Sprintf("%s=%s@%d", c.Entry.Key, c.Entry.Value, c.Index))
		cursor = c.Index
	}
	return log
}

// write creates a key and swaps it, a number of writes in all.
func (r *trial) write(t *testing.T, name string, writes int) {
	t.Helper()
	ctx := t.Context()
	e, err := r.Writer.Create(ctx, r.key(name), "0", time.Minute)
	for i := 1; i < writes && err == nil; i++ {
		e, err = r.Writer.Swap(ctx, e.Key, strconv.Itoa(i), time.Minute, e.Index)
	}
	if err != nil {
		t.Errorf("write of %s: got error %v, want none", name, err)
	}
}

func historyLostByPuts(t *testing.T, r *trial) {
	e := r.create(t, "a", "0", time.Minute)
	r.loseHistory(t, e.Index, func() registry.Index {
		e = r.swap(t, "a", fmt.Sprint(e.Index), time.Minute, e.Index)
		return e.Index
	})
	if c := r.next(t, e.Index-1); c.Index != e.Index {
		t.Errorf("change from the end of the history: got %s, want the one at %d", show(c), e.Index)
	}
}

func historyLostByRefreshes(t *testing.T, r *trial) {
	r.renewals(t)
	e := r.create(t, "a", "0", time.Minute)
	r.loseHistory(t, e.Index, func() registry.Index { return r.refresh(t, "a", time.Minute).Index })
	if l := r.list(t); len(l.Entries) != 1 || l.Index < e.Index+registry.Index(r.History) {
		t.Errorf("list: got %v at %d, want the key, and an index to go on from", keysOf(l), l.Index)
	}
}

func historyLostElsewhere(t *testing.T, r *trial) {
	r.create(t, "a", "0", time.Minute)
	sub := r.create(t, "elsewhere/a", "0", time.Minute)
	r.Directory = r.key("other/")
	r.loseHistory(t, sub.Index, func() registry.Index {
		e, err := r.Writer.Swap(t.Context(), sub.Key, fmt.Sprint(sub.Index), time.Minute, sub.Index)
		if err != nil {
			t.Fatalf("swap elsewhere: got error %v, want none", err)
		}
		sub = e
		return e.Index
	})
}

// loseHistory writes until the change after start is forgotten, and no earlier.
func (r *trial) loseHistory(t *testing.T, start registry.Index, write func() registry.Index) {
	t.Helper()
	if r.History < 0 {
		t.Skip("the backend forgets no change")
	}
	at := start
	for at < start+registry.Index(r.History) {
		at = write()
	}
	// Somebody else's writes may have carried the index past the boundary.
	if at == start+registry.Index(r.History) {
		ctx, cancel := context.WithTimeout(t.Context(), settle)
		defer cancel()
		if _, err := r.await(ctx, start); err != nil && ctx.Err() == nil {
			t.Errorf("next after %d changes: got error %v, want it to reach back", at-start, err)
		}
		at = write()
	}
	_, err := r.Source.Next(t.Context(), r.Directory, start)
	expectError(t, fmt.Sprintf("next after %d changes", at-start), err, registry.ErrHistoryLost)
}
