package merge_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/merge"
)

// TestOneComesBackAndTheOtherDoesNot: of two whose watches failed, the one that is
// well again is watched in peace. That it says nothing is no failure, and neither
// is the old one of its own.
func TestOneComesBackAndTheOtherDoesNot(t *testing.T) {
	for _, row := range []struct {
		name    string
		changes bool // of the one that is back
	}{{"it is quiet", false}, {"it has news", true}} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := join(t, merge.Config{})
				w.list(t, "at first", "")
				w.one.broken.Store(true)
				w.two.broken.Store(true)
				w.next(t, "merge: next /services/api/: one: away; two: away")
				w.reports = nil // which is told first is chance
				w.one.broken.Store(false)
				w.two.watches = 0
				for begin := time.Now(); time.Since(begin) < 10*time.Minute; {
					if row.changes {
						put(w.one, "a", time.Now().String())
					}
					_, err := w.source.Next(t.Context(), api, w.after)
					if quiet := errors.Is(err, registry.ErrQuiet); quiet == row.changes || err != nil && !quiet {
						t.Fatalf("next: got error %v, want news %t and no failure", err, row.changes)
					}
					if row.changes {
						time.Sleep(10 * time.Second)
						w.list(t, "meanwhile", "a="+time.Now().Add(-10*time.Second).String())
					}
				}
				if n := w.two.watches; n < 50 || n > 300 {
					t.Errorf("watches of two in ten minutes: got %d, want no more than one in two seconds", n)
				}
				w.reported(t, "one /api/ <nil>")
			})
		})
	}
}
