package merge_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/firebreak-go/firebreak/registry/merge"
)

// TestFallback: the second serves until the first has answered once, and not again.
func TestFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := join(t, merge.Config{Mode: merge.Fallback})
		put(w.one, "a", "1")
		put(w.two, "b", "2")
		w.one.Fail(errAway)
		w.list(t, "while one is away", "b=2")
		if w.cluster != "two=west" {
			t.Errorf("cluster: got %q, want that of two", w.cluster)
		}
		put(w.two, "b", "3")
		w.next(t, "put b=3 was 2")
		if e, err := w.source.Get(t.Context(), api+"b"); err != nil || e.Value != "3" || e.Index != w.after {
			t.Errorf("get: got %+v, %v, want 3 at %d", e, err, w.after)
		}
		w.one.Fail(nil)
		w.list(t, "when one answers", "a=1")
		if w.cluster != "one=east" {
			t.Errorf("cluster: got %q, want that of one", w.cluster)
		}
		put(w.two, "b", "4")
		w.quiet(t)
		watched := w.two.watches
		w.one.Fail(errAway)
		w.list(t, "when one fails", "error: merge: list /services/api/: no member answers: one: away")
		w.next(t, "merge: next /services/api/: one: away")
		if w.two.watches != watched {
			t.Errorf("watches of two: got %d, want it left alone", w.two.watches-watched)
		}
		if _, err := w.source.Get(t.Context(), api+"b"); !errors.Is(err, errAway) {
			t.Errorf("get: got %v, want %v", err, errAway)
		}
	})
}
