package registry

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

// follower is one cursor of a fleet, and the time that it has reached.
type follower struct {
	*Cursor

	now  time.Time
	step CursorStep
}

// follow has its call end by silence until the call is another kind than this one.
func (f *follower) follow(call Call) {
	for f.step.Call == call {
		f.now = f.now.Add(f.step.Limit)
		if call == CallWait {
			f.step = f.Waited()
			continue
		}
		f.step = f.Changed(f.now, Change{}, ErrQuiet)
	}
}

// change is what all followers see at this moment.
func (f *follower) change(c Change, err error) { f.step = f.Changed(f.now, c, err) }

func (f *follower) list(l Listing, err error) { f.step = f.Listed(f.now, l, err) }

// A thousand watchers of one registry see the same at the same moment. What they
// ask it in return must not come at one moment, since a listing is the most that a
// registry can be asked.
func TestFleetDoesNotListInStep(t *testing.T) {
	t0 := time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)
	away := errors.New("connection reset by peer")
	tests := []struct {
		name string
		// event happens to a follower that watches; it ends with a CallList at now.
		event func(*follower)
		// within is when the listings come: at an even pace, or nearly so.
		within [2]time.Duration
	}{
		{
			name:   "the history was lost",
			event:  func(f *follower) { f.change(Change{}, ErrHistoryLost); f.follow(CallWait) },
			within: [2]time.Duration{0, 2 * time.Second},
		}, {
			name: "the directory was deleted or has expired",
			event: func(f *follower) {
				f.change(Change{Kind: ChangeDirectory, Index: 8}, nil)
				f.follow(CallWait)
			},
			within: [2]time.Duration{0, 2 * time.Second},
		}, {
			name:   "the member that all watched is gone",
			event:  func(f *follower) { f.change(Change{}, away); f.follow(CallWait) },
			within: [2]time.Duration{0, 2 * time.Second},
		}, {
			name:   "nothing, since a listing that all made at once",
			event:  func(f *follower) { f.follow(CallNext) },
			within: [2]time.Duration{48 * time.Second, 72 * time.Second},
		}, {
			name: "the data was lost, and a listing that all made at once shows it",
			event: func(f *follower) {
				f.list(Listing{Index: 3}, nil)
				f.follow(CallNext)
			},
			within: [2]time.Duration{48 * time.Second, 72 * time.Second},
		}, {
			name: "the registry was away for a minute",
			event: func(f *follower) {
				f.change(Change{}, away)
				for f.follow(CallWait); f.now.Before(t0.Add(time.Minute)); f.follow(CallWait) {
					f.list(Listing{}, away)
				}
			},
			within: [2]time.Duration{time.Minute, 65 * time.Second},
		},
	}
	const fleet, slices = 1000, 20
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var listings [slices]int
			for i := range fleet {
				random := rand.New(rand.NewPCG(1, uint64(i)))
				f := follower{Cursor: NewCursor(CursorConfig{Random: random.Float64}), now: t0}
				f.list(Listing{Index: 7}, nil)
				test.event(&f)
				after := f.now.Sub(t0)
				if f.step.Call != CallList || after < test.within[0] || after >= test.within[1] {
					t.Fatalf("watcher %d: got %v after %v, want a listing within %v", i, f.step.Call, after, test.within)
				}
				listings[(after-test.within[0])*slices/(test.within[1]-test.within[0])]++
			}
			for i, n := range listings {
				if n > 3*fleet/slices {
					t.Errorf("slice %d of %d: got %d of %d listings, want no more than three times its share", i, slices, n, fleet)
				}
			}
			if last := listings[slices/2:]; sum(last) < fleet/8 {
				t.Errorf("second half: got %d of %d listings, want them spread over all of %v", sum(last), fleet, test.within)
			}
		})
	}
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}
