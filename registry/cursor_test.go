package registry

import (
	"errors"
	"testing"
	"time"
)

func TestCursorStep(t *testing.T) {
	t0 := time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)
	listed := func(index Index) func(*Cursor) CursorStep {
		return func(c *Cursor) CursorStep { return c.Listed(t0, Listing{Index: index}, nil) }
	}
	changed := func(after time.Duration, change Change, err error) func(*Cursor) CursorStep {
		return func(c *Cursor) CursorStep { return c.Changed(t0.Add(after), change, err) }
	}
	away := errors.New("connection refused")

	// With the constant half as jitter, a resync is due after a minute, a
	// failed call is repeated after half its ceiling, a lost history after 1 s.
	tests := []struct {
		name   string
		before []func(*Cursor) CursorStep
		step   func(*Cursor) CursorStep
		want   CursorStep
	}{
		{
			name: "the first listing is watched from its index",
			step: listed(7),
			want: CursorStep{Call: CallNext, After: 7, Limit: time.Minute, Note: NoteRecovered},
		}, {
			name:   "a later listing is nothing new",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   listed(9),
			want:   CursorStep{Call: CallNext, After: 9, Limit: time.Minute},
		}, {
			name:   "a change moves the cursor",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   changed(time.Second, Change{Kind: ChangePut, Index: 12}, nil),
			want:   CursorStep{Call: CallNext, After: 12, Limit: 59 * time.Second},
		}, {
			name:   "a change from the past does not move it back",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   changed(time.Second, Change{Kind: ChangePut, Index: 3}, nil),
			want:   CursorStep{Call: CallNext, After: 7, Limit: 59 * time.Second},
		}, {
			name:   "an event on the directory waits, then lists",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   changed(time.Second, Change{Kind: ChangeDirectory, Index: 12}, nil),
			want:   CursorStep{Call: CallWait, Limit: time.Second},
		}, {
			name:   "quiet before the resync is due",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   changed(time.Minute-time.Nanosecond, Change{}, ErrQuiet),
			want:   CursorStep{Call: CallNext, After: 7, Limit: time.Nanosecond},
		}, {
			name:   "quiet when the resync is due",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   changed(time.Minute, Change{}, ErrQuiet),
			want:   CursorStep{Call: CallList},
		}, {
			name:   "lost history waits, then lists",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   changed(time.Second, Change{}, ErrHistoryLost),
			want:   CursorStep{Call: CallWait, Limit: time.Second, Note: NoteHistoryLost},
		}, {
			name:   "quiet after an hour of sleep lists",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   changed(time.Hour, Change{}, ErrQuiet),
			want:   CursorStep{Call: CallList},
		}, {
			name:   "a change from before an hour of sleep is followed by a listing",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   changed(time.Hour, Change{Kind: ChangePut, Index: 8}, nil),
			want:   CursorStep{Call: CallList},
		}, {
			name: "a source that never answered is said to fail once",
			step: func(c *Cursor) CursorStep { return c.Listed(t0, Listing{}, away) },
			want: CursorStep{Call: CallWait, Limit: 125 * time.Millisecond, Note: NoteFailed},
		}, {
			name:   "and not again, while the wait doubles",
			before: []func(*Cursor) CursorStep{func(c *Cursor) CursorStep { return c.Listed(t0, Listing{}, away) }},
			step:   func(c *Cursor) CursorStep { return c.Listed(t0, Listing{}, away) },
			want:   CursorStep{Call: CallWait, Limit: 250 * time.Millisecond},
		}, {
			name:   "a watch that fails waits as long as one that lost its history",
			before: []func(*Cursor) CursorStep{listed(7)},
			step:   changed(time.Second, Change{}, away),
			want:   CursorStep{Call: CallWait, Limit: time.Second, Note: NoteFailed},
		}, {
			name:   "and is followed by a listing",
			before: []func(*Cursor) CursorStep{listed(7), changed(time.Second, Change{}, away)},
			step:   (*Cursor).Waited,
			want:   CursorStep{Call: CallList},
		}, {
			name:   "an answer after a failure is a recovery",
			before: []func(*Cursor) CursorStep{listed(7), changed(time.Second, Change{}, away)},
			step:   listed(8),
			want:   CursorStep{Call: CallNext, After: 8, Limit: time.Minute, Note: NoteRecovered},
		}, {
			name:   "a second watch that fails while listings are answered is polling, not a failure",
			before: []func(*Cursor) CursorStep{listed(7), changed(time.Second, Change{}, away), listed(7)},
			step:   changed(time.Second, Change{}, away),
			want:   CursorStep{Call: CallWait, Limit: time.Second, Note: NotePolling},
		}, {
			name: "and a third is nothing new",
			before: []func(*Cursor) CursorStep{
				listed(7), changed(time.Second, Change{}, away), listed(7), changed(time.Second, Change{}, away), listed(7),
			},
			step: changed(time.Second, Change{}, away),
			want: CursorStep{Call: CallWait, Limit: time.Second},
		}, {
			name: "a listing that fails while polling is a failure",
			before: []func(*Cursor) CursorStep{
				listed(7), changed(time.Second, Change{}, away), listed(7), changed(time.Second, Change{}, away),
			},
			step: func(c *Cursor) CursorStep { return c.Listed(t0, Listing{}, away) },
			want: CursorStep{Call: CallWait, Limit: 125 * time.Millisecond, Note: NoteFailed},
		}, {
			name: "a watch that is quiet ends the polling",
			before: []func(*Cursor) CursorStep{
				listed(7), changed(time.Second, Change{}, away), listed(7), changed(time.Second, Change{}, away), listed(7),
			},
			step: changed(time.Second, Change{}, ErrQuiet),
			want: CursorStep{Call: CallNext, After: 7, Limit: 59 * time.Second, Note: NoteWatching},
		}, {
			name: "and so does a change",
			before: []func(*Cursor) CursorStep{
				listed(7), changed(time.Second, Change{}, away), listed(7), changed(time.Second, Change{}, away), listed(7),
			},
			step: changed(time.Second, Change{Kind: ChangePut, Index: 8}, nil),
			want: CursorStep{Call: CallNext, After: 8, Limit: 59 * time.Second, Note: NoteWatching},
		}, {
			name:   "a history that is lost between two failures counts for neither",
			before: []func(*Cursor) CursorStep{listed(7), changed(time.Second, Change{}, ErrHistoryLost), listed(7)},
			step:   changed(time.Second, Change{}, away),
			want:   CursorStep{Call: CallWait, Limit: time.Second, Note: NoteFailed},
		}, {
			name:   "an index that went back is said, and followed",
			before: []func(*Cursor) CursorStep{listed(5000)},
			step:   listed(4),
			want:   CursorStep{Call: CallNext, After: 4, Limit: time.Minute, Note: NoteWentBack},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := NewCursor(CursorConfig{})
			for _, step := range test.before {
				step(c)
			}
			if got := test.step(c); got != test.want {
				t.Errorf("step: got %+v, want %+v", got, test.want)
			}
		})
	}
}

// TestCursorRestart: a listing is asked for in any state, and made once.
func TestCursorRestart(t *testing.T) {
	t0 := time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)
	quiet := func(c *Cursor) { c.Changed(t0.Add(time.Hour), Change{}, ErrQuiet) }
	listed := func(c *Cursor) { c.Listed(t0, Listing{Index: 7}, nil) }
	failed := func(c *Cursor) { c.Listed(t0, Listing{}, errors.New("connection refused")) }
	restarted := func(c *Cursor) { c.Restart() }
	tests := []struct {
		name   string
		before []func(*Cursor)
		want   bool
	}{
		{"before anything", nil, true},
		{"while it watches", []func(*Cursor){listed}, true},
		{"while it waits", []func(*Cursor){listed, failed}, true},
		{"while it lists, on request", []func(*Cursor){restarted}, false},
		{"while it lists, after a pause", []func(*Cursor){failed, func(c *Cursor) { c.Waited() }}, false},
		{"while it lists, because it is time", []func(*Cursor){listed, quiet}, false},
		{"after that listing", []func(*Cursor){listed, quiet, listed}, true},
		{"after that listing failed", []func(*Cursor){listed, quiet, failed}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := NewCursor(CursorConfig{})
			for _, step := range test.before {
				step(c)
			}
			want := CursorStep{}
			if test.want {
				want = CursorStep{Call: CallList}
			}
			if got, fresh := c.Restart(); fresh != test.want || got != want {
				t.Errorf("restart: got %+v, %t, want %+v, %t", got, fresh, want, test.want)
			}
		})
	}
}

// TestCursorStorm: a watch that ends at once, while listings go well, has fewer and
// fewer of them.
func TestCursorStorm(t *testing.T) {
	t0 := time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)
	want := []time.Duration{
		time.Second, time.Second, time.Second, time.Second, 2 * time.Second, 2500 * time.Millisecond, 2500 * time.Millisecond,
	}
	for name, err := range map[string]error{"failed": errors.New("bad gateway"), "history lost": ErrHistoryLost} {
		for ending, end := range map[string]error{"a change": nil, "quiet": ErrQuiet} {
			t.Run(name+" until "+ending, func(t *testing.T) {
				c := NewCursor(CursorConfig{})
				c.Listed(t0, Listing{Index: 7}, nil)
				for round := range 2 {
					for i, limit := range want {
						if got := c.Changed(t0, Change{}, err); got.Call != CallWait || got.Limit != limit {
							t.Errorf("round %d, watch %d: got %v for %v, want to wait for %v", round, i, got.Call, got.Limit, limit)
						}
						c.Waited()
						c.Listed(t0, Listing{Index: 7}, nil)
					}
					c.Changed(t0, Change{Kind: ChangePut, Index: 8}, end)
				}
			})
		}
	}
}

func TestCursorBackoffIsCapped(t *testing.T) {
	c := NewCursor(CursorConfig{Random: func() float64 { return 0.999999 }})
	for attempt := range 100 {
		step := c.Listed(time.Time{}, Listing{}, errors.New("away"))
		if step.Limit > 5*time.Second {
			t.Fatalf("wait after failure %d: got %v, want at most 5s", attempt+1, step.Limit)
		}
	}
}
