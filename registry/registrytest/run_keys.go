package registrytest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

func listMissing(t *testing.T, r *trial) {
	if l := r.list(t); len(l.Entries) != 0 {
		t.Errorf("list of a missing directory: got %d entries, want none", len(l.Entries))
	}
}

func listEmptied(t *testing.T, r *trial) {
	e := r.create(t, "a", "1", time.Minute)
	r.remove(t, "a", e.Index)
	if l := r.list(t); len(l.Entries) != 0 || l.Index <= e.Index {
		t.Errorf("list of an emptied directory: got %d entries at %d, want none after %d", len(l.Entries), l.Index, e.Index)
	}
}

func listSorted(t *testing.T, r *trial) {
	names := []string{"b", "a", "A", "10", "9", "b.c", "b-c", "b_", strings.Repeat("n", 128)}
	want := make(map[string]registry.Entry, len(names))
	for _, name := range names {
		e := r.create(t, name, "value of "+name, time.Minute)
		want[e.Key] = e
	}
	l := r.list(t)
	if len(l.Entries) != len(names) {
		t.Fatalf("list: got %d entries, want %d", len(l.Entries), len(names))
	}
	if !slices.IsSortedFunc(l.Entries, func(x, y registry.Entry) int { return strings.Compare(x.Key, y.Key) }) {
		t.Errorf("list: got %v, want it sorted by the keys' bytes", keysOf(l))
	}
	for _, e := range l.Entries {
		if w := want[e.Key]; e.Value != w.Value || e.Index != w.Index {
			t.Errorf("list: got %s with %s at %d, want %s at %d", e.Key, short(e.Value), e.Index, short(w.Value), w.Index)
		}
		r.expectTTL(t, "list of "+e.Key, e.TTL, time.Minute)
	}
}

func keysOf(l registry.Listing) []string {
	keys := make([]string, 0, len(l.Entries))
	for _, e := range l.Entries {
		keys = append(keys, e.Key)
	}
	return keys
}

func listLeavesOut(t *testing.T, r *trial) {
	r.create(t, "a", "1", time.Minute)
	r.create(t, "_hidden", "2", time.Minute)
	r.create(t, "sub/nested", "3", time.Minute)
	r.create(t, "_sub/nested", "4", time.Minute)
	if l := r.list(t); len(l.Entries) != 1 || l.Entries[0].Key != r.key("a") {
		t.Errorf("list: got %v, want a alone", keysOf(l))
	}
	sub, err := r.Source.List(t.Context(), r.key("sub/"))
	if err != nil || len(sub.Entries) != 1 || sub.Entries[0].Value != "3" {
		t.Errorf("list of the sub-directory: got %v and error %v, want its key", keysOf(sub), err)
	}
}

// The index moves with every write and renewal, and no entry is ahead of it.
func listIndex(t *testing.T, r *trial) {
	before := r.list(t).Index
	e := r.create(t, "a", "1", time.Minute)
	rises := func(what string, to registry.Index) {
		t.Helper()
		if at := r.list(t).Index; to <= before || at < to {
			t.Errorf("index after %s: got %d and %d in a listing, want both above %d", what, to, at, before)
		}
		before = to
	}
	rises("a create", e.Index)
	e = r.move(t, e)
	rises("a refresh", e.Index)
	e = r.swap(t, "a", "2", time.Minute, e.Index)
	rises("a swap", e.Index)
	r.remove(t, "a", e.Index)
	rises("a delete", r.list(t).Index)
}

func getNotFound(t *testing.T, r *trial) {
	_, err := r.Source.Get(t.Context(), r.key("a"))
	expectError(t, "get in a missing directory", err, registry.ErrNotFound)
	r.create(t, "a", "1", time.Minute)
	_, err = r.Source.Get(t.Context(), r.key("b"))
	expectError(t, "get of a missing key", err, registry.ErrNotFound)
}

func getStored(t *testing.T, r *trial) {
	want := r.create(t, "a", "1", time.Minute)
	got := r.get(t, "a")
	if got.Value != want.Value || got.Index != want.Index {
		t.Errorf("get: got %s at %d, want %s at %d", short(got.Value), got.Index, short(want.Value), want.Index)
	}
	r.expectTTL(t, "get", got.TTL, time.Minute)
	hidden := r.create(t, "_a", "2", time.Minute)
	if got := r.get(t, "_a"); got.Value != "2" || got.Index != hidden.Index {
		t.Errorf("get of a hidden key: got %s at %d, want 2 at %d", short(got.Value), got.Index, hidden.Index)
	}
}

func createExists(t *testing.T, r *trial) {
	want := r.create(t, "a", "1", time.Minute)
	_, err := r.Writer.Create(t.Context(), want.Key, "2", time.Hour)
	expectError(t, "second create", err, registry.ErrExists)
	r.untouched(t, want)
}

// untouched checks that a refused write left the key a as it was.
func (r *trial) untouched(t *testing.T, want registry.Entry) {
	t.Helper()
	got := r.get(t, "a")
	if got.Value != want.Value || got.Index != want.Index {
		t.Errorf("key after a refused write: got %s at %d, want %s at %d", short(got.Value), got.Index, short(want.Value), want.Index)
	}
	r.expectTTL(t, "key after a refused write", got.TTL, want.TTL)
}

func createAgain(t *testing.T, r *trial) {
	e := r.create(t, "a", "1", time.Minute)
	r.remove(t, "a", e.Index)
	above := e.Index + 1
	if r.readOnly {
		above = e.Index // nobody who reads may have noticed the delete
	}
	if again := r.create(t, "a", "2", time.Minute); again.Index <= above {
		t.Errorf("second create: got index %d, want it above the delete's, which is above %d", again.Index, e.Index)
	}
}

func refreshKeeps(t *testing.T, r *trial) {
	r.renewals(t)
	first := r.create(t, "a", "1", 20*time.Second)
	e := r.refresh(t, "a", time.Hour)
	if e.Value != "1" || e.Index <= first.Index {
		t.Errorf("refresh: got %s at %d, want 1 above %d", short(e.Value), e.Index, first.Index)
	}
	r.expectTTL(t, "refresh", e.TTL, time.Hour)
	r.untouched(t, e)
}

func refreshWakesNobody(t *testing.T, r *trial) {
	r.renewals(t)
	e := r.create(t, "a", "1", time.Minute)
	first := e.Index
	for range 3 {
		e = r.refresh(t, "a", time.Minute)
	}
	e = r.swap(t, "a", "2", time.Minute, e.Index)
	c := r.next(t, first)
	if c.Kind != registry.ChangePut || c.Entry.Value != "2" || c.Index != e.Index {
		t.Errorf("change after three refreshes and a swap: got %s, want the swap at %d", show(c), e.Index)
	}
}

func refreshNotFound(t *testing.T, r *trial) {
	r.renewals(t)
	_, err := r.Writer.Refresh(t.Context(), r.key("a"), time.Minute)
	expectError(t, "refresh of a missing key", err, registry.ErrNotFound)
	_, err = r.Source.Get(t.Context(), r.key("a"))
	expectError(t, "get after it", err, registry.ErrNotFound)
}

func refreshProlongs(t *testing.T, r *trial) {
	r.renewals(t)
	r.create(t, "a", "1", 2*time.Second)
	r.Pass(1200 * time.Millisecond)
	r.refresh(t, "a", 2*time.Second)
	r.Pass(1200 * time.Millisecond)
	if e := r.get(t, "a"); e.Value != "1" {
		t.Errorf("key past its first TTL: got %s, want 1", short(e.Value))
	}
}

func swapWrites(t *testing.T, r *trial) {
	e := r.create(t, "a", "1", time.Minute)
	second := r.swap(t, "a", "2", time.Hour, e.Index)
	if second.Index <= e.Index {
		t.Errorf("swap: got index %d, want it above %d", second.Index, e.Index)
	}
	r.untouched(t, second)
	third := r.swap(t, "a", "2", 0, second.Index)
	r.untouched(t, third)
	r.remove(t, "a", third.Index)
}

func swapConflict(t *testing.T, r *trial) {
	first := r.create(t, "a", "1", time.Minute)
	_, err := r.Writer.Swap(t.Context(), first.Key, "2", time.Hour, first.Index+100_000)
	expectError(t, "swap by an index to come", err, registry.ErrConflict)
	refreshed := r.move(t, first)
	_, err = r.Writer.Swap(t.Context(), first.Key, "2", time.Hour, first.Index)
	expectError(t, "swap by the index before a refresh", err, registry.ErrConflict)
	r.untouched(t, refreshed)
}

func swapNotFound(t *testing.T, r *trial) {
	_, err := r.Writer.Swap(t.Context(), r.key("a"), "1", time.Minute, 1)
	expectError(t, "swap of a missing key", err, registry.ErrNotFound)
	e := r.create(t, "a", "1", time.Minute)
	r.remove(t, "a", e.Index)
	_, err = r.Writer.Swap(t.Context(), r.key("a"), "2", time.Minute, e.Index)
	expectError(t, "swap of a deleted key", err, registry.ErrNotFound)
}

func deleteRemoves(t *testing.T, r *trial) {
	e := r.create(t, "a", "1", time.Minute)
	r.remove(t, "a", e.Index)
	_, err := r.Source.Get(t.Context(), e.Key)
	expectError(t, "get after the delete", err, registry.ErrNotFound)
}

func deleteConflict(t *testing.T, r *trial) {
	first := r.create(t, "a", "1", time.Minute)
	expectError(t, "delete by an index to come", r.Writer.Delete(t.Context(), first.Key, first.Index+100_000), registry.ErrConflict)
	refreshed := r.move(t, first)
	expectError(t, "delete by the index before a refresh", r.Writer.Delete(t.Context(), first.Key, first.Index), registry.ErrConflict)
	r.untouched(t, refreshed)
}

func deleteNotFound(t *testing.T, r *trial) {
	expectError(t, "delete of a missing key", r.Writer.Delete(t.Context(), r.key("a"), 1), registry.ErrNotFound)
	e := r.create(t, "a", "1", time.Minute)
	r.remove(t, "a", e.Index)
	expectError(t, "second delete", r.Writer.Delete(t.Context(), e.Key, e.Index), registry.ErrNotFound)
}

func short(value string) string {
	if len(value) > 80 {
		return fmt.Sprintf("%.60q... of %d bytes", value, len(value))
	}
	return fmt.Sprintf("%q", value)
}
