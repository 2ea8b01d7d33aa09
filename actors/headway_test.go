package actors

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// TestHeadway: a reader stops when it is too far ahead, and goes on when half has
// been taken, or when its time is over.
func TestHeadway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := &headway{}
		read, ended := 0, false
		go func() {
			for h.gain(ctx) {
				read++
			}
			ended = true
		}()
		expect := func(when string, want int) {
			t.Helper()
			synctest.Wait()
			if read+1 != want || ended { // the last one waits
				t.Errorf("%s: got %d read, ended %t, want %d, false", when, read+1, ended, want)
			}
		}
		expect("with nobody to take them", maxHeadway)
		for range maxHeadway/2 - 1 {
			h.lose()
		}
		expect("with nearly half taken", maxHeadway)
		h.lose()
		expect("with half taken", maxHeadway+maxHeadway/2)
		cancel()
		synctest.Wait()
		if !ended {
			t.Error("after the end of the call: got it waiting")
		}
		if new(headway).gain(ctx) {
			t.Error("gain after the end of the call: got true")
		}
		(*headway)(nil).lose() // a change that no watch has read
	})
}

// changesIn are the changes among what a watcher was told.
func changesIn(messages []any) []registry.Change {
	var changes []registry.Change
	for _, message := range messages {
		if m, ok := message.(directoryChanged); ok {
			changes = append(changes, m.change)
		}
	}
	return changes
}

// busySource always has another change, a hundred in a second, and pays no heed
// to its context.
type busySource struct {
	registry.Source
	head  *atomic.Uint64
	lists *atomic.Int64
}

func (s busySource) List(context.Context, string) (registry.Listing, error) {
	s.lists.Add(1)
	return registry.Listing{Index: registry.Index(s.head.Load())}, nil
}

func (s busySource) Next(_ context.Context, _ string, after registry.Index) (registry.Change, error) {
	time.Sleep(10 * time.Millisecond)
	s.head.Store(max(s.head.Load(), uint64(after)+1))
	return registry.Change{Kind: registry.ChangePut, Index: after + 1}, nil
}

// TestReadingAheadIsBounded: of a source that always has more, a reader reads no
// more than its watcher takes, and lists it when that is due all the same.
func TestReadingAheadIsBounded(t *testing.T) {
	for name, takes := range map[string]bool{"a watcher that takes them": true, "one that does not": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := busySource{head: new(atomic.Uint64), lists: new(atomic.Int64)}
				s := newScene(t, func(s *scene) behaviour {
					return newReader(s.kernel, source, s.service, registry.CursorConfig{})
				})
				defer s.stop()
				s.tell(resync{})
				var changes []registry.Change
				for range 1000 { // a thousand times 300 ms, in which the cursor wants about five listings
					time.Sleep(300 * time.Millisecond)
					for _, message := range s.received() {
						if m, ok := message.(directoryChanged); ok {
							changes = append(changes, m.change)
							if takes {
								m.ahead.lose()
							}
						}
					}
				}
				s.tested.stop()
				time.Sleep(time.Second) // until the last call is back
				for i := range changes[1:] {
					if changes[i+1].Index != changes[i].Index+1 {
						t.Fatalf("change after %d: got %d, want the next one", changes[i].Index, changes[i+1].Index)
					}
				}
				lists := int(source.lists.Load())
				if lists < 4 || lists > 7 {
					t.Errorf("listings in five minutes: got %d, want one in a minute or so", lists)
				}
				if least, most := 25_000, 30_000; takes && (len(changes) < least || len(changes) > most) {
					t.Errorf("changes: got %d, want nearly all of %d", len(changes), most)
				}
				if !takes && len(changes) != lists*maxHeadway {
					t.Errorf("changes: got %d, want %d for each of %d listings", len(changes), maxHeadway, lists)
				}
			})
		})
	}
}
