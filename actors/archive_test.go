package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
)

// TestWhatIsLostIsNotSaved: in a small directory the guard lets one instance go,
// and that may be much of it. What was saved stays, until nobody can tell any more.
func TestWhatIsLostIsNotSaved(t *testing.T) {
	for _, row := range []struct {
		name  string
		leave func(c *cell)
		saved string // a minute later
	}{
		{"expired", func(*cell) {}, "a b c d e"},
		{"deleted", func(c *cell) { c.remove(t, "e") }, "a b c d"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := &shelf{}
				c := startWith(t, actors.Config{Keeper: kept})
				for _, id := range []string{"a", "b", "c", "d"} {
					c.announce(t, id, time.Hour)
				}
				c.announce(t, "e", 30*time.Second)
				time.Sleep(10 * time.Second)
				row.leave(c)
				time.Sleep(time.Minute)
				c.expect(t, "without e", "a:50051 b:50051 c:50051 d:50051")
				if got := kept.ids(); got != row.saved {
					t.Errorf("saved: got %q, want %q", got, row.saved)
				}
				time.Sleep(10 * time.Minute)
				if got := kept.ids(); got != "a b c d" {
					t.Errorf("saved, long after: got %q, want what is there", got)
				}
				c.stop(t)
			})
		})
	}
}

// TestStopSavesTheLastOfManyChanges: also when more than one waits.
func TestStopSavesTheLastOfManyChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &shelf{}
		c := startWith(t, actors.Config{Keeper: kept}, "a")
		time.Sleep(10 * time.Second)
		for _, id := range []string{"b", "c", "d"} {
			c.announce(t, id, time.Hour)
			synctest.Wait()
		}
		c.stop(t)
		if got := kept.ids(); got != "a b c d" {
			t.Errorf("saved by the stop: got %q, want all", got)
		}
	})
}
